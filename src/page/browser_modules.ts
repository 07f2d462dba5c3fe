/**
 * The modules that the browser loads: those of `web/`, the views, and what both need.
 *
 *     GET /web/page/web/main.ts      src/page/web/main.ts, without its types
 *       import "../views/home.ts"    src/page/views/home.ts
 *       import "../markup.ts"        src/page/markup.ts
 *
 * There is no build. The browser gets each module as it stands in the source, only without the types, which Node's
 * `stripTypeScriptTypes` takes away (https://nodejs.org/api/module.html#modulestriptypescripttypescode-options): each line keeps its
 * number. An address is the path below `src/`, so the modules find each other by the same paths as in the source.
 *
 * Next: web/main.ts
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";
import { readOwnFile } from "./own_files.ts";

/** What the browser may load besides `page/web/` and `page/views/`. A test sees that these are all, and that they need nothing of Deno. */
export const SHARED_MODULES: readonly string[] = [
  "definitions/printable.ts",
  "definitions/size.ts",
  "giving_way.ts",
  "page/addresses.ts",
  "page/feed.ts",
  "page/graph_layout.ts",
  "page/graph_ways.ts",
  "page/markup.ts",
  "spec/headings.ts",
  "stories/actions.ts",
  "stories/why.ts",
];

const TYPES: Readonly<Record<string, string>> = {
  ts: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Answers a request for a file of the page. Returns `undefined` if the browser has no use for this one. */
export async function answerWithModule(path: string): Promise<Response | undefined> {
  const [, extension] = /\.(ts|css|svg)$/.exec(path) ?? [];
  if (extension === undefined) return undefined;
  if (!/^page\/(?:web|views)\//.test(path) && !SHARED_MODULES.includes(path)) return undefined;
  const text = await readOwnFile(path);
  if (text === undefined) return undefined;
  const headers = { "Content-Type": TYPES[extension], "Cache-Control": "no-cache" };
  return new Response(extension === "ts" ? stripTypeScriptTypes(text) : text, { headers });
}
