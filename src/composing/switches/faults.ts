/**
 * Faults: what breaks between a client and a registry, or in a registry.
 *
 * Next: table.ts
 *
 * @module
 */

import { defineSwitch, refusal, type Switch } from "./switch.ts";

/** The faults. */
export const FAULTS: readonly Switch[] = [
  defineSwitch("fault", {
    id: "cut",
    sentence: "breaks the connection after some bytes of the body",
    met: ["https://github.com/google/go-containerregistry/issues/1665"],
    breaks: ["PULL-BLOB-01", "PULL-MANIFEST-11"],
    parameters: { after: { type: "bytes", default: 1, sentence: "the bytes of the body that still come" } },
    rows: ["GET end-2", "GET end-3"],
    answer: ({ after }) => async ({ request, registry }) => {
      const response = await registry(request);
      if (response.body === null) return response;
      let left = after;
      const cut = new TransformStream<Uint8Array, Uint8Array>({
        transform(piece, controller) {
          if (left > 0) controller.enqueue(piece.subarray(0, left));
          left -= piece.length;
          if (left < 0) controller.error(new Error("the switch cut ends the body here"));
        },
      });
      return new Response(response.body.pipeThrough(cut), response);
    },
  }),
  defineSwitch("fault", {
    id: "too-many-requests",
    sentence: "refuses with 429 and Retry-After",
    met: ["https://docs.docker.com/docker-hub/usage/"],
    breaks: [],
    parameters: { retryAfter: { type: "seconds", default: 1, sentence: "the seconds until the client may try again" } },
    answer: ({ retryAfter }) => () => {
      const headers = { "Retry-After": String(retryAfter) };
      throw refusal("TOOMANYREQUESTS", "API-ERR-10", "fewer requests", "one more", { headers });
    },
  }),
  defineSwitch("fault", {
    id: "disk-full",
    sentence: "has no more space on its disk: 507",
    met: ["https://github.com/distribution/distribution/issues/3102"],
    breaks: [],
    disk: () => ({ name }) => {
      if (WRITES.has(name)) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    },
  }),
];

// The operations of the disk that need more space.
const WRITES: ReadonlySet<string> = new Set(["put", "begin", "append"]);
