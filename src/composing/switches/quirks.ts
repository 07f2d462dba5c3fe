/**
 * Quirks: what registries may do, or do although they should not, and what clients have to live with.
 *
 *     POST …/blobs/uploads/?digest=sha256:9b4e…     202 and a Location, with single-post-off: the client has to send a PUT
 *
 * Many of them are options of the registries that other people's tests use, under the names that those have for them.
 *
 * Next: faults.ts
 *
 * @module
 */

import type { RegistryError } from "../../api/error_codes.ts";
import { answerLike } from "../asking.ts";
import { originOf, parse, rewrite, serverError, withoutHeaders } from "./answers.ts";
import { SwitchError } from "./parameters.ts";
import { type Answering, defineSwitch, type Occasion, refusal, type Switch } from "./switch.ts";

// The sources of registries that have the quirks, or an option for them.
const OCISERVER =
  "https://github.com/cue-labs/oci/blob/5eb5795f322ad5501a28ecedeb7e9956838fd8a6/ociregistry/ociserver/registry.go";
const GGCR =
  "https://github.com/google/go-containerregistry/blob/3f4ff3ca60f51c876ac4bd89e9a787157aaa4f15/pkg/registry";
const EARLY = "https://github.com/Code-Hex/container-registry/blob/69a6481d0821e6f294cd3e6abd9f78e386943c40";
const ZOT = "https://github.com/project-zot/zot/blob/6d19b445fed1c86c23fb7b351fac07cfd4717402";
const DISTRIBUTION = "https://github.com/distribution/distribution/blob/0d6b721dc3ceacb5d678c25b718b2f40a507c2d8";

/** The quirks. */
export const QUIRKS: readonly Switch[] = [
  defineSwitch("quirk", {
    id: "single-post-off",
    sentence: "takes no blob in a single POST, and opens an upload session (DisableSinglePostUpload of ociserver)",
    met: [`${OCISERVER}#L60-L65`, `${DISTRIBUTION}/registry/handlers/blobupload.go#L67`],
    breaks: [],
    rows: ["end-4b"],
    answer: () => ({ request, name, registry }) =>
      registry(rewrite(request, { path: `/v2/${name}/blobs/uploads/`, body: null })),
  }),
  defineSwitch("quirk", {
    id: "single-post-octet-stream",
    sentence: "takes a blob in a single POST only if its Content-Type is application/octet-stream",
    met: [`${EARLY}/main.go#L244-L250`],
    breaks: [],
    rows: ["end-4b"],
    answer: () => ({ request, name, registry }) => {
      if (request.headers.get("Content-Type") === "application/octet-stream") return registry(request);
      return registry(rewrite(request, { path: `/v2/${name}/blobs/uploads/`, body: null }));
    },
  }),
  defineSwitch("quirk", {
    id: "page-limit",
    sentence: "refuses to list more than this at once (MaxListPageSize of ociserver)",
    met: [`${OCISERVER}#L67-L71`, "https://github.com/google/go-containerregistry/issues/681"],
    breaks: [],
    excludes: ["ignore-pagination"],
    parameters: { most: { type: "number", default: 1000, range: [1, Infinity], sentence: "the largest n" } },
    rows: ["DISC-TAGS", "catalog"],
    answer: ({ most }) => ({ request, question, registry }) => {
      const n = Number(new URLSearchParams(question?.search).get("n") ?? 0);
      if (!(n > most)) return registry(request);
      throw refusal("UNSUPPORTED", "DISC-TAGS-06", `n of ${most} at most`, String(n));
    },
  }),
  defineSwitch("quirk", {
    id: "short-pages",
    sentence: "lists at most this many tags at once, and a Link to the next ones",
    met: ["https://github.com/Azure/acr/issues/749", "https://github.com/genuinetools/reg/issues/206"],
    breaks: [],
    excludes: ["ignore-pagination"],
    parameters: { most: { type: "number", default: 100, range: [1, Infinity], sentence: "the tags of a page" } },
    rows: ["DISC-TAGS"],
    answer: ({ most }) => ({ request, question, registry }) => {
      const query = new URLSearchParams(question?.search);
      const n = query.get("n");
      if (n !== null && !(Number(n) > most)) return registry(request);
      query.set("n", String(most));
      return registry(rewrite(request, { path: `${question?.pathname}?${query}` }));
    },
  }),
  defineSwitch("quirk", {
    id: "ignore-pagination",
    sentence: "ignores n and last, and lists all tags (IgnorePagination of ociserver)",
    met: [`${OCISERVER}#L73-L75`, "https://github.com/cue-labs/oci/issues/53"],
    breaks: ["DISC-TAGS-06", "DISC-TAGS-09", "DISC-TAGS-I02"],
    excludes: ["page-limit", "short-pages"],
    rows: ["DISC-TAGS"],
    answer: () => ({ request, question, registry }) => registry(rewrite(request, { path: question?.pathname })),
  }),
  defineSwitch("quirk", {
    id: "no-link",
    sentence: "sends no Link header with lists (OmitLinkHeaderFromResponses of ociserver)",
    met: [`${OCISERVER}#L83-L85`, "https://github.com/google/go-containerregistry/issues/897"],
    breaks: [],
    rows: ["DISC-TAGS", "DISC-REFERRERS", "catalog"],
    answer: () => without("Link"),
  }),
  defineSwitch("quirk", {
    id: "tags-as-text",
    sentence: "sends the list of tags as text/plain",
    met: ["https://github.com/deitch/docker_registry2/issues/34", `${EARLY}/main.go#L537`],
    breaks: [],
    rows: ["DISC-TAGS"],
    answer: () => async ({ request, registry }) =>
      answerLike(
        await registry(request),
        (headers) => headers.set("Content-Type", "text/plain; charset=utf-8"),
      ),
  }),
  defineSwitch("quirk", {
    id: "bad-n-500",
    sentence: "fails if n is no number, or a negative one",
    met: [`${EARLY}/main.go#L521-L526`],
    breaks: [],
    rows: ["DISC-TAGS"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      return response.status === 400 ? serverError(500) : response;
    },
  }),
  defineSwitch("quirk", {
    id: "no-referrers",
    sentence: "does not know the referrers API: 404, and no OCI-Subject (DisableReferrersAPI of ociserver)",
    met: [
      `${OCISERVER}#L51-L53`,
      `${GGCR}/registry.go#L124-L128`,
      "https://github.com/docker/roadmap/issues/724",
      "https://github.com/distribution/distribution/issues/3859",
    ],
    breaks: ["DISC-REFERRERS-01", "DISC-REFERRERS-02", "DISC-REFERRERS-03", "PUSH-SUBJECT-01", "UPGRADE-03"],
    rows: ["DISC-REFERRERS", "PUSH-MANIFEST"],
    answer: () => async ({ request, question, registry }) => {
      if (question?.heading === "DISC-REFERRERS") {
        throw refusal("UNSUPPORTED", "DISC-REFERRERS-02", "a row of the API", "the referrers API", { status: 404 });
      }
      return answerLike(await registry(request), (headers) => headers.delete("OCI-Subject"));
    },
  }),
  defineSwitch("quirk", {
    id: "no-referrers-filter",
    sentence: "ignores artifactType, and lists all referrers (DisableReferrersFiltering of ociserver)",
    met: [`${OCISERVER}#L55-L58`],
    breaks: ["DISC-REFERRERS-13"],
    excludes: ["no-referrers"],
    rows: ["end-12b"],
    answer: () => ({ request, question, registry }) => registry(rewrite(request, { path: question?.pathname })),
  }),
  defineSwitch("quirk", {
    id: "no-tag-parameters",
    sentence: "ignores the tag parameters of a push by digest",
    met: [`${DISTRIBUTION}/registry/handlers/manifests.go#L242`],
    breaks: [],
    rows: ["end-7b"],
    answer: () => ({ request, question, registry }) => registry(rewrite(request, { path: question?.pathname })),
  }),
  defineSwitch("quirk", {
    id: "no-digest-header",
    sentence: "sends no Docker-Content-Digest with content",
    met: [
      "https://github.com/distribution/distribution/issues/3792",
      "https://github.com/containerd/containerd/issues/3238",
    ],
    breaks: ["PULL-BLOB-03", "PULL-HEAD-02", "PULL-MANIFEST-13"],
    rows: ["end-2", "end-3"],
    answer: () => without("Docker-Content-Digest", "ETag"),
  }),
  defineSwitch("quirk", {
    id: "no-digest-on-tag-get",
    sentence: "sends no Docker-Content-Digest on GET by tag (OmitDigestFromTagGetResponse of ociserver)",
    met: [`${OCISERVER}#L77-L81`],
    breaks: ["PULL-MANIFEST-13"],
    rows: ["GET end-3"],
    answer: () => (occasion) => {
      const { request, question, registry } = occasion;
      if (question?.texts.tagOrDigest?.includes(":")) return registry(request);
      return without("Docker-Content-Digest", "ETag")(occasion);
    },
  }),
  defineSwitch("quirk", {
    id: "absolute-locations",
    sentence: "sends whole URLs as Location",
    met: [
      `${DISTRIBUTION}/docs/content/about/configuration.md#L894`,
      "https://github.com/hpc/charliecloud/issues/1501",
    ],
    breaks: [],
    excludes: ["location-host"],
    answer: () => async ({ request, registry }) =>
      withLocation(await registry(request), (location) => new URL(location, originOf(request)).href),
  }),
  defineSwitch("quirk", {
    id: "location-host",
    sentence: "sends Locations of upload sessions on another host",
    met: [`${OCISERVER}#L87-L100`, "https://github.com/opencontainers/distribution-spec/issues/56"],
    breaks: [],
    excludes: ["absolute-locations"],
    parameters: {
      origin: {
        type: "text",
        default: "http://elsewhere.localhost",
        sentence: "the scheme and the host, with its port",
      },
    },
    rows: rowsOfSessions(),
    answer: ({ origin }) => {
      const isOrigin = /^https?:\/\/[^/?#]+\/?$/.test(origin) && URL.canParse(origin);
      expectText("location-host", "origin", isOrigin, "a URL such as https://elsewhere.example:5000", origin);
      return async ({ request, registry }) =>
        withLocation(await registry(request), (location) => {
          const { pathname, search } = new URL(location, origin);
          return new URL(pathname + search, origin).href;
        });
    },
  }),
  defineSwitch("quirk", {
    id: "upload-location",
    sentence: "makes the Locations of upload sessions from a template (LocationForUploadID of ociserver)",
    met: [`${OCISERVER}#L87-L100`, "https://github.com/containerd/containerd/issues/2385"],
    breaks: [],
    parameters: {
      template: {
        type: "text",
        default: "/v2/{name}/blobs/uploads/{session}?state=opaque",
        sentence: "the Location, with {name}, {session} and {origin} in it",
      },
    },
    rows: rowsOfSessions(),
    answer: ({ template }) => {
      expectText("upload-location", "template", PRINTABLE.test(template), "printable ASCII without blanks", template);
      return async ({ request, name, registry }) =>
        withLocation(await registry(request), (location) => {
          const session = /\/blobs\/uploads\/([^/?]+)$/.exec(location)?.[1];
          return session === undefined ? location : filled(template, { name, session, origin: originOf(request) });
        });
    },
  }),
  defineSwitch("quirk", {
    id: "redirect",
    sentence: "redirects pulls of content to one of some places (LocationsForDescriptor of ociserver)",
    met: [`${OCISERVER}#L102-L117`, `${GGCR}/blobs.go#L85-L104`],
    breaks: [],
    parameters: {
      to: {
        type: "text",
        default: "{origin}{path}?redirected",
        sentence: "the places, with blanks between, and {origin}, {path}, {name} and {digest} in them",
      },
      status: { type: "number", default: 307, range: [301, 308], sentence: "the status" },
      kind: { type: "text", default: "blobs", sentence: "blobs, manifests or both" },
    },
    rows: ["end-2", "end-3"],
    answer: ({ to, status, kind }, { random }) => {
      const places = to.split(" ");
      expectText("redirect", "to", places.every((place) => PRINTABLE.test(place)), "URLs in printable ASCII", to);
      expectText("redirect", "kind", ["blobs", "manifests", "both"].includes(kind), "blobs, manifests or both", kind);
      return async ({ request, question, name, registry }) => {
        const isMeant = kind === "both" || (question?.id === "end-2") === (kind === "blobs");
        if (!isMeant || question?.search.includes("redirected")) return registry(request);
        const response = await registry(rewrite(request, { method: "HEAD", headers: { Range: undefined } }));
        if (!response.ok) return registry(request);
        const digest = response.headers.get("Docker-Content-Digest") ?? "";
        const place = places[Math.floor(random() * places.length)];
        const location = filled(place, { name, digest, origin: originOf(request), path: question?.pathname ?? "" });
        return new Response(null, { status, headers: { Location: location } });
      };
    },
  }),
  defineSwitch("quirk", {
    id: "chunk-min-length",
    sentence: "wants chunks of this length at least, but for the last one, and says so",
    met: [
      "https://github.com/opencontainers/distribution-spec/pull/391",
      "https://github.com/opencontainers/distribution-spec/issues/374",
    ],
    breaks: [],
    excludes: ["chunk-max"],
    parameters: {
      bytes: {
        type: "bytes",
        default: 5 * 1024 ** 2,
        range: [1, Infinity],
        sentence: "the length of the shortest chunk",
      },
    },
    rows: [...rowsOfSessions()],
    answer: ({ bytes }) => {
      const short = new Set<string>();
      return async ({ request, question, registry }) => {
        const session = question?.texts.session ?? "";
        const length = Number(request.headers.get("Content-Length") ?? Infinity);
        if (request.method === "PATCH" && short.has(session)) {
          throw refusal(
            "SIZE_INVALID",
            "PUSH-CHUNK-07",
            `chunks of ${bytes} bytes at least`,
            "a shorter one before this",
          );
        }
        const response = await registry(request);
        if (request.method === "PATCH" && response.status === 202 && length < bytes) short.add(session);
        if (request.method !== "POST" || response.status !== 202) return response;
        return answerLike(response, (headers) => headers.set("OCI-Chunk-Min-Length", String(bytes)));
      };
    },
  }),
  defineSwitch("quirk", {
    id: "chunk-max",
    sentence: "takes no chunk of more than this",
    met: ["https://github.com/ocx-sh/ocx/pull/237"],
    breaks: [],
    excludes: ["chunk-min-length"],
    parameters: {
      bytes: {
        type: "bytes",
        default: 4 * 1024 ** 2,
        range: [1, Infinity],
        sentence: "the length of the longest chunk",
      },
      status: { type: "number", default: 416, range: [400, 499], sentence: "the status" },
    },
    rows: ["end-5"],
    answer: ({ bytes, status }) => async ({ request, registry }) => {
      if (Number(request.headers.get("Content-Length") ?? 0) <= bytes) return registry(request);
      await request.body?.cancel();
      const options = { status: status as 416 };
      throw refusal("SIZE_INVALID", "PUSH-CHUNK-09", `a chunk of ${bytes} bytes at most`, "more", options);
    },
  }),
  defineSwitch("quirk", {
    id: "no-chunks",
    sentence: "takes blobs whole only, and no chunks",
    met: [
      "https://github.com/dotnet/sdk-container-builds/pull/287",
      "https://github.com/podman-container-tools/skopeo/issues/1101",
    ],
    breaks: ["PUSH-CHUNK-09", "PUSH-CHUNK-13"],
    rows: ["end-5"],
    answer: () => async ({ request, registry }) => {
      // A PATCH of all bytes without a range is how docker, skopeo and crane push, and works everywhere.
      if (!request.headers.has("Content-Range")) return registry(request);
      await request.body?.cancel();
      throw refusal("UNSUPPORTED", "PUSH-CHUNK-09", "the whole blob", "a chunk");
    },
  }),
  defineSwitch("quirk", {
    id: "mount-202",
    sentence: "mounts nothing, and opens an upload session",
    met: [
      "https://github.com/aws/containers-roadmap/issues/2860",
      "https://github.com/aws/containers-roadmap/issues/1459",
    ],
    breaks: [],
    rows: ["end-11"],
    answer: () => ({ request, name, registry }) =>
      registry(rewrite(request, { path: `/v2/${name}/blobs/uploads/`, body: null })),
  }),
  defineSwitch("quirk", {
    id: "unknown-types-refused",
    sentence: "refuses manifests whose config or layers have media types that it does not know",
    met: ["https://github.com/oras-project/oras/issues/738", "https://github.com/oras-project/oras/issues/129"],
    breaks: [],
    rows: ["PUSH-MANIFEST"],
    answer: () => async ({ request, registry }) => {
      const bytes = await request.bytes();
      const { config, layers } = (parse(bytes) ?? {}) as ImageManifest;
      const types = [config, ...(Array.isArray(layers) ? layers : [])].map((part) => part?.mediaType ?? "");
      const unknown = config === undefined ? undefined : types.find((type) => !KNOWN_TYPE.test(type));
      if (unknown === undefined) return registry(rewrite(request, { body: bytes }));
      throw refusal("MANIFEST_INVALID", "PUSH-MANIFEST-10", "the media types of images", unknown);
    },
  }),
  defineSwitch("quirk", {
    id: "delete-off",
    sentence: "deletes nothing",
    met: [
      "https://github.com/podman-container-tools/skopeo/issues/1880",
      "https://github.com/docker/hub-feedback/issues/2360",
      `${GGCR}/blobs.go#L516`,
    ],
    breaks: [],
    rows: ["end-9", "end-10"],
    answer: () => () => {
      throw refusal("UNSUPPORTED", "MGMT-02", "a pull or a push", "a delete", { headers: { Allow: "GET, HEAD, PUT" } });
    },
  }),
  defineSwitch("quirk", {
    id: "tag-delete-off",
    sentence: "deletes manifests by digest only",
    met: [
      "https://github.com/goharbor/harbor/pull/11971",
      "https://github.com/distribution/distribution/issues/1566",
    ],
    breaks: [],
    rows: ["MGMT-TAG"],
    answer: () => () => {
      throw refusal("UNSUPPORTED", "MGMT-04", "a digest", "a tag", { status: 400 });
    },
  }),
  defineSwitch("quirk", {
    id: "delete-unknown-tag-500",
    sentence: "fails if somebody deletes a tag that is not there",
    met: [`${EARLY}/internal/storage/storage.go#L191-L196`],
    breaks: [],
    rows: ["MGMT-TAG"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      return response.status === 404 ? serverError(500) : response;
    },
  }),
  defineSwitch("quirk", {
    id: "push-off",
    sentence: "takes nothing and deletes nothing: a registry that is read-only because it cannot write",
    met: [`${GGCR}/blobs.go#L352`, `${GGCR}/blobs.go#L455`],
    breaks: ["REQ-02"],
    rows: [...rowsOfSessions(), "PUSH-MANIFEST", "end-9", "end-10"],
    answer: () => async ({ request }) => {
      await request.body?.cancel();
      throw refusal("UNSUPPORTED", "REQ-01", "a pull", request.method, { headers: { Allow: "GET, HEAD" } });
    },
  }),
  defineSwitch("quirk", {
    id: "no-head",
    sentence: "does not answer HEAD of manifests",
    met: [
      "https://github.com/containerd/cri/issues/787",
      "https://github.com/distribution/distribution/issues/1485",
      `${EARLY}/main.go#L98`,
    ],
    breaks: ["PULL-HEAD-01", "PULL-HEAD-04"],
    rows: ["HEAD end-3"],
    answer: () => () => {
      throw refusal("UNSUPPORTED", "PULL-HEAD-01", "GET", "HEAD", { headers: { Allow: "GET" } });
    },
  }),
  defineSwitch("quirk", {
    id: "manifest-cap",
    sentence: "takes no manifest of more than this",
    met: [`${DISTRIBUTION}/registry/handlers/manifests.go#L31`, `${ZOT}/pkg/api/constants/consts.go#L25`],
    breaks: [],
    parameters: {
      bytes: {
        type: "bytes",
        default: 4 * 1024 ** 2,
        range: [1, Infinity],
        sentence: "the size of the largest manifest",
      },
      status: { type: "number", default: 413, range: [400, 499], sentence: "the status" },
    },
    rows: ["PUSH-MANIFEST"],
    answer: ({ bytes, status }) => async ({ request, registry }) => {
      const options = { status: status as 413 };
      const refuse = () => refusal("MANIFEST_INVALID", "PUSH-MANIFEST-22", `${bytes} bytes at most`, "more", options);
      if (Number(request.headers.get("Content-Length") ?? 0) > bytes) {
        await request.body?.cancel();
        throw refuse();
      }
      const body = await request.bytes();
      if (body.length > bytes) throw refuse();
      return registry(rewrite(request, { body }));
    },
  }),
  defineSwitch("quirk", {
    id: "guessed-blob-type",
    sentence: "guesses the Content-Type of a blob",
    met: [`${EARLY}/internal/registry/registry.go#L80-L86`],
    breaks: [],
    rows: ["end-2"],
    answer: () => async ({ request, registry }) => {
      const response = await registry(request);
      if (response.status !== 200) return response;
      const type = "application/vnd.docker.image.rootfs.diff.tar.gzip";
      return answerLike(response, (headers) => headers.set("Content-Type", type));
    },
  }),
  defineSwitch("quirk", {
    id: "no-catalog",
    sentence: "does not list its repositories",
    met: ["https://github.com/regclient/regclient/issues/539", "https://github.com/docker/hub-feedback/issues/2094"],
    breaks: [],
    rows: ["catalog"],
    answer: () => () => {
      throw refusal("UNSUPPORTED", "API-01", "a row of the API", "the catalog", { status: 404 });
    },
  }),
  defineSwitch("quirk", {
    id: "slash-needed",
    sentence: "does not know /v2 and …/blobs/uploads without a slash at the end",
    met: [`${EARLY}/main.go#L52`, `${ZOT}/pkg/api/routes.go#L188`],
    breaks: [],
    rows: ["end-1", "end-4a", "end-4b", "end-4c", "end-11"],
    answer: () => ({ request, question, registry }) => {
      if (question?.pathname.endsWith("/")) return registry(request);
      throw refusal("UNSUPPORTED", "API-01", `${question?.pathname}/`, question?.pathname ?? "", { status: 404 });
    },
  }),
  defineSwitch("quirk", {
    id: "warning",
    sentence: "warns with its answers (WithWarning of go-containerregistry)",
    met: [`${GGCR}/registry.go#L131-L138`],
    breaks: [],
    parameters: {
      text: { type: "text", default: "this registry will be switched off", sentence: "the text of the warning" },
    },
    answer: ({ text }) => async ({ request, registry }) =>
      answerLike(await registry(request), (headers) => {
        const quoted = text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&");
        headers.append("Warning", `299 - "${quoted}"`);
      }),
  }),
  defineSwitch("quirk", {
    id: "error-writer",
    sentence: "writes refusals in its own way (WriteError of ociserver): as plain text, or as a function does it",
    met: [`${OCISERVER}#L43-L49`, `${EARLY}/main.go#L98`],
    breaks: [],
    excludes: ["bare-error", "code-unknown"],
    parameters: {
      write: {
        type: "function",
        default: async (refusal: Response) => {
          const headers = new Headers(refusal.headers);
          headers.set("Content-Type", "text/plain; charset=utf-8");
          headers.delete("Content-Length");
          return new Response(`${await codeOf(refusal)}\n`, { status: refusal.status, headers });
        },
        sentence: "gets the refusal and the request, and returns another answer",
      },
    },
    answer: ({ write }) => async ({ request, registry }) => {
      const response = await registry(request);
      return response.status < 400 || request.method === "HEAD" ? response : await write(response, request);
    },
  }),
];

// The rows about upload sessions.
function rowsOfSessions(): string[] {
  return ["end-4a", "end-4b", "end-4c", "end-11", "end-5", "end-6", "end-13"];
}

interface ImageManifest {
  readonly config?: { readonly mediaType?: string };
  readonly layers?: readonly { readonly mediaType?: string }[];
}

// What quay.io took at the time, nearly: images of OCI and of Docker.
const KNOWN_TYPE = /^application\/vnd\.(?:oci\.image\.|docker\.(?:container\.)?image\.)/;

function without(...names: string[]): Answering {
  return async ({ request, registry }: Occasion) => withoutHeaders(await registry(request), ...names);
}

// What may stand in a URL that a header has.
const PRINTABLE = /^[\x21-\x7e]+$/;

// Refuses a text when its switch is turned on. Otherwise, the requests that it is about would fail.
function expectText(id: string, name: string, isRight: boolean, expected: string, text: string): void {
  if (!isRight) throw new SwitchError(`${expected} as ${name} of the switch ${id}`, `"${text}"`);
}

function withLocation(response: Response, change: (location: string) => string): Response {
  const location = response.headers.get("Location");
  if (location === null) return response;
  return answerLike(response, (headers) => headers.set("Location", change(location)));
}

function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (text, name) => values[name] ?? text);
}

async function codeOf(refusal: Response): Promise<RegistryError["code"] | "UNKNOWN"> {
  const { errors } = await refusal.json();
  return errors?.[0]?.code ?? "UNKNOWN";
}
