/**
 * Deleting tags.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#deleting-tags
 *
 * The registry removes only the tag. The manifest stays, under its digest and under all other tags that point to it.
 *
 *     DELETE /v2/library/hello/manifests/latest      202 Accepted
 *
 * Next: deleting_manifests.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { RegistryError } from "../api/error_codes.ts";
import { type Call, isConditional } from "../http/call.ts";
import type { Values } from "../http/placeholders.ts";
import { expectPreconditions } from "../http/preconditions.ts";
import { changeRepository, repositoryExists } from "../store/repositories.ts";
import { removeTag, resolveTag } from "../store/tags.ts";

/** Removes a tag (MGMT-TAG-01). */
export async function deleteTag(
  { request, store, notes }: Call,
  { name, tag }: Values<"name" | "tag">,
): Promise<Response> {
  const wasThere = await changeRepository(store, name, async () => {
    const current = resolveTag(store, name, tag);
    // RFC 9110 section 13.2.1: the registry ignores conditions if the request would fail without them.
    if (current !== undefined && isConditional(request)) expectPreconditions(request, current);
    notes.tags = [{ tag, before: current }];
    return await removeTag(store, name, tag);
  });
  if (wasThere) return new Response(null, { status: STATUS_CODE.Accepted });

  const code = await repositoryExists(store, name) ? "MANIFEST_UNKNOWN" : "NAME_UNKNOWN";
  throw new RegistryError(code, {
    rule: "API-END-I13",
    expected: `a tag of ${name}`,
    actual: `none named ${tag}`,
  });
}
