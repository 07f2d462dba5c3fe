/**
 * Warnings of the operator: each answer has them, or some answers with a probability.
 *
 *     Warning: 299 - "this registry closes on Friday"
 *
 * Clients show a warning to their user and do nothing else with it. So this is how an operator reaches the people, and how the
 * author of a client sees whether the client shows it.
 *
 * Next: limited.ts
 *
 * @module
 */

import { addWarnings } from "../api/warnings.ts";
import type { Wrapper } from "../registry.ts";
import { answerLike } from "./asking.ts";

/** A warning. */
export interface AnnouncedWarning {
  /** Its text, in printable ASCII. */
  readonly text: string;
  /** The probability with which an answer has it, from 0 to 1. Default: 1. */
  readonly probability?: number;
}

/** The longest text of a warning, in characters. All warnings of an answer may have 4,096 bytes together (API-WARN-04). */
export const LONGEST_WARNING = 1000;

/**
 * Adds warnings to answers. `random` returns a number from 0 to below 1.
 *
 * @throws {RangeError} if a text is empty, too long or not printable, or if a probability is not from 0 to 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compose } from "./composing.ts";
 *
 * const draws = [0.3, 0.7];
 * const sometimes = withWarnings([{ text: "closed on Friday", probability: 0.5 }], { random: () => draws.shift()! });
 * const registry = compose(() => Promise.resolve(new Response()), sometimes);
 * const warning = async () => (await registry(new Request("http://localhost/v2/"))).headers.get("Warning");
 *
 * assertEquals([await warning(), await warning()], ['299 - "closed on Friday"', null]);
 * ```
 */
export function withWarnings(
  warnings: readonly AnnouncedWarning[],
  { random = Math.random }: { readonly random?: () => number } = {},
): Wrapper {
  for (const { text, probability = 1 } of warnings) {
    if (!/^[\x20-\x7e]+$/.test(text) || text.length > LONGEST_WARNING) {
      throw new RangeError(`a warning has 1 to ${LONGEST_WARNING} printable ASCII characters, not "${text}"`);
    }
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(`a probability is from 0 to 1, not ${probability}`);
    }
  }
  return (registry) => async (request, peer) => {
    const response = await registry(request, peer);
    const texts = warnings.filter(({ probability = 1 }) => random() < probability).map(({ text }) => text);
    return texts.length === 0 ? response : answerLike(response, (headers) => addWarnings(headers, texts));
  };
}
