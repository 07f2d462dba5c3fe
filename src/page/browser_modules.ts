/**
 * The modules that the browser loads: those of `web/`, the views, and what both need.
 *
 *     GET /web/page/web/main.ts      src/page/web/main.ts, without its types
 *       import "../views/home.ts"    src/page/views/home.ts
 *       import "../markup.ts"        src/page/markup.ts
 *
 * There is no build. The browser gets each module as it stands in the source, only without the types, which Node's
 * `stripTypeScriptTypes` takes away (https://nodejs.org/api/module.html#modulestriptypescripttypescode-options), and without the lines
 * that are comments: each line keeps its number. An address is the path below `src/`, so the modules find each other by the same paths as
 * in the source. A browser gets them compressed, and only if they have changed since it has asked last.
 *
 * Next: web/main.ts
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";
import { type Digest, digestOf, HASHES } from "../definitions/digest.ts";
import { etagOf } from "../http/etag.ts";
import { isNotModified } from "../http/preconditions.ts";
import { readOwnFile } from "./own_files.ts";

/** What the browser may load besides `page/web/` and `page/views/`. A test sees that these are all, and that they need nothing of Deno. */
export const SHARED_MODULES: readonly string[] = [
  "archive/tar_kind.ts",
  "definitions/printable.ts",
  "definitions/size.ts",
  "giving_way.ts",
  "page/addresses.ts",
  "page/feed.ts",
  "page/graph_layout.ts",
  "page/graph_ways.ts",
  "page/markup.ts",
  "spec/headings.ts",
  "stories/action.ts",
  "stories/action_words.ts",
  "stories/actions.ts",
  "stories/doing.ts",
  "stories/why.ts",
];

const TYPES: Readonly<Record<string, string>> = {
  ts: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

// What the browser gets of a file.
interface SentFile {
  readonly text: string;
  readonly digest: Digest;
  readonly gzip: Uint8Array<ArrayBuffer>;
}

// Each file as it was sent last. They are as many as there are modules.
const sent = new Map<string, SentFile>();

/** Answers a request for a file of the page. Returns `undefined` if the browser has no use for this one. */
export async function answerWithModule(request: Request, path: string): Promise<Response | undefined> {
  const [, extension] = /\.(ts|css|svg)$/.exec(path) ?? [];
  if (extension === undefined) return undefined;
  if (!/^page\/(?:web|views)\//.test(path) && !SHARED_MODULES.includes(path)) return undefined;
  const source = await readOwnFile(path);
  if (source === undefined) return undefined;
  const { text, digest, gzip } = await sentOf(path, withoutComments(source));
  // It is the same content in both forms, but not the same bytes. So the entity tag is a weak one.
  const etag = `W/${etagOf(digest)}`;
  const headers = {
    "Content-Type": TYPES[extension],
    "Cache-Control": "no-cache",
    ETag: etag,
    Vary: "Accept-Encoding",
  };
  if (isNotModified(request, digest)) return new Response(null, { status: 304, headers });
  const takesGzip = TAKES_GZIP.test(request.headers.get("Accept-Encoding") ?? "");
  const answer = new Response(takesGzip ? gzip : text, { headers });
  if (takesGzip) answer.headers.set("Content-Encoding", "gzip");
  return answer;
}

// The coding, and no weight of 0 behind it.
const TAKES_GZIP = /(?:^|,)\s*gzip\s*(?:,|$|;(?!\s*q=0(?:\.0*)?\s*(?:,|$)))/i;

// A person may edit a file while the registry runs.
async function sentOf(path: string, source: string): Promise<SentFile> {
  const text = path.endsWith(".ts") ? stripTypeScriptTypes(source) : source;
  const known = sent.get(path);
  if (known?.text === text) return known;
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  const gzip = await new Response(stream).bytes();
  const made = { text, digest: digestOf(HASHES, "sha256", new TextEncoder().encode(text)), gzip };
  sent.set(path, made);
  return made;
}

/** The lines that are comments as a whole. A test shows for each module that nothing else looks like one, such as a line of a text. */
export const COMMENT_LINES = /^[ \t]*(?:\/\/.*|\/\*(?:(?!\*\/)[^])*\*\/[ \t]*)$/gm;

/**
 * Returns a source without the lines that are comments as a whole: they are empty then, so that each line keeps its number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(withoutComments("/**\n * One.\n *\/\nconst one = 1; // one\n"), "\n\n\nconst one = 1; // one\n");
 * ```
 */
export function withoutComments(source: string): string {
  return source.replace(COMMENT_LINES, (comment) => comment.replace(/[^\n]+/g, ""));
}
