/**
 * Early bugs: those of a small registry that somebody wrote to learn, each one at its line.
 *
 *     main.go:393     PUT …/blobs/uploads/0f9c…?digest=sha256:9b4e…     stores the body under the digest, whatever it is
 *
 * Everybody who begins to write a registry meets some of them. So they are good exercises: turn one on, and find out which rule
 * it breaks.
 *
 * Next: quirks.ts
 *
 * @module
 */

import { digestOf, HASHES, SHA256 } from "../../definitions/digest.ts";
import { parseTarget } from "../../http/target.ts";
import { answerLike } from "../asking.ts";
import { endOf, parse, rewrite, withBytes, withStatus } from "./answers.ts";
import { defineSwitch, type Occasion, refusal, type Switch } from "./switch.ts";

// The source that has these bugs.
const SOURCE = "https://github.com/Code-Hex/container-registry/blob/69a6481d0821e6f294cd3e6abd9f78e386943c40";

/** The early bugs. */
export const EARLY_BUGS: readonly Switch[] = [
  defineSwitch("bug", {
    id: "digest-unverified",
    sentence: "stores a blob under the digest that the client names, and does not compare it with the bytes",
    met: [`${SOURCE}/main.go#L262`, `${SOURCE}/main.go#L393`],
    breaks: ["API-ERR-I04", "PUSH-SINGLE-03"],
    rows: ["end-4b", "end-5", "end-6", "end-2"],
    answer: () => {
      const blobs = new MislabelledBlobs();
      const sessions = new Map<string, Uint8Array<ArrayBuffer>[]>();
      return async (occasion) => {
        const { request, question, registry } = occasion;
        if (question?.id === "end-2") return await blobs.serve(occasion);
        const session = question?.texts.session ?? "";
        const before = sessions.get(session) ?? [];
        const bytes = await request.bytes();
        const response = await registry(rewrite(request, { body: bytes }));
        if (question?.id === "end-5") {
          if (response.status === 202) sessions.set(session, [...before, bytes]);
          return response;
        }
        // The registry has compared, and the session is gone. The right digest was only wrong.
        if (response.status !== 400 || !/^sha256:[0-9a-f]{64}$/.test(question?.texts.digest ?? "")) return response;
        return await blobs.store(occasion, await joined([...before, bytes]));
      };
    },
  }),
  defineSwitch("bug", {
    id: "empty-put-empties-blob",
    sentence: "stores no bytes if the closing PUT has none, and forgets the chunks before it",
    met: [`${SOURCE}/main.go#L391-L401`],
    breaks: ["PUSH-CHUNK-20"],
    rows: ["end-6", "end-2"],
    answer: () => closingPutStoresItsBody((bytes) => bytes.length === 0),
  }),
  defineSwitch("bug", {
    id: "last-chunk-only",
    sentence: "stores only the chunk of the closing PUT, if it has one",
    met: [`${SOURCE}/main.go#L391-L401`],
    breaks: ["PUSH-CHUNK-20", "PUSH-CHUNK-21"],
    rows: ["end-6", "end-2"],
    answer: () => closingPutStoresItsBody((bytes) => bytes.length > 0),
  }),
  defineSwitch("bug", {
    id: "second-chunk-dropped",
    sentence: "answers the second chunk with 200, and drops its bytes",
    met: [`${SOURCE}/main.go#L325-L332`],
    breaks: ["PUSH-CHUNK-09", "PUSH-CHUNK-13"],
    rows: ["end-5"],
    answer: () => async ({ request, registry }) => {
      const start = /^(\d+)-/.exec(request.headers.get("Content-Range") ?? "")?.[1] ?? "0";
      if (start === "0") return registry(request);
      await request.body?.cancel();
      return new Response(null, { status: 200 });
    },
  }),
  defineSwitch("bug", {
    id: "patch-truncates",
    sentence: "begins at the first byte again with each PATCH that has no Content-Range",
    met: [`${SOURCE}/main.go#L288-L289`],
    breaks: ["PUSH-CHUNK-19"],
    rows: ["end-5", "end-6", "end-13", "end-14"],
    answer: () => {
      const sessions = new ReplacedSessions();
      return async (occasion) => {
        const { request } = occasion;
        if (request.method === "PATCH" && !request.headers.has("Content-Range")) {
          const status = await sessions.ask({ ...occasion, request: rewrite(request, { method: "GET" }) });
          if (endOf(status) !== undefined && endOf(status) !== 0) await sessions.replace(occasion);
        }
        return await sessions.ask(occasion);
      };
    },
  }),
  defineSwitch("bug", {
    id: "unknown-session-accepted",
    sentence: "takes bytes for upload sessions that nobody has opened",
    met: [`${SOURCE}/main.go#L81-L96`],
    breaks: ["API-ERR-I03", "PUSH-CANCEL-I01"],
    excludes: ["unknown-session-500", "lost-session", "upload-unknown-416"],
    rows: ["end-5", "end-6", "end-13", "end-14"],
    answer: () => {
      const sessions = new ReplacedSessions();
      return async (occasion) => {
        const { request, registry } = occasion;
        if (request.method !== "PATCH" && request.method !== "PUT") return await sessions.ask(occasion);
        const status = await registry(rewrite(request, { method: "GET", body: null }));
        if (status.status === 404) await sessions.replace(occasion, "if it is not open");
        return await sessions.ask(occasion);
      };
    },
  }),
  defineSwitch("bug", {
    id: "unknown-session-500",
    sentence: "fails if a PUT closes an upload session that is not there, and then at each pull of that digest",
    met: [`${SOURCE}/internal/storage/storage.go#L64-L71`],
    breaks: ["API-ERR-I03", "PUSH-CANCEL-I01"],
    excludes: ["unknown-session-accepted"],
    rows: ["end-6", "end-2"],
    answer: () => {
      const spoilt = new Set<string>();
      return async ({ request, question, name, registry }) => {
        const response = await registry(request);
        if (response.status !== 404) return response;
        const key = `${name} ${question?.texts.digest}`;
        if (question?.id === "end-6") spoilt.add(key);
        return spoilt.has(key) ? withStatus(response, 500) : response;
      };
    },
  }),
  defineSwitch("bug", {
    id: "range-off-by-one",
    sentence: "names one byte too many in the Range of a chunk",
    met: [`${SOURCE}/main.go#L296`],
    breaks: ["PUSH-CHUNK-10", "PUSH-CHUNK-I04"],
    excludes: ["range-stuck", "range-of-chunk"],
    rows: ["end-5"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      const end = endOf(response);
      if (end === undefined) return response;
      return answerLike(response, (headers) => headers.set("Range", `0-${end + 1}`));
    },
  }),
  defineSwitch("bug", {
    id: "closing-put-without-location",
    sentence: "names no Location when an upload session is closed",
    met: [`${SOURCE}/main.go#L405-L409`],
    breaks: ["PUSH-CHUNK-20", "PUSH-MONO-10"],
    rows: ["end-6"],
    answer: () => async ({ request, registry }) =>
      answerLike(await registry(request), (headers) => headers.delete("Location")),
  }),
  defineSwitch("bug", {
    id: "no-upload-status",
    sentence: "does not know the status of an upload session",
    met: [`${SOURCE}/main.go#L81-L96`],
    breaks: ["PUSH-CHUNK-22"],
    rows: ["end-13"],
    answer: () => () => {
      throw refusal("UNSUPPORTED", "PUSH-CHUNK-22", "a row of the API", "the status of a session", { status: 404 });
    },
  }),
  defineSwitch("bug", {
    id: "no-upload-cancel",
    sentence: "cannot cancel an upload session",
    met: [`${SOURCE}/main.go#L81-L96`],
    breaks: ["PUSH-CANCEL-01"],
    rows: ["end-14"],
    answer: () => () => {
      throw refusal("UNSUPPORTED", "PUSH-CANCEL-01", "a row of the API", "a cancelled session", { status: 404 });
    },
  }),
  defineSwitch("bug", {
    id: "size-mismatch-unknown-upload",
    sentence: "says that the upload is unknown if Content-Range and Content-Length differ",
    met: [`${SOURCE}/main.go#L336-L339`],
    breaks: ["API-ERR-I10"],
    rows: ["end-5"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      if (response.status !== 400) return response;
      await response.body?.cancel();
      throw refusal("BLOB_UPLOAD_UNKNOWN", "API-ERR-I10", "one length", "two lengths", { status: 416 });
    },
  }),
  defineSwitch("bug", {
    id: "octet-stream-post-400",
    sentence: "refuses to open an upload session for application/octet-stream without a digest",
    met: [`${SOURCE}/main.go#L244-L258`],
    breaks: ["PUSH-MONO-01"],
    rows: ["end-4a"],
    answer: () => ({ request, registry }) => {
      if (request.headers.get("Content-Type") !== "application/octet-stream") return registry(request);
      throw refusal("DIGEST_INVALID", "PUSH-MONO-01", "a digest", "none");
    },
  }),
  defineSwitch("bug", {
    id: "head-blob-202",
    sentence: "answers HEAD of a blob with 202",
    met: [`${SOURCE}/main.go#L436`],
    breaks: ["PULL-HEAD-01"],
    rows: ["HEAD end-2"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      return response.status === 200 ? withStatus(response, 202) : response;
    },
  }),
  defineSwitch("bug", {
    id: "bare-blobs",
    sentence: "sends blobs without their digest and length, and only whole",
    met: [`${SOURCE}/main.go#L206-L213`],
    breaks: ["PULL-BLOB-03", "PULL-BLOB-09"],
    rows: ["GET end-2"],
    answer: () => async ({ request, registry }) =>
      answerLike(await registry(rewrite(request, { headers: { Range: undefined } })), (headers) => {
        for (const name of ["Docker-Content-Digest", "Content-Length", "Accept-Ranges", "ETag"]) headers.delete(name);
      }),
  }),
  defineSwitch("bug", {
    id: "half-blob",
    sentence: "shows a blob while it still arrives",
    met: [`${SOURCE}/internal/registry/registry.go#L51`],
    breaks: ["PULL-BLOB-08"],
    rows: ["end-4b", "end-6", "end-2"],
    answer: () => {
      const arriving = new Map<string, Uint8Array<ArrayBuffer>[]>();
      return async ({ request, question, name, registry }) => {
        const key = `${name} ${question?.texts.digest}`;
        if (question?.id === "end-2") {
          const response = await registry(request);
          const pieces = arriving.get(key);
          if (response.status !== 404 || pieces === undefined) return response;
          const bytes = await joined(pieces);
          const headers = { "Content-Length": String(bytes.length) };
          return new Response(request.method === "HEAD" ? null : bytes, { headers });
        }
        if (request.body === null) return registry(request);
        const pieces: Uint8Array<ArrayBuffer>[] = [];
        arriving.set(key, pieces);
        const body = request.body.pipeThrough(
          new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
            transform(piece, controller) {
              pieces.push(piece.slice());
              controller.enqueue(piece);
            },
          }),
        );
        const response = await registry(rewrite(request, { body }));
        arriving.delete(key);
        return response;
      };
    },
  }),
  defineSwitch("bug", {
    id: "delete-crosses-repositories",
    sentence: "takes the end of the name for a part of the digest: DELETE of foo/blobs/bar/… deletes in foo/bar",
    met: [`${SOURCE}/main.go#L490`, `${SOURCE}/internal/grammar/regexp.go#L18`],
    breaks: ["DEF-I01"],
    answer: () => ({ request, question, registry }) =>
      registry(question === undefined ? acrossRepositories(request, "DELETE") : request),
  }),
  defineSwitch("bug", {
    id: "reference-crosses-repositories",
    sentence: "takes the end of the name for a part of the reference: GET of foo/manifests/bar/… reads foo/bar",
    met: [`${SOURCE}/main.go#L63-L70`],
    breaks: ["DEF-I01"],
    answer: () => ({ request, question, registry }) =>
      registry(question === undefined ? acrossRepositories(request, "GET") : request),
  }),
  defineSwitch("bug", {
    id: "blob-delete-deletes-manifest",
    sentence: "deletes a manifest if somebody deletes a blob with its digest",
    met: [`${SOURCE}/internal/storage/storage.go#L214-L222`],
    breaks: ["MGMT-BLOB-02"],
    excludes: ["delete-off"],
    rows: ["end-10"],
    answer: () => async ({ request, question, name, registry }) => {
      const response = await registry(request);
      if (response.status !== 404) return response;
      const other = await registry(rewrite(request, { path: `/v2/${name}/manifests/${question?.texts.digest}` }));
      return other.ok ? other : response;
    },
  }),
  defineSwitch("bug", {
    id: "index-emptied",
    sentence: "knows only the config and the layers of a manifest, and loses the manifests of an index",
    met: [`${SOURCE}/internal/registry/registry.go#L17-L22`, `${SOURCE}/internal/storage/storage.go#L99`],
    breaks: ["PULL-MANIFEST-11", "PULL-MANIFEST-13", "PUSH-MANIFEST-09"],
    rows: ["GET end-3"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      if (response.status !== 200) return response;
      return await withBytes(request, response, (bytes) => {
        const { schemaVersion, mediaType, config, layers } = (parse(bytes) ?? {}) as Record<string, unknown>;
        const known = { schemaVersion, mediaType: mediaType ?? "", config: config ?? {}, layers: layers ?? null };
        return JSON.stringify(known) + "\n";
      }, registry);
    },
  }),
  defineSwitch("bug", {
    id: "trailing-bytes-dropped",
    sentence: "drops what comes behind the last brace of a manifest",
    met: [`${SOURCE}/internal/storage/storage.go#L97-L105`],
    breaks: ["PUSH-MANIFEST-09", "PUSH-MANIFEST-12"],
    rows: ["end-7a"],
    answer: () => async ({ request, question, registry }) => {
      const bytes = await request.bytes();
      const end = bytes.lastIndexOf("}".charCodeAt(0)) + 1;
      const isByTag = !(question?.texts.tagOrDigest ?? ":").includes(":");
      return registry(rewrite(request, { body: isByTag && end > 0 ? bytes.slice(0, end) : bytes }));
    },
  }),
  defineSwitch("bug", {
    id: "no-put-by-digest",
    sentence: "takes manifests by tag only",
    met: [`${SOURCE}/main.go#L114-L120`],
    breaks: ["PUSH-MANIFEST-10"],
    rows: ["PUSH-MANIFEST"],
    answer: () => ({ request, question, registry }) => {
      if (!question?.texts.tagOrDigest?.includes(":")) return registry(request);
      throw refusal("UNSUPPORTED", "PUSH-MANIFEST-06", "a tag", "a digest");
    },
  }),
  defineSwitch("bug", {
    id: "docker-type-always",
    sentence: "says of each manifest that it is a Docker image",
    met: [`${SOURCE}/main.go#L231`],
    breaks: ["PULL-MANIFEST-09"],
    excludes: ["no-content-type"],
    rows: ["end-3"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      if (response.status !== 200) return response;
      const type = "application/vnd.docker.distribution.manifest.v2+json";
      return answerLike(response, (headers) => headers.set("Content-Type", type));
    },
  }),
  defineSwitch("bug", {
    id: "any-manifest",
    sentence: "takes any JSON as a manifest",
    met: [`${SOURCE}/internal/storage/storage.go#L97-L136`],
    breaks: ["API-ERR-I06"],
    excludes: ["unknown-types-refused"],
    rows: ["end-7a", "end-3"],
    answer: () => {
      const taken = new Map<string, { bytes: Uint8Array<ArrayBuffer>; headers: Record<string, string> }>();
      return async ({ request, question, name, registry }) => {
        const reference = `${name} ${question?.texts.tagOrDigest}`;
        if (request.method !== "PUT") {
          const response = await registry(request);
          const found = taken.get(reference);
          if (response.status !== 404 || found === undefined) return response;
          return new Response(request.method === "HEAD" ? null : found.bytes, { headers: found.headers });
        }
        const bytes = await request.bytes();
        const response = await registry(rewrite(request, { body: bytes }));
        const isReference = /^(?:\w[\w.-]{0,127}|sha256:[0-9a-f]{64})$/.test(question?.texts.tagOrDigest ?? "");
        if (response.status !== 400 || !isReference || parse(bytes) === undefined) return response;
        const digest = digestOf(HASHES, SHA256, bytes);
        const headers = {
          "Content-Type": request.headers.get("Content-Type") ?? "application/json",
          "Content-Length": String(bytes.length),
          "Docker-Content-Digest": digest,
        };
        taken.set(reference, { bytes, headers }).set(`${name} ${digest}`, { bytes, headers });
        const location = `/v2/${name}/manifests/${digest}`;
        return new Response(null, { status: 201, headers: { Location: location, "Docker-Content-Digest": digest } });
      };
    },
  }),
  defineSwitch("bug", {
    id: "tag-before-manifest",
    sentence: "moves a tag before it has the manifest",
    met: [`${SOURCE}/internal/storage/storage.go#L112-L136`],
    breaks: ["PULL-MANIFEST-12"],
    rows: ["end-7a", "end-3"],
    answer: () => {
      const moving = new Map<string, number>();
      return async ({ request, question, name, registry }) => {
        const key = `${name} ${question?.texts.tagOrDigest}`;
        if (request.method !== "PUT") {
          if (!moving.has(key)) return registry(request);
          throw refusal("MANIFEST_UNKNOWN", "PULL-MANIFEST-19", "a tag of a manifest", "one of nothing");
        }
        moving.set(key, (moving.get(key) ?? 0) + 1);
        const response = await registry(request);
        const left = moving.get(key)! - 1;
        if (left === 0) moving.delete(key);
        else moving.set(key, left);
        return response;
      };
    },
  }),
  defineSwitch("bug", {
    id: "delete-unknown-202",
    sentence: "answers 202 if somebody deletes a manifest that is not there",
    met: [`${SOURCE}/internal/storage/storage.go#L203-L207`],
    breaks: ["MGMT-MANIFEST-02"],
    excludes: ["delete-off"],
    rows: ["MGMT-MANIFEST"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      return response.status === 404 ? withStatus(response, 202) : response;
    },
  }),
  defineSwitch("bug", {
    id: "odd-tags-lost",
    sentence: "takes tags with upper-case letters, or with _ or - at their ends, and does not find them again",
    met: [`${SOURCE}/internal/grammar/regexp.go#L12-L18`],
    breaks: ["PULL-MANIFEST-05"],
    rows: ["end-3", "MGMT-TAG"],
    answer: () => ({ request, question, registry }) => {
      const tag = question?.texts.tag ?? question?.texts.tagOrDigest ?? "";
      if (tag.includes(":") || !/[A-Z]|^_|-$/.test(tag)) return registry(request);
      throw refusal("MANIFEST_UNKNOWN", "PULL-MANIFEST-05", "lower-case letters", tag);
    },
  }),
  defineSwitch("bug", {
    id: "last-inverted",
    sentence: "lists the tags up to last, and not those after it",
    met: [`${SOURCE}/main.go#L527-L532`],
    breaks: ["DISC-TAGS-I02"],
    rows: ["DISC-TAGS"],
    answer: () => async ({ request, question, name, registry }) => {
      const last = new URLSearchParams(question?.search).get("last");
      if (last === null) return registry(request);
      const response = await registry(rewrite(request, { path: `/v2/${name}/tags/list` }));
      if (response.status !== 200) return response;
      return await withBytes(request, response, (bytes) => {
        const list = parse(bytes) as { name: string; tags: string[] };
        return JSON.stringify({ ...list, tags: list.tags.filter((tag) => tag <= last) });
      }, registry);
    },
  }),
  defineSwitch("bug", {
    id: "no-tags-404",
    sentence: "does not know a repository without tags",
    met: [`${SOURCE}/internal/storage/storage.go#L228-L233`],
    breaks: ["DISC-TAGS-01"],
    rows: ["DISC-TAGS"],
    answer: () => async ({ request, question, registry }) => {
      const response = await registry(request);
      if (response.status !== 200) return response;
      const { tags } = await response.clone().json();
      if (tags.length > 0 || new URLSearchParams(question?.search).has("n")) return response;
      throw refusal("NAME_UNKNOWN", "DISC-TAGS-01", "a repository with tags", "one without");
    },
  }),
  defineSwitch("bug", {
    id: "repositories-as-tags",
    sentence: "lists repositories below NAME/tags as tags of NAME",
    met: [`${SOURCE}/internal/storage/storage.go#L236-L239`],
    breaks: ["DEF-I01"],
    rows: ["DISC-TAGS"],
    answer: () => async ({ request, name, registry }) => {
      const [response, catalog] = [
        await registry(request),
        await registry(rewrite(request, { path: "/v2/_catalog" })),
      ];
      if (response.status !== 200 || catalog.status !== 200) return response;
      const { repositories } = await catalog.json();
      const below = `${name}/tags/`;
      const names = repositories.filter((other: string) => other.startsWith(below));
      return await withBytes(request, response, (bytes) => {
        const list = parse(bytes) as { tags: string[] };
        const tags = [...list.tags, ...names.map((other: string) => other.slice(below.length).split("/")[0])];
        return JSON.stringify({ ...list, tags: [...new Set(tags)].sort() });
      }, registry);
    },
  }),
  defineSwitch("bug", {
    id: "bare-error",
    sentence: "refuses with one error, and not with a list of errors",
    met: [`${SOURCE}/internal/errors/errors.go#L69-L89`],
    breaks: ["API-ERR-02"],
    excludes: ["error-writer"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      return await withErrors(response, ([{ code, message }]) => ({ code, message }));
    },
  }),
  defineSwitch("bug", {
    id: "upload-unknown-416",
    sentence: "answers 416 if an upload session is not there",
    met: [`${SOURCE}/internal/errors/code.go#L129-L144`],
    breaks: ["PUSH-CANCEL-I01"],
    excludes: ["unknown-session-accepted", "lost-session"],
    rows: ["end-5", "end-6", "end-13", "end-14"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      return response.status === 404 ? withStatus(response, 416) : response;
    },
  }),
  defineSwitch("bug", {
    id: "upload-invalid-404",
    sentence: "answers 404 if a chunk is out of sequence",
    met: [`${SOURCE}/internal/errors/code.go#L129-L144`],
    breaks: ["PUSH-CHUNK-13", "PUSH-CHUNK-21"],
    excludes: ["put-range-400"],
    rows: ["end-5", "end-6"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      return response.status === 416 ? withStatus(response, 404) : response;
    },
  }),
  defineSwitch("bug", {
    id: "code-unknown",
    sentence: "refuses what is not there with the code UNKNOWN",
    met: [`${SOURCE}/internal/storage/storage.go#L86-L88`, `${SOURCE}/internal/storage/storage.go#L230-L232`],
    breaks: ["API-ERR-09", "API-ERR-I01", "API-ERR-I07", "API-ERR-I09"],
    excludes: ["error-writer"],
    rows: ["end-2", "end-3", "DISC-TAGS"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      if (response.status !== 404) return response;
      return await withErrors(response, (errors) => ({
        errors: errors.map((error) => ({ ...error, code: "UNKNOWN" })),
      }));
    },
  }),
  defineSwitch("bug", {
    id: "no-405",
    sentence: "answers another method or path with 404 and some text",
    met: [`${SOURCE}/main.go#L98`],
    breaks: ["API-01"],
    answer: () => ({ request, question, registry }) => {
      if (question !== undefined) return registry(request);
      return new Response("404 page not found\n", { status: 404, headers: { "Content-Type": "text/plain" } });
    },
  }),
  defineSwitch("bug", {
    id: "loose-names",
    sentence: "takes names with upper-case letters, and with several separators",
    met: [`${SOURCE}/internal/grammar/regexp.go#L12-L14`],
    breaks: ["API-ERR-I08", "PULL-MANIFEST-03"],
    answer: () => async ({ request, question, name, registry }) => {
      const looser = name.toLowerCase().replace(/[._-]+/g, "-").replace(/[^a-z0-9/]+$/, "x");
      const before = `/v2/${name}/`;
      if (question === undefined || name === looser || !/[A-Z]|\.\.|[._-]$/.test(name)) return registry(request);
      const path = question.pathname.replace(before, `/v2/loose/${looser}/`) + question.search;
      const response = await registry(rewrite(request, { path }));
      const location = response.headers.get("Location")?.replace(`/v2/loose/${looser}/`, before);
      if (location === undefined) return response;
      return answerLike(response, (headers) => headers.set("Location", location));
    },
  }),
];

// Blobs that a switch has stored under a digest which is not theirs.
class MislabelledBlobs {
  readonly #digests = new Map<string, string>();

  /** Stores the bytes, and answers as if they had the digest that the client has named. */
  async store({ request, question, name, registry }: Occasion, bytes: Uint8Array<ArrayBuffer>): Promise<Response> {
    const claimed = question?.texts.digest ?? "";
    const digest = digestOf(HASHES, SHA256, bytes);
    const path = `/v2/${name}/blobs/uploads/?digest=${digest}`;
    const headers = { "Content-Range": undefined };
    const response = await registry(rewrite(request, { method: "POST", path, headers, body: bytes }));
    if (response.status !== 201) return response;
    this.#digests.set(`${name} ${claimed}`, digest);
    return answerLike(response, (headers) => {
      headers.set("Location", `/v2/${name}/blobs/${claimed}`);
      headers.set("Docker-Content-Digest", claimed);
    });
  }

  /** Answers a GET or HEAD of a blob. */
  async serve({ request, question, name, registry }: Occasion): Promise<Response> {
    const claimed = question?.texts.digest ?? "";
    const digest = this.#digests.get(`${name} ${claimed}`);
    if (digest === undefined) return registry(request);
    const response = await registry(rewrite(request, { path: `/v2/${name}/blobs/${digest}` }));
    return answerLike(response, (headers) => headers.set("Docker-Content-Digest", claimed));
  }
}

// Stores the body of the closing PUT and nothing else, if the session had bytes before.
function closingPutStoresItsBody(isMeant: (bytes: Uint8Array) => boolean) {
  const blobs = new MislabelledBlobs();
  return async (occasion: Occasion): Promise<Response> => {
    const { request, question, registry } = occasion;
    if (question?.id === "end-2") return await blobs.serve(occasion);
    const bytes = await request.bytes();
    const session = await registry(rewrite(request, { method: "GET", body: null }));
    if (session.status !== 204 || !isMeant(bytes) || endOf(session) === 0) {
      return registry(rewrite(request, { body: bytes }));
    }
    await registry(rewrite(request, { method: "DELETE", body: null }));
    return await blobs.store(occasion, bytes);
  };
}

// Upload sessions of the registry that stand in for those that the client knows.
class ReplacedSessions {
  readonly #sessions = new Map<string, string>();

  /** Opens a new session, which stands in for the one of the client. */
  async replace({ request, question, name, registry }: Occasion, when?: "if it is not open"): Promise<void> {
    const session = question?.texts.session ?? "";
    if (when !== undefined && this.#sessions.has(session)) return;
    const headers = { "Content-Range": undefined };
    const path = `/v2/${name}/blobs/uploads/`;
    const opened = await registry(rewrite(request, { method: "POST", path, headers, body: null }));
    const other = opened.headers.get("Location")?.split("/").at(-1);
    if (opened.status === 202 && other !== undefined) this.#sessions.set(session, other);
  }

  /** Asks the registry about the session that stands in. */
  async ask({ request, question, registry }: Occasion): Promise<Response> {
    const session = question?.texts.session ?? "";
    const other = this.#sessions.get(session);
    if (question === undefined || other === undefined) return registry(request);
    const before = question.pathname.slice(0, question.pathname.lastIndexOf(session));
    const path = before + other + question.search;
    const response = await registry(rewrite(request, { path }));
    return answerLike(response, (headers) => {
      const location = headers.get("Location");
      if (location !== null) headers.set("Location", location.replace(other, session));
    });
  }
}

// Returns the request that a registry takes it for if a reference may have a "/" in it.
function acrossRepositories(request: Request, method: string): Request {
  const path = parseTarget(request)?.pathname ?? "";
  const match = /^\/v2\/(.+)\/(blobs|manifests)\/([a-z0-9/]+)\/([^/]+)$/.exec(path);
  if (match === null || request.method !== method) return request;
  const [, name, kind, more, reference] = match;
  return rewrite(request, { path: `/v2/${name}/${more}/${kind}/${reference}` });
}

interface ErrorOfAnswer {
  readonly code: string;
  readonly message: string;
}

async function withErrors(
  response: Response,
  change: (errors: readonly ErrorOfAnswer[]) => unknown,
): Promise<Response> {
  const isRefusal = response.status >= 400 && response.headers.get("Content-Type") === "application/json";
  if (!isRefusal || response.body === null) return response;
  return answerLike(response, () => {}, JSON.stringify(change((await response.clone().json()).errors)));
}

async function joined(pieces: readonly Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> {
  return await new Blob([...pieces]).bytes();
}
