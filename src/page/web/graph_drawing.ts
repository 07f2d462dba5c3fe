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
 * The arrow keys lead along the edges and columns; Enter opens a box, because it is a link; after Escape nothing stands out any more.
 *
 * Positions are set through the object model of the browser, because the policy of the page forbids styles in the document. They
 * are in `rem`, so that everything grows with the texts.
 *
 * Next: lessons.ts
 *
 * @module
 */

import { addressOf } from "../addresses.ts";
import type { Box, Edge, Graph } from "../graph_facts.ts";
import { BOX, type BoxPlace, type GraphLayout } from "../graph_layout.ts";
import { GraphWays } from "../graph_ways.ts";
import { element, type Markup, visible } from "../markup.ts";
import { LEGEND, notesOn, textOf } from "../views/graph.ts";
import { create, show } from "./showing.ts";

const SVG = "http://www.w3.org/2000/svg";
// What is drawn goes this much beyond what is in sight, and it is drawn again when less than the second is left of that.
const BEYOND = 600;
const LEAST_BEYOND = 200;
/** The time for which something new glows, in milliseconds. */
export const GLOWS = 8000;
// The time for which a box fades that is gone, in milliseconds.
const FADES = 700;
// The most elements of boxes that are kept to be used again.
const MOST_SPARE = 200;

/** A drawing, with an element of its own. */
export class GraphDrawing {
  /** The element. */
  readonly element: HTMLElement;
  readonly #scroller: HTMLElement;
  readonly #plane: HTMLElement;
  readonly #labels: HTMLElement;
  readonly #svg: SVGSVGElement;
  readonly #words: HTMLElement;
  #layout: GraphLayout | undefined;
  #ways = new GraphWays({ boxes: [], edges: [] }, { places: new Map(), lanes: [], columns: [], width: 0, height: 0 });
  readonly #links = new Map<string, HTMLAnchorElement>();
  readonly #lines = new Map<Edge, SVGPathElement>();
  readonly #spare: HTMLAnchorElement[] = [];
  // The heights between which everything is drawn.
  #drawn = { top: 0, bottom: 0 };
  // The times at which boxes came or changed.
  readonly #newAt = new Map<string, number>();
  // The box that the key Tab leads to, and those that stand out.
  #current: string | undefined;
  #related: ReadonlySet<string> | undefined;
  #isWaiting = false;

  /** Makes an element with nothing drawn in it. */
  constructor() {
    this.element = create(element(
      "div",
      { class: "graph-drawing" },
      element(
        "div",
        { class: "graph-scroller", tabindex: 0, role: "group", "aria-label": "Boxes and edges" },
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
    this.#scroller.addEventListener("scroll", () => this.#lookSoon(), { passive: true });
    new ResizeObserver(() => this.#lookSoon()).observe(this.#scroller);
    this.#plane.addEventListener("pointerover", ({ target }) => this.#pointAt(pathAt(target)));
    this.#plane.addEventListener("pointerleave", () => this.#pointAt(pathAt(document.activeElement)));
    this.#plane.addEventListener("focusin", ({ target }) => this.#come(pathAt(target)));
    this.#plane.addEventListener("focusout", () => this.#pointAt(undefined));
    this.element.addEventListener("keydown", (event) => this.#press(event));
  }

  /** Draws a graph in its layout. What was not in the last one glows, and what is no more fades. */
  draw(graph: Graph, layout: GraphLayout): void {
    const isFirst = this.#layout === undefined;
    const before = this.#ways.boxes;
    this.#layout = layout;
    this.#ways = new GraphWays(graph, layout);
    const news = before.size > 0 ? this.#noteNews(before) : [];
    if (this.#current === undefined || !this.#ways.boxes.has(this.#current)) this.#current = this.#ways.order[0];
    if (this.#related !== undefined) this.#pointAt(pathAt(document.activeElement));
    this.#plane.style.width = rem(layout.width);
    this.#plane.style.height = rem(layout.height);
    this.#svg.style.width = rem(layout.width);
    for (const line of this.#lines.values()) line.remove();
    this.#lines.clear();
    this.#drawLabels();
    this.#drawSight();
    if (isFirst && this.#current !== undefined) this.#bringIntoSight(this.#current);
    // A person who reads something here goes on reading it.
    if (!this.element.matches(":hover, :focus-within")) this.#showNews(news);
  }

  // If not all that is new fits, the uppermost does. It goes only up or down, so that tags and names stay in sight.
  #showNews(paths: readonly string[]): void {
    const { scrollLeft } = this.#scroller;
    const fromBelow = paths.toSorted((one, other) => this.#ways.placeOf(other).y - this.#ways.placeOf(one).y);
    for (const path of [...fromBelow.slice(0, 1), ...fromBelow.slice(-1)]) this.#bringIntoSight(path);
    this.#scroller.scrollLeft = scrollLeft;
  }

  // Returns the paths of what is new.
  #noteNews(before: ReadonlyMap<string, Box>): string[] {
    const news: string[] = [];
    const now = performance.now();
    for (const [path, box] of this.#ways.boxes) {
      const known = before.get(path);
      const isSame = known !== undefined && known.digest === box.digest && known.isThere === box.isThere;
      if (isSame) continue;
      this.#newAt.set(path, now);
      news.push(path);
    }
    for (const [path, link] of this.#links) {
      if (this.#ways.boxes.has(path)) continue;
      this.#links.delete(path);
      link.classList.add("gone");
      link.removeAttribute("href");
      delete link.dataset.path;
      setTimeout(() => link.remove(), FADES);
    }
    setTimeout(() => {
      for (const [path, since] of this.#newAt) if (since <= now) this.#newAt.delete(path);
      this.#mark();
    }, GLOWS);
    return news;
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

  #lookSoon(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => {
      this.#isWaiting = false;
      const { top, bottom } = this.#sight(LEAST_BEYOND);
      if (Math.max(top, 0) < this.#drawn.top || bottom > this.#drawn.bottom) this.#drawSight();
    });
  }

  // The heights that are in sight, and this much beyond them.
  #sight(beyond: number): { top: number; bottom: number } {
    const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const { scrollTop, clientHeight } = this.#scroller;
    return { top: scrollTop / unit - beyond, bottom: (scrollTop + clientHeight) / unit + beyond };
  }

  // Draws what is in sight, and takes away what is not.
  #drawSight(): void {
    if (this.#layout === undefined) return;
    const sight = this.#sight(BEYOND);
    const [top, bottom] = [Math.max(sight.top, 0), Math.min(sight.bottom, this.#layout.height)];
    this.#drawn = sight.bottom > this.#layout.height ? { top, bottom: Infinity } : { top, bottom };
    const { paths, edges } = this.#ways.between(top, bottom);
    // What has the focus stays, and so does what the key Tab leads to.
    const kept = [this.#current, pathAt(document.activeElement)].filter((path) => path !== undefined);
    const shown = new Set(this.#ways.inOrder(new Set([...paths, ...kept])));
    for (const [path, link] of this.#links) {
      if (shown.has(path)) continue;
      link.remove();
      this.#links.delete(path);
      if (this.#spare.length < MOST_SPARE) this.#spare.push(link);
    }
    let last: Element = this.#svg;
    for (const path of shown) {
      let link = this.#links.get(path);
      if (link === undefined) {
        link = this.#spare.pop() ?? create(element("a")) as HTMLAnchorElement;
        this.#links.set(path, link);
        this.#drawBox(link, path);
        last.after(link);
      } else this.#drawBox(link, path);
      last = link;
    }
    this.#svg.setAttribute("viewBox", `0 ${top} ${this.#layout.width} ${bottom - top}`);
    this.#svg.style.height = rem(bottom - top);
    this.#svg.style.transform = `translate(0, ${rem(top)})`;
    for (const [edge, line] of this.#lines) {
      if (edges.has(edge)) continue;
      line.remove();
      this.#lines.delete(edge);
    }
    const fresh = document.createDocumentFragment();
    for (const edge of edges) {
      if (this.#lines.has(edge)) continue;
      const line = document.createElementNS(SVG, "path");
      line.setAttribute("d", shapeOf(this.#ways.placeOf(edge.from), this.#ways.placeOf(edge.to)));
      this.#lines.set(edge, line);
      fresh.append(line);
    }
    this.#svg.append(fresh);
    this.#mark();
  }

  #drawBox(link: HTMLAnchorElement, path: string): void {
    const box = this.#ways.boxes.get(path)!;
    const { x, y } = this.#ways.placeOf(path);
    const place = `translate(${rem(x)}, ${rem(y)})`;
    if (link.style.transform !== place) link.style.transform = place;
    if (drawnBoxes.get(link) === box) return;
    drawnBoxes.set(link, box);
    link.href = addressOf(path);
    link.dataset.path = path;
    link.dataset.badge = [box.names && `=${box.names}`, box.more && `+${box.more}`].filter((text) => text).join(" ");
    const notes = notesOn(box);
    const inSight = box.size === undefined ? 1 : 2;
    // The name of the link is its text. A screen reader then also says what else is known, and what the edges show.
    const more = [...notes.slice(inSight), ...this.#relations(path)];
    if (more.length === 0) link.removeAttribute("aria-description");
    else link.setAttribute("aria-description", more.map(visible).join("; "));
    show(link, [
      element("span", { class: "graph-sign", "aria-hidden": "true" }, box.isThere ? LEGEND[box.kind].sign : "✕"),
      element("b", {}, textOf(box)),
      " ",
      element("span", { class: "graph-what" }, notes.slice(0, inSight).join(", ")),
    ]);
  }

  // Gives each box and edge that is drawn the looks of the moment.
  #mark(): void {
    const related = this.#related;
    for (const [path, link] of this.#links) {
      const { kind, needers, isThere, fault } = this.#ways.boxes.get(path)!;
      const classes = [
        "graph-box",
        kind,
        needers === 0 && "unneeded",
        !isThere && "missing",
        isThere && fault !== undefined && "broken",
        this.#newAt.has(path) && "new",
        related?.has(path) && "related",
      ];
      setClass(link, classes.filter((name) => name).join(" "));
      const tabIndex = path === this.#current ? 0 : -1;
      if (link.tabIndex !== tabIndex) link.tabIndex = tabIndex;
    }
    for (const [{ from, to, kind }, line] of this.#lines) {
      setClass(line, related?.has(from) && related.has(to) ? `${kind} related` : kind);
    }
    this.#plane.classList.toggle("pointed", related !== undefined);
  }

  // Says in words what the edges show.
  #relations(path: string): string[] {
    const { boxes, down, about, up, notes } = this.#ways;
    const relation = (text: string, paths: readonly string[] = []) => {
      const names = paths.slice(0, 3).map((path) => boxes.get(path)!).map((box) =>
        `${LEGEND[box.kind].name} ${textOf(box)}`
      );
      const more = paths.length > 3 ? ` and ${paths.length - 3} more` : "";
      return names.length === 0 ? [] : [`${text} ${names.join(", ")}${more}`];
    };
    return [
      ...relation("points to", down.get(path)),
      ...relation("is about", about.get(path)),
      ...relation("pointed to by", up.get(path)),
      ...relation("referred to by", notes.get(path)),
    ];
  }

  #come(path: string | undefined): void {
    if (path !== undefined) this.#current = path;
    this.#pointAt(path);
  }

  // Lets stand out all that shares a box.
  #pointAt(path: string | undefined): void {
    const box = path === undefined ? undefined : this.#ways.boxes.get(path);
    this.#related = box && this.#ways.relativesOf(box.path);
    show(this.#words, box === undefined ? HELP : wordsOn(box));
    this.#mark();
  }

  #press(event: KeyboardEvent): void {
    if (event.key === "Escape") return this.#pointAt(undefined);
    const path = pathAt(event.target);
    if (path === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = this.#ways.next(path, event.key);
    if (next === undefined) return;
    event.preventDefault();
    this.#current = next;
    this.#bringIntoSight(next);
    this.#drawSight();
    this.#links.get(next)!.focus({ preventScroll: true });
  }

  // Scrolls only as far as needed, and only the drawing.
  #bringIntoSight(path: string): void {
    const scroller = this.#scroller;
    const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const { x, y } = this.#ways.placeOf(path);
    const [left, right] = [(x - MARGIN) * unit, (x + BOX.width + MARGIN) * unit];
    const [top, bottom] = [(y - TITLES) * unit, (y + BOX.height + MARGIN) * unit];
    if (scroller.scrollTop > top) scroller.scrollTop = top;
    else if (scroller.scrollTop + scroller.clientHeight < bottom) scroller.scrollTop = bottom - scroller.clientHeight;
    if (scroller.scrollLeft > left) scroller.scrollLeft = left;
    else if (scroller.scrollLeft + scroller.clientWidth < right) scroller.scrollLeft = right - scroller.clientWidth;
  }
}

// What stays free around a box that is brought into sight; above it are the titles of the columns.
const MARGIN = 16;
const TITLES = 48;

const HELP = "Point at a box, or go to it with the arrow keys, to see what needs it and what it needs.";

// What the element of a box shows at the moment.
const drawnBoxes = new WeakMap<HTMLAnchorElement, Box>();

function wordsOn(box: Box): Markup {
  const others = box.others?.length ? [`the same file is ${box.others.join(" and ")}`] : [];
  const needers = box.needers ? [`needed by ${box.needers}`] : [];
  return [element("code", {}, box.path), ` ${[...notesOn(box), ...needers, ...others].join("; ")}`];
}

function pathAt(target: EventTarget | null): string | undefined {
  if (!(target instanceof Element)) return undefined;
  return target.closest<HTMLElement>(".graph-plane > .graph-box")?.dataset.path;
}

function setClass(node: Element, text: string): void {
  if (node.getAttribute("class") !== text) node.setAttribute("class", text);
}

function rem(length: number): string {
  return `${length / 16}rem`;
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
