/**
 * The graph in the browser: draws it in the place of the list, and keeps it as the folder is.
 *
 *     the document                                     the list of the view
 *     GET /graph/library/hello   Accept: …json         the facts ──▶ the layout, in steps ──▶ the drawing
 *     a change of library/hello/_tags/latest           the facts again; what is new glows
 *
 * A document may have several graphs. Each stands in an element with `data-island`, so that nobody else changes what is inside of it,
 * and with `data-source`, the address of its facts.
 *
 * Next: graph_drawing.ts
 *
 * @module
 */

import { inSteps } from "../../giving_way.ts";
import type { GraphFacts } from "../graph_facts.ts";
import { type GraphLayout, layOutInSteps } from "../graph_layout.ts";
import { element } from "../markup.ts";
import { listOf, moreOf, summaryOf } from "../views/graph.ts";
import { GLOWS, GraphDrawing } from "./graph_drawing.ts";
import { create, show } from "./showing.ts";

/** Draws all graphs of the document. Returns them. */
export function drawGraphs(): readonly GraphRegion[] {
  return Array.from(
    document.querySelectorAll<HTMLElement>("[data-island=graph]"),
    (section) => new GraphRegion(section),
  );
}

// After a change, this waits for others, because a push makes many. But nobody waits for long.
const QUIET = 150;
const LONGEST_WAIT = 1000;

/** The part of the page with one graph. */
export class GraphRegion {
  readonly #section: HTMLElement;
  readonly #drawing: GraphDrawing;
  readonly #buttons: readonly HTMLButtonElement[];
  #facts: GraphFacts | undefined;
  #layout: GraphLayout | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #first = 0;
  readonly #new = new Set<string>();
  #isLoading = false;
  #isThen = false;
  #wanted: GraphFacts | undefined;
  #isList = localStorage.getItem("graph") === "list";

  /** Puts the drawing, its tools and its facts into a section of the document. */
  constructor(section: HTMLElement) {
    this.#section = section;
    this.#drawing = new GraphDrawing();
    const tools = create(element(
      "div",
      { class: "graph-tools" },
      element(
        "div",
        { role: "group", "aria-label": "Show as", class: "graph-modes" },
        element("button", { type: "button" }, "Graph"),
        element("button", { type: "button" }, "List"),
      ),
    )) as HTMLElement;
    this.#buttons = [...tools.querySelectorAll("button")];
    this.#buttons.forEach((button, at) => button.addEventListener("click", () => this.#choose(at === 1)));
    const form = section.querySelector<HTMLFormElement>(":scope > form");
    if (form !== null) {
      tools.append(form);
      this.#filterAtOnce(form);
    }
    const list = this.#part("list");
    list.before(tools, this.#drawing.element);
    this.#arrange();
    void this.#load();
  }

  /** Hears that files have changed. `paths` are relative to the root; without them, anything may have changed. */
  changed(paths?: readonly string[]): void {
    if (paths !== undefined && !paths.some((path) => this.#isConcerned(path))) return;
    const now = performance.now();
    if (this.#timer === undefined) this.#first = now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#load(), Math.min(QUIET, this.#first + LONGEST_WAIT - now));
  }

  get #source(): URL {
    return new URL(this.#section.dataset.source!, location.href);
  }

  #part(key: string): HTMLElement {
    return this.#section.querySelector<HTMLElement>(`:scope > [data-key=${key}]`)!;
  }

  // A change in another repository concerns a graph only by the names of shared files.
  #isConcerned(path: string): boolean {
    if (this.#facts === undefined) return true;
    const repository = this.#facts.path.replace(/(?:^|\/)(?:_|[^/]*:).*$/, "");
    return path.startsWith(repository === "" ? "" : `${repository}/`) ||
      this.#facts.boxes.some(({ names, digest }) => names !== undefined && path.includes(digest!));
  }

  // What somebody types holds at once, so nobody needs the button.
  #filterAtOnce(form: HTMLFormElement): void {
    const input = form.querySelector("input")!;
    input.value = this.#source.searchParams.get("filter") ?? "";
    form.querySelector("button")!.hidden = true;
    form.addEventListener("submit", (event) => event.preventDefault());
    input.addEventListener("input", () => this.#filter(input.value));
  }

  #filter(text: string): void {
    const source = this.#source;
    source.searchParams.delete("after");
    if (text === "") source.searchParams.delete("filter");
    else source.searchParams.set("filter", text);
    this.#section.dataset.source = source.pathname + source.search;
    // On the page of the graph itself, the address shows what is seen.
    if (location.pathname === source.pathname) history.replaceState(null, "", source.pathname + source.search);
    this.#layout = undefined;
    this.changed();
  }

  /** Shows the facts of another moment, until this is called without any: then those of now. */
  async show(facts?: GraphFacts): Promise<void> {
    this.#isThen = facts !== undefined;
    if (facts === undefined) await this.#load();
    else await this.#draw(facts);
  }

  async #load(): Promise<void> {
    this.#timer = undefined;
    if (this.#isLoading) return this.changed();
    if (this.#isThen) return;
    this.#isLoading = true;
    const address = this.#section.dataset.source!;
    try {
      const response = await fetch(address, { headers: { Accept: "application/json" } });
      const facts = response.ok ? await response.json() as GraphFacts : nothingOf(this.#facts);
      // Somebody may have typed into the filter meanwhile, or looks at another moment.
      if (address === this.#section.dataset.source && !this.#isThen) await this.#draw(facts);
    } catch (error) {
      // The registry does not answer; the page says so elsewhere. What was there stays.
      if (!(error instanceof TypeError)) throw error;
    } finally {
      this.#isLoading = false;
    }
  }

  async #draw(facts: GraphFacts): Promise<void> {
    this.#wanted = facts;
    const layout = await inSteps(layOutInSteps(facts, this.#layout));
    // There may be newer facts.
    if (this.#wanted !== facts) return;
    this.#noteNewRepositories(facts);
    [this.#facts, this.#layout] = [facts, layout];
    this.#arrange();
    this.#drawing.draw(facts, layout);
  }

  // In the list of repositories, those that have changed glow for a while.
  #noteNewRepositories({ repositories, boxes }: GraphFacts): void {
    const known = new Map(this.#facts?.repositories.map((repository) => [repository.name, JSON.stringify(repository)]));
    const isList = boxes.length === 0 && this.#facts?.boxes.length === 0 &&
      this.#facts.address === this.#wanted!.address;
    if (!isList) return;
    for (const repository of repositories) {
      const { name } = repository;
      if (known.get(name) === JSON.stringify(repository)) continue;
      this.#new.add(name);
      setTimeout(() => {
        this.#new.delete(name);
        this.#arrange();
      }, GLOWS);
    }
  }

  #choose(isList: boolean): void {
    this.#isList = isList;
    localStorage.setItem("graph", isList ? "list" : "graph");
    this.#arrange();
  }

  // Shows the drawing or the list, and what is beside it.
  #arrange(): void {
    const facts = this.#facts;
    const isDrawn = !this.#isList && (facts === undefined ? undefined : facts.boxes.length > 0);
    this.#buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(this.#isList === (at === 1))));
    this.#drawing.element.hidden = !isDrawn;
    const list = this.#part("list");
    list.hidden = isDrawn === true;
    if (facts === undefined) return;
    show(this.#part("summary"), summaryOf(facts));
    show(this.#part("more"), moreOf(facts));
    if (list.hidden) return;
    show(list, listOf(facts));
    for (const item of list.querySelectorAll(".graph-repositories > li")) {
      item.firstElementChild!.classList.toggle("new", this.#new.has(item.getAttribute("data-key")!));
    }
  }
}

// The facts of a graph of which nothing is there any more.
function nothingOf(facts: GraphFacts | undefined): GraphFacts {
  const { address = "", path = "", filter = "" } = facts ?? {};
  return { address, path, filter, repositories: [], boxes: [], edges: [], more: [] };
}
