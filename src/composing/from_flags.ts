/**
 * Wrappers from flags: the ones that a person can have from the command line.
 *
 *     deno task start --rate 100/s --immutable-tags 'v*' --prefix team/ --warning "closed on Friday"
 *
 *     warnings ──▶ rate ──▶ (switches ──▶ passwords and rules) ──▶ prefix ──▶ immutable tags ──▶ registry
 *
 * A warning is on every answer, and the rate counts every request, also a guess at a password. The last two ask the registry
 * questions of their own. They stand behind the rules about access, so that a client needs no more rights than without them. The
 * program makes those in the middle; see `serving/serving.ts`.
 *
 * Next: ../workshop/lesson.ts
 *
 * @module
 */

import type { Redirect } from "../http/elsewhere.ts";
import type { ProgramSettings } from "../options.ts";
import type { Wrapper } from "../registry.ts";
import { immutableTags } from "./immutable_tags.ts";
import { limited, parseRate, type TakeToken, tokenBuckets } from "./limited.ts";
import { only } from "./only.ts";
import { redirectTo } from "./redirecting.ts";
import { withWarnings } from "./with_warnings.ts";

/** The flags about wrappers. */
export type WrapperFlags = Pick<ProgramSettings, "immutableTags" | "prefix" | "rate" | "warning">;

/** Returns the token buckets for the flag `--rate`, if there is one. The registries that serve one port share them. */
export function rateOfFlags({ rate }: Pick<WrapperFlags, "rate">): ((client: string) => number) | undefined {
  return rate === undefined ? undefined : ofFlag("rate", () => tokenBuckets(parseRate(rate)));
}

/** Returns the redirect for the flag `--redirect-blobs`, if there is one. */
export function redirectOfFlags({ redirectBlobs }: Pick<ProgramSettings, "redirectBlobs">): Redirect | undefined {
  return redirectBlobs === undefined ? undefined : ofFlag("redirect-blobs", () => redirectTo(redirectBlobs));
}

/**
 * Returns the wrappers for the flags, the outermost first. `middle` are other wrappers, which stand between them: the rules about access.
 *
 * @throws {RangeError} if a value is wrong.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compose } from "./composing.ts";
 *
 * const flags = { immutableTags: undefined, prefix: "team/", rate: undefined, warning: ["hello"] };
 * const registry = compose(() => Promise.resolve(new Response()), ...wrappersOfFlags(flags, rateOfFlags(flags)));
 * const response = await registry(new Request("http://localhost/v2/other/tags/list"));
 *
 * assertEquals([response.status, response.headers.get("Warning")], [404, '299 - "hello"']);
 * ```
 */
export function wrappersOfFlags(
  { immutableTags: pattern, prefix, warning }: WrapperFlags,
  take: TakeToken | undefined,
  middle: readonly Wrapper[] = [],
): readonly Wrapper[] {
  const warnings = warning.map((text) => ({ text }));
  return [
    ...(warnings.length === 0 ? [] : [ofFlag("warning", () => withWarnings(warnings))]),
    ...(take === undefined ? [] : [limited(take)]),
    ...middle,
    ...(prefix === undefined ? [] : [ofFlag("prefix", () => only(prefix))]),
    ...(pattern === undefined ? [] : [ofFlag("immutable-tags", () => immutableTags(pattern))]),
  ];
}

/**
 * Makes something of the value of a flag. If the value is wrong, the error names the flag.
 *
 * @throws {RangeError} if `make` throws one.
 */
export function ofFlag<Value>(flag: string, make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw new RangeError(`--${flag}: ${error.message}`);
    throw error;
  }
}
