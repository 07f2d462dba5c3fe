/**
 * Names: what the wrappers `only` and `under` have in common. Each shows a client some of the repositories, perhaps with other names.
 *
 *     client's name     name inside
 *     hello             team/hello         under("team")
 *     team/hello        team/hello         only("team/")
 *     other/hello       (not shown)        only("team/")
 *
 * The name stands in the path of nearly every request and in `from` of a mount. It comes back in `Location`, `Link`, the list of tags,
 * the catalog, and the details of refusals. A repository that is not shown looks as if it were not there, and nobody can push to it.
 *
 * Next: only.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { RegistryError } from "../api/error_codes.ts";
import { OCI_INDEX } from "../definitions/manifest.ts";
import { LONGEST_NAME, NAME_FORM, parseName } from "../definitions/name.ts";
import type { Peer } from "../http/peer.ts";
import type { Registry, Wrapper } from "../registry.ts";
import { answerLike, digestAt, headOf, orRefusal, requestLike } from "./asking.ts";
import { type Question, questionOf, refuse } from "./composing.ts";
import { answerWithPage, CATALOG, entriesOf } from "./lists.ts";

/** The repositories that a client sees. */
export interface Names {
  /** What all names inside begin with. */
  readonly prefix: string;
  /** What the client may use, in words, for refusals. */
  readonly expected: string;
  /** Returns the name inside for a name of the client; `undefined` if the client does not see such a repository. */
  inside(name: string): string | undefined;
  /** Returns the client's name for a name inside; `undefined` if the client does not see it. */
  outside(name: string): string | undefined;
}

/**
 * Reads a prefix of names: a name, with or without a "/" at its end.
 *
 * @throws {RangeError} if it is malformed.
 */
export function parsePrefix(prefix: string): string {
  const name = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  if (parseName(name) !== undefined) return prefix;
  throw new RangeError(
    `a prefix is ${NAME_FORM}; with or without a "/" at its end; not "${prefix.slice(0, LONGEST_NAME)}"`,
  );
}

/** Shows a client only these repositories. */
export function shown(names: Names): Wrapper {
  return (registry) => async (request, peer) => {
    const question = questionOf(request);
    if (question?.id === "catalog") {
      return await orRefusal(request, () => listShown(names, registry, request, peer));
    }
    const name = question?.texts.name;
    // The registry refuses what is no name, and a path that it does not have.
    if (question === undefined || name === undefined || parseName(name) === undefined) {
      return await registry(request, peer);
    }
    const inside = names.inside(name);
    if (inside === undefined) return hidden(names, request, question, name);
    if (question.id === "end-11") {
      return await orRefusal(request, () => mountShown(names, registry, request, peer, question, inside));
    }
    if (inside === name) return await registry(request, peer);
    const path = pathWith(question, inside) + question.search;
    const renames = new Map([[inside, name]]);
    // Only the list itself shows how long it is with another name in it.
    if (request.method === "HEAD" && question.heading === "DISC-TAGS") {
      const list = await registry(requestLike(request, { path, method: "GET" }), peer);
      return await headOf(await renamed(list, question, renames));
    }
    const response = await registry(requestLike(request, { path }), peer);
    return await renamed(response, question, renames);
  };
}

// Returns the path of a question with another name. The rest of it stays as the client has sent it.
function pathWith({ pathname, texts: { name = "" } }: Question, inside: string): string {
  const rest = pathname.split("/").slice(2 + name.split("/").length);
  return ["", "v2", inside, ...rest].join("/");
}

// A repository that is not shown looks as if it were not there.
function hidden(
  { expected }: Names,
  request: Request,
  { heading, search }: Question,
  name: string,
): Response {
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (!isRead) {
    return refuse(request, new RegistryError("DENIED", { rule: "API-ERR-I12", expected, actual: name }));
  }
  if (heading !== "DISC-REFERRERS") {
    return refuse(request, new RegistryError("NAME_UNKNOWN", { rule: "DEF-I01", expected, actual: name }));
  }
  // DISC-REFERRERS-02: this is never a 404.
  const hasFilter = new URLSearchParams(search).getAll("artifactType").some((type) => type !== "");
  const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
  const headers = {
    "Content-Type": OCI_INDEX,
    "X-Content-Type-Options": "nosniff",
    ...(hasFilter ? { "OCI-Filters-Applied": "artifactType" } : {}),
    ...(request.method === "HEAD" ? { "Content-Length": String(body.length) } : {}),
  };
  return new Response(request.method === "HEAD" ? null : body, { headers });
}

async function listShown(
  names: Names,
  registry: Registry,
  request: Request,
  peer: Peer | undefined,
): Promise<Response> {
  return await answerWithPage(
    request,
    CATALOG,
    {},
    ({ size, last }) => shownNames(names, registry, request, peer, last, size),
  );
}

// Yields the names that the client sees, after `last`, in the order of the names inside. Both orders are the same, because a prefix
// changes nothing about it.
async function* shownNames(
  { prefix, inside, outside }: Names,
  registry: Registry,
  request: Request,
  peer: Peer | undefined,
  last = "",
  size?: number,
): AsyncGenerator<string> {
  const before = prefix.slice(0, -1);
  const lastInside = last === "" ? "" : inside(last) ?? last;
  const after = lastInside > before ? lastInside : before;
  for await (const name of entriesOf(registry, request, peer, CATALOG, { size, last: after })) {
    if (name > prefix && !name.startsWith(prefix)) return;
    const client = outside(name);
    if (client !== undefined) yield client;
  }
}

// A mount must not bring content of a repository that the client does not see. With an empty `from`, the registry looks nowhere.
async function mountShown(
  names: Names,
  registry: Registry,
  request: Request,
  peer: Peer | undefined,
  question: Question,
  inside: string,
): Promise<Response> {
  const { search, texts: { name = "", digest = "" } } = question;
  const query = new URLSearchParams(search);
  const from = query.get("from") ?? await sourceOf(names, registry, request, peer, digest);
  const source = from === undefined || parseName(from) === undefined ? undefined : names.inside(from);
  query.set("from", source ?? "");
  const path = `${pathWith(question, inside)}?${query}`;
  const response = await registry(requestLike(request, { path }), peer);
  const renames = new Map([[inside, name]]);
  if (from !== undefined && source !== undefined) renames.set(source, from);
  return await renamed(response, question, renames);
}

// PUSH-MOUNT-06 and -07: without `from`, the blob may come from any repository that the client sees.
async function sourceOf(
  names: Names,
  registry: Registry,
  request: Request,
  peer: Peer | undefined,
  digest: string,
): Promise<string | undefined> {
  for await (const name of shownNames(names, registry, request, peer)) {
    const path = `/v2/${names.inside(name)}/blobs/${encodeURIComponent(digest)}`;
    if (await digestAt(registry, request, peer, path) !== undefined) return name;
  }
}

// Puts the client's names into an answer, in place of those inside.
async function renamed(
  response: Response,
  { heading }: Question,
  renames: ReadonlyMap<string, string>,
): Promise<Response> {
  const different = [...renames].filter(([inside, outside]) => inside !== outside);
  if (different.length === 0) return response;
  const inText = (text: string) => different.reduce((text, [inside, outside]) => rename(text, inside, outside), text);
  const hasNames = response.status >= 400 || (heading === "DISC-TAGS" && response.status === STATUS_CODE.OK);
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const body = hasNames && isJson && response.body !== null
    ? JSON.stringify(inStrings(await response.json(), inText))
    : undefined;
  return answerLike(response, (headers) => {
    for (const header of ["Location", "Link", "Warning"]) {
      const value = headers.get(header);
      if (value !== null) headers.set(header, inText(value));
    }
  }, body);
}

// Replaces a name in a text, and not a part of a longer name. In a URL it stands between "/v2/" and another "/".
function rename(text: string, inside: string, outside: string): string {
  const name = inside.replaceAll(".", "\\.");
  return text.replace(new RegExp(`(?<=/v2/)${name}(?=/)|(?<![\\w./-])${name}(?![\\w/-]|\\.\\w)`, "g"), outside);
}

function inStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((entry) => inStrings(entry, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, inStrings(entry, change)]));
}
