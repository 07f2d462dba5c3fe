/**
 * Addresses: where the page shows what.
 *
 *     /                                                     the live stories, and the graph
 *     /at/library/hello                                     a path on disk: a repository
 *     /at/library/hello/_tags/latest                        a tag
 *     /at/library/hello/sha256:7d1a…/manifest.json          a manifest; behind a "#", a place in it: #/layers/0
 *     /at/library/hello/sha256:9b4e…/layer.tar.gz!/etc/motd a file in a layer
 *     /graph/library/hello                                  the graph of a path on disk
 *     /diff?a=PATH&b=PATH                                   what is different in two images
 *     /story/ID   /rule/ID   /source/src/push/….ts          one story, one rule, one source
 *     /login?to=/at/library                                 asks for a name and a password, and leads back
 *     /lessons   /lessons/chunks?as=ana   /board            the lessons of a workshop, one lesson, and how far everybody is
 *     /samples?to=ana                                       small images to look at, and how to push them
 *     /guide                                                how to hold a workshop
 *     /live   /web/…                                        the stream of what happens, and the modules of the page itself
 *
 * The paths below `/at/` are those of the folder. So a person who knows one knows the other. Everything else belongs to the registry:
 * the spec has `/v2/` and no more.
 *
 * Next: context.ts
 *
 * @module
 */

/** The panels, and what else the page answers: each one has the first part of its addresses. */
export const KINDS = [
  "at",
  "graph",
  "diff",
  "story",
  "rule",
  "source",
  "lessons",
  "board",
  "samples",
  "guide",
  "login",
  "live",
  "web",
] as const;

/** What an address is about: `home` is `/`. */
export type Kind = "home" | typeof KINDS[number];

/** An address of the page. */
export interface PageAddress {
  /** What it is about. */
  readonly kind: Kind;
  /** What stands behind that, without percent signs: `library/hello` of `/at/library/hello`. */
  readonly rest: string;
  /** Its query. */
  readonly query: URLSearchParams;
}

/**
 * Reads an address. Returns `undefined` if it belongs to the registry, or is none at all.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { kind, rest } = parseAddress("/at/library/hello/_tags/latest", "")!;
 * assertEquals([kind, rest], ["at", "library/hello/_tags/latest"]);
 * assertEquals(parseAddress("/v2/", ""), undefined);
 * ```
 */
export function parseAddress(pathname: string, search: string): PageAddress | undefined {
  const query = new URLSearchParams(search);
  if (pathname === "/") return { kind: "home", rest: "", query };
  const [, first, rest = ""] = /^\/([a-z]+)(?:\/(.*))?$/s.exec(pathname) ?? [];
  const kind = KINDS.find((kind) => kind === first);
  const decoded = kind && decode(rest);
  return kind === undefined || decoded === undefined ? undefined : { kind, rest: decoded, query };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Returns the address of a path on disk. `pointer` is a JSON pointer into a manifest or a config.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(addressOf("library/hello/_tags/v1", "/layers/0"), "/at/library/hello/_tags/v1#/layers/0");
 * assertEquals(addressOf("a/layer.tar!/100%?"), "/at/a/layer.tar!/100%25%3F");
 * ```
 */
export function addressOf(path: string, pointer?: string): string {
  return `/at/${encode(path)}${pointer === undefined ? "" : `#${encode(pointer)}`}`;
}

/** Returns the address of the graph of a path on disk; of the empty path, the one of the whole registry. */
export function addressOfGraph(path: string, query: Readonly<Record<string, string>> = {}): string {
  const search = String(new URLSearchParams(query));
  return `/graph/${encode(path)}${search === "" ? "" : `?${search}`}`;
}

/** Returns the address of the comparison of two paths. */
export function addressOfDiff(a: string, b: string): string {
  return `/diff?${new URLSearchParams({ a, b })}`;
}

/** Returns the address of a story, by its id. */
export function addressOfStory(id: string): string {
  return `/story/${encode(id)}`;
}

/** Returns the address of a rule of the spec. */
export function addressOfRule(rule: string): string {
  return `/rule/${encode(rule)}`;
}

/**
 * Returns the address that asks for a name and a password, and then leads back to another one. `not` is the user that the person does
 * not want to be any more.
 */
export function addressOfLogin(to: string, not?: string): string {
  return `/login?${new URLSearchParams({ ...(not === undefined ? {} : { not }), to })}`;
}

/** Returns the address of the lessons of a learner. */
export function addressOfLessons(as: string): string {
  return `/lessons?${new URLSearchParams({ as })}`;
}

/** Returns the address of one lesson. */
export function addressOfLesson(id: string, as: string): string {
  return `/lessons/${encode(id)}?${new URLSearchParams({ as })}`;
}

/** Returns the address of a source file, such as `src/push/cancel_a_blob_upload.ts`. */
export function addressOfSource(file: string, line?: number): string {
  return `/source/${encode(file)}${line === undefined ? "" : `#L${line}`}`;
}

// ":" and "/" stay as they are, so that an address looks like the path on disk.
function encode(path: string): string {
  return encodeURIComponent(path).replace(/%(?:3A|2F|40|21)/g, decodeURIComponent);
}
