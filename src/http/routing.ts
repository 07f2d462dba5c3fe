/**
 * Routing: from a request to a row of the spec's table of endpoints, and from a row back to a URL.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#endpoints
 *
 * A row has the path nearly as the spec writes it, and matching needs nothing else:
 *
 *     /v2/<name>/blobs/uploads/?mount=<digest>
 *         ^ one part or more            ^ only if the query has "mount"
 *
 * A `<name>` has one part or more, and these may be words of the API: `a/blobs` is a repository. So the registry compares a
 * path with a row from the right end, where the row has fixed words. The parts that are left in the middle are the name:
 *
 *     /v2/<name>/blobs/<digest>
 *     /v2/a/blobs/blobs/sha256:2c26…      from the right: a digest, the word "blobs", and so "a/blobs" is the name
 *
 * A section gets the values of its row's placeholders by their names: `pullBlob(call, { name, digest })`. The type checker
 * makes sure that the row has them. `locationOf` builds URLs from the same rows, so the registry can read each URL that it
 * sends.
 *
 * Next: target.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { RegistryError } from "../api/error_codes.ts";
import type { Settings } from "../options.ts";
import type { RulesOfHeading } from "../spec/headings.ts";
import type { Call, Endpoint, Method } from "./call.ts";
import type { PlaceholdersIn, Texts, Values } from "./placeholders.ts";

/** Makes a row of the table. */
export function endpoint<const Text extends string>(
  id: string,
  method: Method,
  path: Text,
  heading: RulesOfHeading,
  answer: (call: Call, values: Values<PlaceholdersIn<Text>>) => Response | Promise<Response>,
): Endpoint {
  const [pathname, search] = path.split("?");
  // Some clients leave out the "/" at the end of "/v2/" and "/blobs/uploads/". A redirect would turn their POST into a GET.
  const paths = pathname.endsWith("/") ? [pathname, pathname.slice(0, -1)] : [pathname];
  const patterns = paths.map((path) => path.slice(1).split("/"));
  return { id, method, path, heading, answer, patterns, parameters: [...new URLSearchParams(search ?? "")] };
}

/** Returns the URL of a row with these values: its path, after the origin if the settings have one. */
export function locationOf(call: Call, id: string, values: Partial<Values>): string {
  return call.settings.origin + pathOf(call, id, values);
}

/** Returns the value of a `Link` header to the next page of a row's list (RFC 8288). It is relative to the host. */
export function linkToNext(
  call: Pick<Call, "endpoints">,
  id: string,
  values: Partial<Values>,
  parameters: readonly (readonly [name: string, value: string])[],
): string {
  const path = pathOf(call, id, values);
  return `<${path}?${new URLSearchParams(parameters.map(([name, value]) => [name, value]))}>; rel="next"`;
}

function pathOf(call: Pick<Call, "endpoints">, id: string, values: Partial<Values>): string {
  const { path } = call.endpoints.find((row) => row.id === id)!;
  const texts: Texts = values;
  return path.split("?")[0].replace(/<[^>]*>/g, (placeholder) => texts[KINDS[placeholder]] ?? "");
}

const KINDS: Readonly<Record<string, keyof Values>> = {
  "<name>": "name",
  "<tag>": "tag",
  "<digest>": "digest",
  "<tag-or-digest>": "tagOrDigest",
  "<session>": "session",
  "<algorithm>": "algorithm",
};

/** A row that matches a request, and the texts of its placeholders. */
export interface Match {
  /** The row. */
  readonly endpoint: Endpoint;
  /** The texts of its placeholders. */
  readonly texts: Texts;
}

/**
 * Finds the first row that matches the method, the path and the query of a request. If `HEAD` has no row of its own on a
 * path, the row of `GET` answers it (RFC 9110 section 9.3.2).
 *
 * @throws {RegistryError} 404 if no row has this path, 405 with `Allow` if none has it with this method.
 */
export function findEndpoint(call: Call, pathname: string): Match {
  const { endpoints } = call;
  const match = matchEndpoint(call, pathname);
  if (match !== undefined) return match;
  const segments = segmentsOf(pathname);
  if (endpoints.some((row) => matchPath(row, segments))) throw methodNotAllowed(call, pathname);
  const word = similarWord(endpoints, segments);
  const hint = word === undefined ? "" : `; did you mean "${word}"?`;
  throw new RegistryError(
    "UNSUPPORTED",
    { rule: "API-01", expected: `a path of the spec's table of endpoints${hint}`, actual: pathname },
    { status: STATUS_CODE.NotFound },
  );
}

/** Finds the same row as {@linkcode findEndpoint}, or returns `undefined`. */
export function matchEndpoint(call: Asked, pathname: string): Match | undefined {
  const { request: { method } } = call;
  const segments = segmentsOf(pathname);
  return matchRows(call, method, segments) ?? (method === "HEAD" ? matchRows(call, "GET", segments) : undefined);
}

/** What decides about the row of a request. */
export type Asked = Pick<Call, "endpoints" | "query" | "request">;

/**
 * Makes sure that an endpoint is switched on.
 *
 * @throws {RegistryError} 405 with `Allow` if it is not.
 */
export function expectSwitchedOn(
  call: Asked & { readonly settings: WhatIsOff },
  endpoint: Endpoint,
  pathname: string,
): void {
  if (isSwitchedOn(endpoint, call.settings)) return;
  const { readOnly } = call.settings;
  throw methodNotAllowed(
    call,
    pathname,
    readOnly ? "this registry serves pulls only" : "this registry deletes nothing",
  );
}

// The settings that switch endpoints off.
type WhatIsOff = Pick<Settings, "readOnly" | "noDelete">;

// MGMT-02: `noDelete` switches off deletion, but not end-14: cancelling an upload deletes no content. `readOnly` switches off
// everything that is not a pull, cancelling included.
function isSwitchedOn({ id, method }: Endpoint, { readOnly, noDelete }: WhatIsOff): boolean {
  if (readOnly && method !== "GET" && method !== "HEAD") return false;
  return !noDelete || method !== "DELETE" || id === "end-14";
}

// `Allow` lists the methods that are switched on for this path. If there are none, it is empty (RFC 9110 section 10.2.1).
function methodNotAllowed(
  { endpoints, request, settings }: Asked & { readonly settings: WhatIsOff },
  pathname: string,
  why = "",
): RegistryError {
  const segments = segmentsOf(pathname);
  const rows = endpoints.filter((row) => matchPath(row, segments) && isSwitchedOn(row, settings));
  const methods = new Set<string>(rows.map((row) => row.method));
  if (methods.has("GET")) methods.add("HEAD");
  const allowed = [...methods].join(", ");
  return new RegistryError(
    "UNSUPPORTED",
    {
      rule: "API-01",
      expected: [allowed || "nothing on this path", why].filter(Boolean).join(": "),
      actual: request.method,
    },
    { headers: { Allow: allowed } },
  );
}

// Returns a word of the API that one part of the path misses by an "s": "blobs" if it has "blob".
function similarWord(endpoints: readonly Endpoint[], segments: readonly string[]): string | undefined {
  const words = new Set(
    endpoints.flatMap(({ patterns }) => patterns[0]).filter((word) => /^_?[a-z0-9]{2,}$/.test(word)),
  );
  const near = (text: string, word: string) => text !== word && (text === `${word}s` || `${text}s` === word);
  return segments[0] === "v2"
    ? [...words].find((word) => segments.some((text) => near(text.toLowerCase(), word)))
    : "/v2/…";
}

// Returns the first row of this method that matches. If every such row needs a query parameter that is missing, returns the
// last of them: the section then refuses the request and names the parameter.
function matchRows({ endpoints, query }: Asked, method: string, segments: readonly string[]): Match | undefined {
  let nearest: Match | undefined;
  for (const endpoint of endpoints) {
    const pattern = endpoint.method === method ? matchPath(endpoint, segments) : undefined;
    if (pattern === undefined) continue;
    nearest = { endpoint, texts: textsOf(endpoint, pattern, segments, query) };
    if (endpoint.parameters.every(([name]) => query.has(name))) return nearest;
  }
  return nearest;
}

// If a segment cannot be decoded, or has a "/" after decoding, it stays as it is. Then it has a "%" in it, which no grammar
// allows.
function segmentsOf(pathname: string): string[] {
  return pathname.slice(1).split("/").map(decodeSegment);
}

function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    const decoded = decodeURIComponent(segment);
    return decoded.includes("/") ? segment : decoded;
  } catch (error) {
    if (error instanceof URIError) return segment;
    throw error;
  }
}

function matchPath({ patterns }: Endpoint, segments: readonly string[]): readonly string[] | undefined {
  return patterns.find((pattern) => fits(pattern, segments));
}

// Compares a row with a request, from the right. `more` is how many parts the name has beyond its first one, so each part
// behind the name stands that much further to the right in the request. Most rows do not match, and their last words show
// it soonest.
function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  const more = segments.length - pattern.length;
  const hasName = pattern[1] === NAME;
  if (hasName ? more < 0 : more !== 0) return false;
  for (let i = pattern.length - 1; i >= 0; i--) {
    if (pattern[i] === NAME) continue;
    const text = segments[i > 1 ? i + more : i];
    // A tag never has a ":", and a digest always has one. Text with a ":" that is no digest is a bad digest, and not a tag.
    const isFit = pattern[i].startsWith("<")
      ? text !== "" && !(pattern[i] === "<tag>" && text.includes(":"))
      : text === pattern[i];
    if (!isFit) return false;
  }
  return true;
}

// If a row has a name, it is the second segment: "/v2/<name>/…". It stands for one segment of a request or more.
const NAME = "<name>";

function textsOf(
  { parameters }: Endpoint,
  pattern: readonly string[],
  segments: readonly string[],
  query: URLSearchParams,
): Texts {
  const more = segments.length - pattern.length;
  const texts: Texts = {};
  for (const [i, part] of pattern.entries()) {
    if (part === NAME) texts.name = segments.slice(i, i + more + 1).join("/");
    else if (part.startsWith("<")) texts[KINDS[part]] = segments[i > 1 ? i + more : i];
  }
  for (const [name, placeholder] of parameters) {
    if (placeholder !== "") texts[KINDS[placeholder]] = query.get(name) ?? undefined;
  }
  return texts;
}
