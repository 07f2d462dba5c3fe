/**
 * Faults: what breaks between a client and a registry, or in a registry.
 *
 *     switches.on("cut", { after: 1000, times: 1 })             the next pull ends after 1,000 bytes
 *     switches.on("server-error", { probability: 0.1 })         each tenth request fails, more or less
 *
 * Most tests turn a fault on for the next request only, because they ask what a client does at its second try.
 *
 * Next: table.ts
 *
 * @module
 */

import { diskError, needsSpace } from "../../disk/failing.ts";
import { OPERATION_NAMES } from "../../disk/around.ts";
import { pause } from "../../waiting.ts";
import { answerLike } from "../asking.ts";
import { rewrite, serverError } from "./answers.ts";
import { SwitchError } from "./parameters.ts";
import { type Answering, defineSwitch, refusal, type Switch } from "./switch.ts";

/** The faults. */
export const FAULTS: readonly Switch[] = [
  defineSwitch("fault", {
    id: "delay",
    sentence: "waits before it answers",
    met: ["https://github.com/docker/build-push-action/issues/1028"],
    breaks: [],
    parameters: { milliseconds: { type: "milliseconds", default: 1000, range: [0, 3_600_000], sentence: "the time" } },
    answer: ({ milliseconds }) => async ({ request, registry }) => {
      await pause(milliseconds);
      return registry(request);
    },
  }),
  defineSwitch("fault", {
    id: "cut",
    sentence: "breaks the connection after some bytes of the body",
    met: ["https://github.com/podman-container-tools/podman/issues/18142", "https://github.com/openai/tart/issues/944"],
    breaks: [],
    excludes: ["flip-byte"],
    parameters: { after: { type: "bytes", default: 1, sentence: "the bytes of the body that still come" } },
    rows: ["GET end-2", "GET end-3"],
    answer: ({ after }) =>
      changedBody((response) => {
        // A server ends the connection if a body has fewer bytes than announced. An error would do the same, and be printed.
        const end = response.headers.has("Content-Length")
          ? (controller: TransformStreamDefaultController) => controller.terminate()
          : (controller: TransformStreamDefaultController) => controller.error(new Error("cut"));
        let left = after;
        return (piece, controller) => {
          if (left > 0) controller.enqueue(piece.subarray(0, left));
          left -= piece.length;
          if (left < 0) end(controller);
        };
      }),
  }),
  defineSwitch("fault", {
    id: "flip-byte",
    sentence: "changes one byte of the body",
    met: [
      "https://github.com/containerd/containerd/issues/3974",
      "https://github.com/onetimesecret/onetimesecret/issues/599",
    ],
    breaks: ["PULL-BLOB-01", "PULL-BLOB-04", "PULL-MANIFEST-11", "PULL-MANIFEST-13"],
    excludes: ["cut"],
    parameters: {
      at: { type: "bytes", default: Infinity, sentence: "the place of the byte; else it is a random one" },
    },
    rows: ["GET end-2", "GET end-3"],
    answer: ({ at }, { random }) =>
      changedBody((response) => {
        const length = Number(response.headers.get("Content-Length") ?? 1);
        const place = at === Infinity ? Math.floor(random() * length) : at;
        let start = 0;
        return (piece, controller) => {
          const copy = piece.slice();
          if (place >= start && place < start + copy.length) copy[place - start] ^= 1;
          start += copy.length;
          controller.enqueue(copy);
        };
      }),
  }),
  defineSwitch("fault", {
    id: "wrong-length",
    sentence: "announces another Content-Length than that of the content",
    met: ["https://github.com/quay/quay/pull/1310"],
    breaks: ["PULL-HEAD-03"],
    parameters: { more: { type: "bytes", default: 1, range: [1, Infinity], sentence: "the number of bytes more" } },
    rows: ["end-2", "end-3"],
    answer: ({ more }) => async ({ request, registry }) => {
      const response = await registry(request);
      const length = response.headers.get("Content-Length");
      if (length === null || response.status !== 200) return response;
      // Of bytes at once, a server knows the length better. Of a stream, it believes what it is told.
      const body = response.body?.pipeThrough(new TransformStream());
      return answerLike(new Response(body, response), (headers) => {
        headers.set("Content-Length", String(Number(length) + more));
      });
    },
  }),
  defineSwitch("fault", {
    id: "too-many-requests",
    sentence: "refuses with 429 and Retry-After",
    met: ["https://github.com/google/go-containerregistry/pull/750"],
    breaks: [],
    excludes: ["server-error"],
    parameters: { retryAfter: { type: "seconds", default: 1, sentence: "the seconds until the client may try again" } },
    answer: ({ retryAfter }) => () => {
      const headers = { "Retry-After": String(retryAfter) };
      throw refusal("TOOMANYREQUESTS", "API-ERR-10", "fewer requests", "one more", { headers });
    },
  }),
  defineSwitch("fault", {
    id: "server-error",
    sentence: "fails with 500, 502, 503 or 504",
    met: [
      "https://github.com/containers/common/issues/2299",
      "https://github.com/google/go-containerregistry/issues/1113",
    ],
    breaks: [],
    excludes: ["too-many-requests"],
    parameters: {
      status: { type: "number", default: 503, range: [500, 599], sentence: "the status" },
      retryAfter: { type: "seconds", default: Infinity, sentence: "the seconds of Retry-After; else there is none" },
    },
    answer: ({ status, retryAfter }) => () =>
      serverError(status, retryAfter === Infinity ? {} : { "Retry-After": String(retryAfter) }),
  }),
  defineSwitch("fault", {
    id: "lost-session",
    sentence: "forgets an upload session",
    met: ["https://github.com/deis/registry/issues/84", "https://github.com/Azure/azure-sdk-for-python/issues/29738"],
    breaks: ["PUSH-CHUNK-09", "PUSH-CHUNK-13", "PUSH-CHUNK-21", "PUSH-CHUNK-22", "PUSH-MONO-09"],
    excludes: ["unknown-session-accepted", "upload-unknown-416"],
    rows: ["end-5", "end-6", "end-13"],
    answer: () => async ({ request, registry }) => {
      await registry(rewrite(request, { method: "DELETE", body: null }));
      return registry(request);
    },
  }),
  defineSwitch("fault", {
    id: "disk-full",
    sentence: "has no more space on its disk: 507",
    met: ["https://github.com/openshift/origin/issues/6350"],
    breaks: [],
    excludes: ["disk-error"],
    disk: () => ({ name }) => needsSpace(name) ? diskError("ENOSPC") : undefined,
  }),
  defineSwitch("fault", {
    id: "disk-error",
    sentence: "cannot use its disk: 500",
    met: ["https://github.com/artifact-keeper/artifact-keeper/issues/3918"],
    breaks: [],
    excludes: ["disk-full"],
    parameters: { operation: { type: "text", default: "put", sentence: "the operation of the disk that fails" } },
    disk: ({ operation }) => {
      if (!OPERATION_NAMES.some((name) => name === operation)) {
        throw new SwitchError(
          `one of ${OPERATION_NAMES.join(", ")} as operation of the switch disk-error`,
          `"${operation}"`,
        );
      }
      return ({ name }) => name === operation ? diskError("EIO") : undefined;
    },
  }),
];

type Transform = (piece: Uint8Array<ArrayBuffer>, controller: TransformStreamDefaultController<Uint8Array>) => void;

function changedBody(begin: (response: Response) => Transform): Answering {
  return async ({ request, registry }) => {
    const response = await registry(request);
    if (response.body === null || !response.ok) return response;
    const body = response.body.pipeThrough(new TransformStream({ transform: begin(response) }));
    return new Response(body, { status: response.status, headers: response.headers });
  };
}
