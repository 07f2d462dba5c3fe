/**
 * Lending: what a manifest needs is copied into the first registry of a union, because a manifest and its content belong together.
 *
 *     client ──PUT manifest──▶ union ──▶ first: 400 MANIFEST_BLOB_UNKNOWN
 *                                ├──GET sha256:9b4e…──▶ second: 200        the layer that the client did not push, since it is here
 *                                ├──POST, PUT──▶ first: 202, 201           the same bytes
 *                                └──PUT manifest──▶ first: 201             what the client gets
 *
 * What comes from another registry goes through the first one as if a client had pushed it, so its digest is checked. The bytes are
 * passed on as they come, and never kept as a whole, except those of manifests.
 *
 * Next: traced.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { Fault } from "../definitions/fault.ts";
import { parseLongManifest, type Reference } from "../definitions/manifest.ts";
import type { Peer } from "../http/peer.ts";
import type { Registry } from "../registry.ts";
import { ask, digestAt, requestLike, UnexpectedAnswer } from "./asking.ts";
import type { Question } from "./composing.ts";

/** One request to a union. */
export interface Joined {
  /** The registry that changes. */
  readonly first: Registry;
  /** Those that lend what they have. */
  readonly others: readonly Registry[];
  /** The request. */
  readonly request: Request;
  /** Where it came from. */
  readonly peer: Peer | undefined;
  /** Its row of the table of endpoints. */
  readonly question: Question;
}

/**
 * Copies what a manifest points to into the first registry, as far as that one lacks it and another one has it. Returns true if it
 * has copied something.
 */
export async function copyReferences(joined: Joined, manifest: Uint8Array, mediaType: string | null): Promise<boolean> {
  const { first, others, request, peer, question: { texts: { name } } } = joined;
  let hasCopied = false;
  for (const { descriptor: { digest }, to } of await referencesOf(manifest, mediaType)) {
    const kinds = to === "blob" ? ["blobs"] : to === "manifest" ? ["manifests"] : ["manifests", "blobs"];
    for (const kind of kinds) {
      const path = `/v2/${name}/${kind}/${digest}`;
      if (await digestAt(first, request, peer, path) !== undefined) break;
      const found = await findIn(others, request, peer, path);
      if (found === undefined) continue;
      await (kind === "blobs" ? copyBlob(joined, digest, found) : copyManifest(joined, path, found));
      hasCopied = true;
      break;
    }
  }
  return hasCopied;
}

// Pulls some content from the first registry that has it.
async function findIn(
  registries: readonly Registry[],
  request: Request,
  peer: Peer | undefined,
  path: string,
): Promise<Response | undefined> {
  for (const registry of registries) {
    const found = await ask(registry, request, peer, "GET", path);
    if (found.status === STATUS_CODE.OK) return found;
    await found.body?.cancel();
  }
}

async function copyBlob({ first, request, peer, question }: Joined, digest: string, found: Response): Promise<void> {
  const none = { "Content-Range": undefined, "If-Match": undefined, "If-None-Match": undefined };
  const empty = { ...none, "Content-Type": undefined, "Content-Length": "0" };
  const path = `/v2/${question.texts.name}/blobs/uploads/`;
  const opened = await first(requestLike(request, { method: "POST", path, headers: empty, body: null }), peer);
  await expectStatus(opened, STATUS_CODE.Accepted);
  const { pathname, searchParams } = new URL(opened.headers.get("Location") ?? "", `http://localhost${path}`);
  searchParams.set("digest", digest);
  const length = found.headers.get("Content-Length") ?? undefined;
  const headers = { ...none, "Content-Type": "application/octet-stream", "Content-Length": length };
  const close = { method: "PUT", path: `${pathname}?${searchParams}`, headers, body: found.body };
  await expectStatus(await first(requestLike(request, close), peer), STATUS_CODE.Created);
}

async function copyManifest(joined: Joined, path: string, found: Response): Promise<void> {
  const { first, request, peer } = joined;
  const body = await found.bytes();
  // What this one points to may be missing as well.
  await copyReferences(joined, body, found.headers.get("Content-Type"));
  const headers = {
    "Content-Type": found.headers.get("Content-Type") ?? undefined,
    "Content-Length": String(body.length),
    "If-Match": undefined,
    "If-None-Match": undefined,
  };
  await expectStatus(await first(requestLike(request, { path, headers, body }), peer), STATUS_CODE.Created);
}

async function expectStatus(response: Response, status: number): Promise<void> {
  if (response.status !== status) throw new UnexpectedAnswer(response);
  await response.body?.cancel();
}

// Returns what a manifest points to. Another registry may take a manifest that this one cannot read; then nothing is copied for it.
async function referencesOf(manifest: Uint8Array, mediaType: string | null): Promise<readonly Reference[]> {
  try {
    return (await parseLongManifest(manifest, mediaType)).references;
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}
