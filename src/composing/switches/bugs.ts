/**
 * Bugs: what registries were seen to do against a rule of the spec.
 *
 * Next: quirks.ts
 *
 * @module
 */

import { withHeaders } from "./answers.ts";
import { defineSwitch, type Switch } from "./switch.ts";

/** The bugs. */
export const BUGS: readonly Switch[] = [
  defineSwitch("bug", {
    id: "range-stuck",
    sentence: "stores each chunk, but its Range never goes on after the first one",
    met: ["https://github.com/aws/containers-roadmap/issues/2831", "https://github.com/crashappsec/chalk/pull/682"],
    breaks: ["PUSH-CHUNK-10", "PUSH-CHUNK-I04"],
    rows: ["end-5"],
    answer: () => {
      const firsts = new Map<string, string>();
      return async ({ request, question, registry }) => {
        const response = await registry(request);
        const range = response.headers.get("Range");
        const session = question?.texts.session ?? "";
        if (response.status !== 202 || range === null) return response;
        if (!firsts.has(session)) firsts.set(session, range);
        return withHeaders(response, (headers) => headers.set("Range", firsts.get(session)!));
      };
    },
  }),
];
