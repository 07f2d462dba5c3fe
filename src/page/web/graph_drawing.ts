/**
 * The drawing of the graph: boxes as links, edges under them, and the ways of a person through them.
 *
 *     scroller                        scrolls, and can have the focus
 *     └── plane                       as large as the layout
 *         ├── titles, names           of the columns and the repositories
 *         ├── svg                     the edges
 *         └── a, a, a, …              the boxes, in the order of the layout
 *
 * Only what is in sight is drawn, and a little around it. When a person points at a box or comes to it with the keyboard, all that
 * needs it and all that it needs stands out, also in other repositories that have the same file.
 *
 *     → ←          along the edges: to what a box needs, and to what needs it
 *     ↑ ↓          to the neighbours in the column
 *     Home End     to the first box and to the last one
 *     Enter        opens the box; it is a link
 *     Escape       nothing stands out any more
 *
 * Positions are set through the object model of the browser, because the policy of the page forbids styles in the document. They
 * are in `rem`, so that everything grows with the texts.
 *
 * Next: tree.ts
 *
 * @module
 */

import { addressOf } from "../addresses.ts";
import type { Box, Edge, Graph } from "../graph_facts.ts";
import { BOX, type BoxPlace, type GraphLayout } from "../graph_layout.ts";
import { element } from "../markup.ts";
import { LEGEND, notesOn, textOf } from "../views/graph.ts";
import { create, show } from "./showing.ts";

const SVG = "http://www.w3.org/2000/svg";
// So much around what is in sight is drawn too.
const AROUND = 400;
// So long a new box glows, and a box that is gone fades, in milliseconds.
const GLOWS = 8000;
const FADES = 700;

interface DrawnEdge {
  readonly edge: Edge;
  readonly shape: string;
  readonly top: number;
  readonly bottom: number;
}

/** A drawing, with an element of its own. */
export class GraphDrawing {
  /** The element. */
  readonly element: HTMLElement;
  readonly #scroller: HTMLElement;
  readonly #plane: HTMLElement;
  readonly #labels: HTMLElement;
  readonly #svg: SVGSVGElement;
  readonly #words: HTMLElement;
  #graph: Graph = { boxes: [], edges: [] };
  #layout: GraphLayout | undefined;
  #boxes = new Map<string, Box>();
  #edges: readonly DrawnEdge[] = [];
  #down = new Map<string, string[]>();
  #up = new Map<string, string[]>();
  // The paths in the order of the keyboard: repository after repository, column after column, from above.
  #order: readonly string[] = [];
  readonly #drawn = new Map<string, HTMLAnchorElement>();
  readonly #drawnEdges = new Map<DrawnEdge, SVGPathElement>();
  // The times at which boxes came or changed.
  readonly #newAt = new Map<string, number>();
  #current: string | undefined;
  #related: ReadonlySet<string> | undefined;
  #isWaiting = false;

  constructor() {
    this.element = create(element(
      "div",
      { class: "graph-drawing" },
      element(
        "div",
        {
          class: "graph-scroller",
          tabindex: 0,
          role: "group",
          "aria-label": "Boxes and edges. Arrow keys go along the edges.",
        },
        element("div", { class: "graph-plane" }, element("div", { class: "graph-labels" })),
      ),
      element("p", { class: "graph-words" }, HELP),
    )) as HTMLElement;
    this.#scroller = this.element.querySelector(".graph-scroller")!;
    this.#plane = this.element.querySelector(".graph-plane")!;
    this.#labels = this.element.querySelector(".graph-labels")!;
    this.#words = this.element.querySelector(".graph-words")!;
    this.#svg = document.createElementNS(SVG, "svg");
    this.#svg.setAttribute("aria-hidden", "true");
    this.#labels.after(this.#svg);
    const redraw = () => this.#drawSoon();
    this.#scroller.addEventListener("scroll", redraw, { passive: true });
    new ResizeObserver(redraw).observe(this.#scroller);
    this.#plane.addEventListener("pointerover", ({ target }) => this.#pointAt(pathAt(target)));
    this.#plane.addEventListener("pointerleave", () => this.#pointAt(pathAt(document.activeElement)));
    this.#plane.addEventListener("focusin", ({ target }) => this.#come(pathAt(target)));
    this.#plane.addEventListener("focusout", () => this.#pointAt(undefined));
    this.element.addEventListener("keydown", (event) => this.#press(event));
  }

  /** Draws a graph in its layout. What was not in the last one glows, and what is no more fades. */
  draw(graph: Graph, layout: GraphLayout): void {
    const before = this.#boxes;
    this.#graph = graph;
    this.#layout = layout;
    this.#boxes = new Map(graph.boxes.map((box) => [box.path, box]));
    this.#edges = graph.edges.map((edge) => drawnEdge(edge, layout));
    this.#down = groupPaths(graph.edges, "from", "to");
    this.#up = groupPaths(graph.edges, "to", "from");
    this.#order = orderOf(graph, layout);
    if (before.size > 0) this.#noteNews(before);
    if (this.#current === undefined || !this.#boxes.has(this.#current)) this.#current = this.#order[0];
    this.#plane.style.width = rem(layout.width);
    this.#plane.style.height = rem(layout.height);
    this.#svg.setAttribute("viewBox", `0 0 ${layout.width} ${layout.height}`);
    this.#svg.style.width = rem(layout.width);
    this.#svg.style.height = rem(layout.height);
    for (const path of this.#drawnEdges.values()) path.remove();
    this.#drawnEdges.clear();
    this.#drawLabels();
    this.#drawSight();
  }

  #noteNews(before: ReadonlyMap<string, Box>): void {
    const now = performance.now();
    for (const [path, box] of this.#boxes) {
      const known = before.get(path);
      if (known === undefined || known.digest !== box.digest || known.isThere !== box.isThere) {
        this.#newAt.set(path, now);
      }
    }
    for (const [path, link] of this.#drawn) {
      if (this.#boxes.has(path)) continue;
      this.#drawn.delete(path);
      link.classList.add("gone");
      link.removeAttribute("href");
      setTimeout(() => link.remove(), FADES);
    }
    setTimeout(() => {
      for (const [path, since] of this.#newAt) if (since <= now) this.#newAt.delete(path);
      this.#drawSoon();
    }, GLOWS);
  }

  #drawLabels(): void {
    const { columns, lanes } = this.#layout!;
    show(this.#labels, [
      element("div", { class: "graph-titles" }, columns.map(({ title }) => element("span", {}, title))),
      lanes.map(({ repository }) =>
        element("a", { class: "graph-lane", "data-key": repository, href: addressOf(repository) }, repository)
      ),
    ]);
    const [titles, ...names] = this.#labels.children as HTMLCollectionOf<HTMLElement>;
    for (const [at, { x }] of columns.entries()) (titles.children[at] as HTMLElement).style.left = rem(x);
    for (const [at, { y }] of lanes.entries()) names[at].style.top = rem(y);
  }

  #drawSoon(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => {
      this.#isWaiting = false;
      this.#drawSight();
    });
  }

  // Draws what is in sight, and takes away what is not.
  #drawSight(): void {
    if (this.#layout === undefined) return;
    const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const { scrollTop, scrollLeft, clientHeight, clientWidth } = this.#scroller;
    const top = scrollTop / unit - AROUND;
    const bottom = (scrollTop + clientHeight) / unit + AROUND;
    const left = scrollLeft / unit - AROUND;
    const right = (scrollLeft + clientWidth) / unit + AROUND;
    const focused = pathAt(document.activeElement);
    let last: Element = this.#svg;
    for (const path of this.#order) {
      const { x, y } = this.#layout.places.get(path)!;
      const isInSight = y + BOX.height > top && y < bottom && x + BOX.width > left && x < right;
      const known = this.#drawn.get(path);
      if (!isInSight && path !== focused && path !== this.#current) {
        known?.remove();
        this.#drawn.delete(path);
        continue;
      }
      const link = known ?? create(element("a", { class: "graph-box" })) as HTMLAnchorElement;
      this.#drawBox(link, path);
      if (known === undefined) {
        last.after(link);
        this.#drawn.set(path, link);
      }
      last = link;
    }
    const edges = document.createDocumentFragment();
    for (const drawn of this.#edges) {
      const isInSight = drawn.bottom > top && drawn.top < bottom;
      let line = this.#drawnEdges.get(drawn);
      if (!isInSight) {
        line?.remove();
        this.#drawnEdges.delete(drawn);
        continue;
      }
      if (line === undefined) {
        line = document.createElementNS(SVG, "path");
        line.setAttribute("d", drawn.shape);
        this.#drawnEdges.set(drawn, line);
        edges.append(line);
      }
      const { from, to, kind } = drawn.edge;
      line.setAttribute("class", `${kind}${this.#related?.has(from) && this.#related.has(to) ? " related" : ""}`);
    }
    this.#svg.append(edges);
    this.#plane.classList.toggle("pointed", this.#related !== undefined);
  }

  #drawBox(link: HTMLAnchorElement, path: string): void {
    const box = this.#boxes.get(path)!;
    const { x, y } = this.#layout!.places.get(path)!;
    const classes = [
      "graph-box",
      box.kind,
      box.needers === 0 && "unneeded",
      !box.isThere && "missing",
      box.fault !== undefined && box.isThere && "broken",
      this.#newAt.has(path) && "new",
      this.#related?.has(path) && "related",
    ];
    const text = classes.filter((name) => name).join(" ");
    if (link.className !== text) link.className = text;
    const place = `translate(${rem(x)}, ${rem(y)})`;
    if (link.style.transform !== place) link.style.transform = place;
    const tabIndex = path === this.#current ? 0 : -1;
    if (link.tabIndex !== tabIndex) link.tabIndex = tabIndex;
    if (drawnBoxes.get(link) === box) return;
    drawnBoxes.set(link, box);
    link.href = addressOf(path);
    link.dataset.path = path;
    const notes = notesOn(box);
    const inSight = box.size === undefined ? 1 : 2;
    const badges = [box.names && `=${box.names}`, box.more && `+${box.more}`].filter((text) => text);
    show(link, [
      element("span", { class: "graph-sign", "aria-hidden": "true" }, box.isThere ? LEGEND[box.kind].sign : "✕"),
      element("b", {}, textOf(box)),
      " ",
      element("span", { class: "graph-what" }, notes.slice(0, inSight).join(", ")),
      element(
        "span",
        { class: "visually-hidden" },
        notes.slice(inSight).map((note) => `, ${note}`),
        this.#relations(path),
      ),
      badges.length > 0 && element("span", { class: "graph-badge", "aria-hidden": "true" }, badges.join(" ")),
    ]);
  }

  // Says in words what the edges show.
  #relations(path: string): string {
    const [up, down] = [this.#up.get(path) ?? [], this.#down.get(path) ?? []];
    const list = (paths: readonly string[]) => {
      const texts = paths.slice(0, 3).map((path) => {
        const box = this.#boxes.get(path)!;
        return `${LEGEND[box.kind].name} ${textOf(box)}`;
      });
      return texts.join(", ") + (paths.length > 3 ? ` and ${paths.length - 3} more` : "");
    };
    return `${down.length > 0 ? `; points to ${list(down)}` : ""}${up.length > 0 ? `; pointed to by ${list(up)}` : ""}`;
  }

  #come(path: string | undefined): void {
    if (path === undefined) return;
    const before = this.#current;
    this.#current = path;
    for (const each of [before, path]) {
      const link = each === undefined ? undefined : this.#drawn.get(each);
      if (link !== undefined) link.tabIndex = each === path ? 0 : -1;
    }
    this.#pointAt(path);
  }

  // Lets stand out all that shares a box.
  #pointAt(path: string | undefined): void {
    const box = path === undefined ? undefined : this.#boxes.get(path);
    this.#related = box && this.#relatives(box);
    this.#words.textContent = box === undefined ? HELP : wordsOn(box);
    this.#drawSoon();
  }

  #relatives(box: Box): ReadonlySet<string> {
    const same = [box.path, ...(box.others ?? []).filter((path) => this.#boxes.has(path))];
    const [down, up] = [new Set(same), new Set(same)];
    for (const path of down) this.#down.get(path)?.forEach((to) => down.add(to));
    for (const path of up) this.#up.get(path)?.forEach((from) => up.add(from));
    return down.union(up);
  }

  #press(event: KeyboardEvent): void {
    if (event.key === "Escape") return this.#pointAt(undefined);
    const path = pathAt(event.target);
    if (path === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = this.#neighbour(path, event.key);
    if (next === undefined) return;
    event.preventDefault();
    this.#go(next);
  }

  #neighbour(path: string, key: string): string | undefined {
    const places = this.#layout!.places;
    const { x, y, column } = places.get(path)!;
    if (key === "Home") return this.#order[0];
    if (key === "End") return this.#order.at(-1);
    if (key === "ArrowUp" || key === "ArrowDown") {
      const inColumn = [...this.#order].filter((other) => places.get(other)!.column === column)
        .sort((a, b) => places.get(a)!.y - places.get(b)!.y);
      return inColumn[inColumn.indexOf(path) + (key === "ArrowDown" ? 1 : -1)];
    }
    if (key !== "ArrowLeft" && key !== "ArrowRight") return undefined;
    const joined = [...this.#down.get(path) ?? [], ...this.#up.get(path) ?? []].map((path) => ({
      path,
      ...places.get(path)!,
    }));
    const there = joined.filter((place) => key === "ArrowRight" ? place.x > x : place.x < x);
    return there.sort((a, b) => Math.abs(a.y - y) - Math.abs(b.y - y))[0]?.path;
  }

  #go(path: string): void {
    this.#current = path;
    this.#drawSight();
    const link = this.#drawn.get(path)!;
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

const HELP = "Point at a box, or go to it with the arrow keys, to see what needs it and what it needs.";

// What the element of a box shows at the moment.
const drawnBoxes = new WeakMap<HTMLAnchorElement, Box>();

function wordsOn(box: Box): string {
  const others = box.others?.length ? [`the same file: ${box.others.join(", ")}`] : [];
  const needers = box.needers ? [`needed by ${box.needers}`] : [];
  return [box.path, ...notesOn(box), ...needers, ...others].join(" · ");
}

function pathAt(target: EventTarget | null): string | undefined {
  return target instanceof Element ? target.closest<HTMLElement>(".graph-plane [data-path]")?.dataset.path : undefined;
}

function rem(length: number): string {
  return `${length / 16}rem`;
}

function groupPaths(edges: readonly Edge[], key: "from" | "to", value: "from" | "to"): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const edge of edges) {
    const group = groups.get(edge[key]);
    if (group === undefined) groups.set(edge[key], [edge[value]]);
    else group.push(edge[value]);
  }
  return groups;
}

function orderOf({ boxes }: Graph, { places }: GraphLayout): readonly string[] {
  const lanes = new Map([...new Set(boxes.map(({ repository }) => repository))].map((name, at) => [name, at]));
  const rows = boxes.map(({ path, repository }) => ({ path, lane: lanes.get(repository)!, ...places.get(path)! }));
  rows.sort((a, b) => a.lane - b.lane || a.column - b.column || a.y - b.y);
  return rows.map(({ path }) => path);
}

function drawnEdge(edge: Edge, { places }: GraphLayout): DrawnEdge {
  const [from, to] = [places.get(edge.from)!, places.get(edge.to)!];
  const shape = shapeOf(from, to);
  return { edge, shape, top: Math.min(from.y, to.y), bottom: Math.max(from.y, to.y) + BOX.height };
}

function shapeOf(from: BoxPlace, to: BoxPlace): string {
  const [y1, y2] = [from.y + BOX.height / 2, to.y + BOX.height / 2];
  if (from.column !== to.column) {
    const [x1, x2] = from.column < to.column ? [from.x + BOX.width, to.x] : [from.x, to.x + BOX.width];
    const bend = (x2 - x1) / 2;
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  }
  // In a pile, the edge goes up along the left side. Elsewhere in a column, it goes around the right side.
  if (from.x > to.x && from.y > to.y) return `M${from.x} ${y1}H${to.x + 8}V${to.y + BOX.height}`;
  const [x1, x2] = [from.x + BOX.width, to.x + BOX.width];
  return `M${x1} ${y1}C${x1 + 40} ${y1} ${x2 + 40} ${y2} ${x2} ${y2}`;
}
