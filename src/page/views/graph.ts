/**
 * The view of the graph: the same as a list.
 *
 *     latest, v1   tag
 *     └── 7d1a4c0e2b9f…   image, linux/amd64   584 B
 *         ├── c3f2a19d05e7…   config   1.1 KiB
 *         ├── 9b4e0fd27c1a…   layer, tar+gzip   3.2 MiB   a file with 2 names
 *         └── e07c83b1d5f6…   text/x-note   612 B   refers to it
 *
 * The server writes this list, and it is complete. If the browser runs the page's modules, `web/graph.ts` draws the boxes in its
 * place, and a button goes from one to the other. Only one of the two is there at a time, for eyes and for a screen reader.
 *
 * Next: ../home.ts
 *
 * @module
 */

import { shorten } from "../../definitions/printable.ts";
import { counted, formatBytes } from "../../definitions/size.ts";
import { addressOf, addressOfGraph } from "../addresses.ts";
import type { Box, BoxKind, Edge, GraphFacts, GraphRepository } from "../graph_facts.ts";
import { element, type Markup } from "../markup.ts";

/** The title. */
export function titleOf({ path }: GraphFacts): string {
  return path === "" ? "Graph" : `Graph of ${path}`;
}

/** What is to be seen. */
export function view(facts: GraphFacts): Markup {
  return [element("h1", {}, facts.path === "" ? "All repositories" : facts.path), graphView(facts)];
}

/** Each kind of box: its sign, its name, and what it is. */
export const LEGEND: Readonly<
  Record<BoxKind, { readonly sign: string; readonly name: string; readonly what: string }>
> = {
  tag: { sign: "#", name: "tag", what: "a name that points to a manifest, and can be moved" },
  index: { sign: "⊞", name: "index", what: "a manifest that points to other manifests, one for each platform" },
  manifest: { sign: "▣", name: "image", what: "a manifest that points to a config and to layers; other artifacts too" },
  referrer: {
    sign: "↰",
    name: "referrer",
    what: "a manifest that says something about the one above it, such as a signature",
  },
  config: { sign: "{}", name: "config", what: "how to run the image, as JSON" },
  layer: { sign: "≡", name: "layer", what: "files of the image, packed" },
  blob: { sign: "▪", name: "blob", what: "bytes that no manifest here calls a config or a layer" },
  session: { sign: "⇡", name: "upload", what: "bytes on their way; they become a blob" },
};

/** The graph as a part of a page: the list, what is left out, and the legend. */
export function graphView(facts: GraphFacts): Markup {
  const { address, repositories } = facts;
  return element(
    "section",
    { class: "graph", "aria-label": "Graph", "data-island": "graph", "data-source": address },
    element("h2", { "data-key": "heading" }, "Graph"),
    element("p", { class: "graph-summary", "data-key": "summary" }, summaryOf(facts)),
    filterForm(facts),
    element("div", { class: "graph-list", "data-key": "list" }, listOf(facts)),
    element("div", { class: "graph-more", "data-key": "more" }, moreOf(facts)),
    repositories.length > 0 && legend(),
  );
}

// Without JavaScript, it leads to the address of the graph itself. The graph of a moment is shown as a whole.
function filterForm({ path, address, filter }: GraphFacts): Markup {
  if (address.includes("at=")) return undefined;
  return element(
    "form",
    {
      role: "search",
      "aria-label": "Filter of the graph",
      class: "graph-filter",
      "data-key": "filter",
      action: addressOfGraph(path),
    },
    element(
      "label",
      {},
      "Only names with ",
      element("input", { type: "search", name: "filter", value: filter, maxlength: 255, spellcheck: "false" }),
    ),
    element("button", { type: "submit" }, "Show"),
  );
}

/** Says in a sentence what the graph has. */
export function summaryOf({ repositories, boxes, filter, more }: GraphFacts): string {
  if (repositories.length === 0) {
    return filter === ""
      ? "There is nothing yet. The first push will be seen here."
      : `Nothing has “${filter}” in its name.`;
  }
  const numbers = (["tags", "contents", "sessions"] as const).map((what) =>
    repositories.reduce((sum, repository) => sum + repository[what], 0)
  );
  const parts = [
    counted(repositories.length, "repository", "repositories"),
    counted(numbers[0], "tag"),
    counted(numbers[1], "manifest or blob", "manifests and blobs"),
    ...(numbers[2] > 0 ? [counted(numbers[2], "upload")] : []),
  ];
  // A part of the repositories has no more than that part of the tags.
  const shown = repositories.length > 1 && more.length > 0 ? "Shown are " : "";
  return `${shown}${parts.join(", ")}.${boxes.length === 0 ? " Open a repository to see what is in it." : ""}`;
}

/** Says what is left out. */
export function moreOf({ more }: GraphFacts): Markup {
  if (more.length === 0) return undefined;
  return [
    element("p", {}, "Not shown:"),
    element(
      "ul",
      {},
      more.map(({ text, address }) =>
        element("li", {}, address === undefined ? text : element("a", { href: address }, text))
      ),
    ),
  ];
}

function legend(): Markup {
  const rows = Object.entries(LEGEND).map(([kind, { sign, name, what }]) => [
    element("dt", {}, element("span", { class: `graph-sign ${kind}`, "aria-hidden": "true" }, sign), ` ${name}`),
    element("dd", {}, what),
  ]);
  return element(
    "details",
    { class: "graph-legend", "data-key": "legend" },
    element("summary", {}, "Signs"),
    element(
      "dl",
      {},
      rows,
      element("dt", {}, element("span", { class: "graph-sign unneeded", "aria-hidden": "true" }), " dots around it"),
      element("dd", {}, "no tag and no manifest needs it; a garbage collection may remove it"),
      element("dt", {}, element("span", { class: "graph-sign missing", "aria-hidden": "true" }, "✕"), " crossed"),
      element("dd", {}, "it is not there, or it cannot be read"),
      element("dt", {}, "="),
      element("dd", {}, "one file with several names: other repositories have it too, and it takes its space once"),
    ),
  );
}

/** Returns the text of a box. */
export function textOf({ kind, name }: Pick<Box, "kind" | "name">): string {
  if (kind === "tag") return shorten(name);
  if (kind === "session") return `${name.slice(0, 8)}…`;
  const encoded = name.slice(name.indexOf(":") + 1);
  return encoded.length > 16 ? `${encoded.slice(0, 12)}…` : encoded;
}

/** Returns what there is to say about a box, besides its text: its kind, its size, and what is unusual. */
export function notesOn({ kind, what, size, needers, names, more, fault }: Box): string[] {
  const about = kind === "referrer" ? "referrer: " : "";
  return [
    about + what,
    ...(size === undefined ? [] : [formatBytes(size)]),
    ...(names === undefined ? [] : [`one file with ${names} names`]),
    ...(needers === 0 ? ["nobody needs it"] : []),
    ...(more === undefined ? [] : [`${counted(more, "more part")} not shown`]),
    ...(fault === undefined ? [] : [fault]),
  ];
}

// A list in lists in lists … is cut here; a browser would flatten it somewhere.
const DEEPEST = 20;

/** The same as the boxes and edges, as a list. */
export function listOf(facts: GraphFacts): Markup {
  const { repositories, boxes } = facts;
  if (repositories.length === 0) return undefined;
  if (boxes.length === 0) return element("ul", { class: "graph-repositories" }, repositories.map(closed));
  const all = Map.groupBy(boxes, ({ repository }) => repository);
  const nested = new NestedList(facts);
  return repositories.map(({ name }) => [
    element("h3", {}, element("a", { href: addressOf(name) }, name)),
    nested.of(all.get(name) ?? []),
  ]);
}

function closed({ name, tags, contents, sessions }: GraphRepository): Markup {
  const uploads = sessions > 0 ? `, ${counted(sessions, "upload")}` : "";
  return element(
    "li",
    { "data-key": name },
    element(
      "a",
      { href: addressOfGraph(name), class: "graph-box repository" },
      element("b", {}, name),
      " ",
      element(
        "span",
        { class: "graph-what" },
        `${counted(tags, "tag")}, ${counted(contents, "manifest or blob", "manifests and blobs")}${uploads}`,
      ),
    ),
  );
}

// The lists of some repositories. What is below a box is shown where the box comes first.
class NestedList {
  readonly #boxes: ReadonlyMap<string, Box>;
  readonly #down: ReadonlyMap<string, readonly Edge[]>;
  readonly #up: ReadonlyMap<string, readonly Edge[]>;
  readonly #shown = new Set<string>();

  constructor({ boxes, edges }: GraphFacts) {
    this.#boxes = new Map(boxes.map((box) => [box.path, box]));
    this.#down = Map.groupBy(edges, ({ from }) => from);
    this.#up = Map.groupBy(edges, ({ to }) => to);
  }

  of(boxes: readonly Box[]): Markup {
    const isBelow = ({ path, kind }: Box) =>
      kind === "tag" || (this.#up.get(path) ?? []).some(({ kind }) => kind !== "attests" && kind !== "subject") ||
      (this.#down.get(path) ?? []).some(({ kind }) => kind === "subject");
    const byTarget = Map.groupBy(
      boxes.filter(({ kind }) => kind === "tag"),
      ({ path }) => this.#down.get(path)?.[0].to,
    );
    return element(
      "ul",
      {},
      [...byTarget].map(([target, tags]) =>
        element(
          "li",
          {},
          tags.map((tag, at) => [at > 0 && ", ", this.#link(tag)]),
          element(
            "span",
            { class: "graph-what" },
            tags.length === 1 ? " tag" : " tags",
            tags[0].fault && `, ${tags[0].fault}`,
          ),
          target !== undefined && element("ul", {}, this.#item(this.#boxes.get(target)!, 1)),
        )
      ),
      boxes.filter((box) => !isBelow(box)).map((box) => this.#item(box, 0)),
      // Files that were made by hand can point to each other in a circle.
      boxes.filter(({ path, kind }) => kind !== "tag" && !this.#shown.has(path)).map((box) =>
        !this.#shown.has(box.path) && this.#item(box, 0)
      ),
    );
  }

  #item(box: Box, depth: number, role = ""): Markup {
    const parts = (this.#down.get(box.path) ?? []).filter(({ kind }) => kind !== "subject" && kind !== "attests");
    const referrers = (this.#up.get(box.path) ?? []).filter(({ kind }) => kind === "subject");
    const isAgain = this.#shown.has(box.path) && parts.length + referrers.length > 0;
    this.#shown.add(box.path);
    const isDeep = depth > DEEPEST;
    return element(
      "li",
      {},
      this.#link(box),
      element("span", { class: "graph-what" }, ` ${notesOn(box).join(", ")}${role}${isAgain ? ", see above" : ""}`),
      isDeep && parts.length > 0 && [" ", element("a", { href: addressOfGraph(box.path) }, "what is in it")],
      !isAgain && !isDeep && parts.length + referrers.length > 0 && element(
        "ul",
        {},
        parts.map(({ to }) => this.#item(this.#boxes.get(to)!, depth + 1)),
        referrers.map(({ from }) => this.#item(this.#boxes.get(from)!, depth + 1, ", refers to it")),
      ),
    );
  }

  #link(box: Box): Markup {
    return element("a", { href: addressOf(box.path) }, element(box.kind === "tag" ? "span" : "code", {}, textOf(box)));
  }
}
