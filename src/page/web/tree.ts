/**
 * A long tree in the browser: one list that scrolls, of which only the rows in view are in the document.
 *
 *     100,000 rows ──▶ their height is known, so the list has its scroll bar
 *     rows 5,210 to 5,260 are in view ──▶ GET /at/…/layer.tar.gz?from=5200&only=tree ──▶ 50 rows of a table
 *     a folder is folded ──▶ its rows are left out: each row says how many are below it
 *
 * The table is a treegrid (https://www.w3.org/WAI/ARIA/apg/patterns/treegrid/): one stop of the Tab key, and arrows inside. Each row
 * says its level and its place, so that a screen reader knows them without the other rows.
 *
 * Next: hashing.ts
 *
 * @module
 */

import { addressOf } from "../addresses.ts";
import { element } from "../markup.ts";
import type { LookedFacts } from "../looked.ts";
import type { TreeFacts, TreeRow } from "../trees.ts";
import { headsOf, rowOfTree } from "../views/tree.ts";
import { show } from "./showing.ts";

/** Makes a list of each tree of the document that has more rows than are in the document. */
export function showTrees(): void {
  for (const section of document.querySelectorAll<HTMLElement>("[data-island=tree]")) {
    void new LongTree(section).begin();
  }
}

// The rows that the server gives at once, those that are kept above and below the view, and the pages in memory.
const PAGE = 200;
const MARGIN = 12;
const MOST_PAGES = 100;

class LongTree {
  readonly #section: HTMLElement;
  readonly #address: string;
  readonly #total: number;
  readonly #pages = new Map<number, readonly TreeRow[] | "loading">();
  // Folders that are folded, by their index: the number of rows that this hides. None is in another one.
  readonly #folded = new Map<number, number>();
  #box!: HTMLElement;
  #table!: HTMLElement;
  #body!: HTMLElement;
  #isStacked = false;
  #height = 30;
  #active = 0;

  constructor(section: HTMLElement) {
    this.#section = section;
    this.#address = section.dataset.address!;
    this.#total = Number(section.dataset.total);
  }

  async begin(): Promise<void> {
    const first = await this.#load(0);
    if (first === undefined) return;
    this.#isStacked = first.isStacked;
    const attributes = {
      role: "treegrid",
      class: "files",
      tabindex: 0,
      "aria-label": "Files",
      "aria-rowcount": this.#total + 1,
    };
    const heads = headsOf(this.#isStacked).map((head) => element("th", { scope: "col", role: "columnheader" }, head));
    show(this.#section, [
      element(
        "p",
        { class: "quiet" },
        `${this.#total} rows. Arrow keys move, → opens and ← closes a folder, Enter leads to a file.`,
      ),
      element(
        "div",
        { class: "long" },
        element(
          "table",
          attributes,
          element("thead", {}, element("tr", { role: "row", "aria-rowindex": 1 }, heads)),
          element("tbody", {}),
        ),
      ),
    ]);
    this.#box = this.#section.querySelector(".long")!;
    this.#table = this.#section.querySelector("table")!;
    this.#body = this.#section.querySelector("tbody")!;
    this.#box.addEventListener("scroll", () => this.#renderSoon(), { passive: true });
    this.#table.addEventListener("keydown", (event) => this.#press(event));
    this.#table.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(() => this.#renderSoon()).observe(this.#box);
    this.#render();
    // All rows have the height of the first one.
    this.#height = this.#body.children[1].getBoundingClientRect().height;
    this.#render();
  }

  async #load(page: number): Promise<TreeFacts | undefined> {
    this.#pages.set(page, "loading");
    try {
      const address = `${addressOf(this.#address)}?from=${page * PAGE}&only=tree`;
      const response = await fetch(address, { headers: { Accept: "application/json" } });
      const { tree }: LookedFacts = await response.json();
      if (tree === undefined) throw new Error(`no rows: ${response.status}`);
      this.#pages.set(page, tree.rows);
      for (const oldest of this.#pages.keys()) {
        if (this.#pages.size <= MOST_PAGES) break;
        this.#pages.delete(oldest);
      }
      return tree;
    } catch {
      // The registry may be gone for a moment. The next scroll asks again.
      this.#pages.delete(page);
    }
  }

  #row(index: number): TreeRow | undefined {
    const page = Math.floor(index / PAGE);
    const rows = this.#pages.get(page);
    if (rows === undefined) void this.#load(page).then((tree) => tree !== undefined && this.#renderSoon());
    return rows === undefined || rows === "loading" ? undefined : rows[index - page * PAGE];
  }

  get #visible(): number {
    return this.#folded.values().reduce((left, hidden) => left - hidden, this.#total);
  }

  // The index of the row at a place in the list, and the place of a row.
  #indexAt(place: number): number {
    let index = place;
    for (const [folder, hidden] of [...this.#folded].sort(([a], [b]) => a - b)) {
      if (folder >= index) break;
      index += hidden;
    }
    return index;
  }

  #placeOf(index: number): number {
    let place = index;
    for (const [folder, hidden] of this.#folded) if (folder < index) place -= Math.min(hidden, index - folder);
    return place;
  }

  #waits = false;

  #renderSoon(): void {
    if (this.#waits) return;
    this.#waits = true;
    requestAnimationFrame(() => {
      this.#waits = false;
      this.#render();
    });
  }

  #render(): void {
    const visible = this.#visible;
    const first = Math.max(0, Math.floor(this.#box.scrollTop / this.#height) - MARGIN);
    const last = Math.min(visible, Math.ceil((this.#box.scrollTop + this.#box.clientHeight) / this.#height) + MARGIN);
    const rows = Array.from(
      { length: Math.max(0, last - first) },
      (_, at) => this.#markupOf(this.#indexAt(first + at)),
    );
    const spacer = (key: string) =>
      element("tr", { "data-key": key, class: "spacer", "aria-hidden": "true" }, element("td", {}));
    show(this.#body, [spacer("above"), rows, spacer("below")]);
    (this.#body.firstElementChild as HTMLElement).style.height = `${first * this.#height}px`;
    (this.#body.lastElementChild as HTMLElement).style.height = `${(visible - last) * this.#height}px`;
    const active = document.getElementById(`row-${this.#active}`);
    if (active === null) this.#table.removeAttribute("aria-activedescendant");
    else this.#table.setAttribute("aria-activedescendant", active.id);
  }

  #markupOf(index: number) {
    const row = this.#row(index);
    const attributes = {
      id: `row-${index}`,
      role: "row",
      "aria-rowindex": index + 2,
      "data-active": index === this.#active,
    };
    if (row === undefined) {
      return element("tr", { ...attributes, "data-key": index }, element("td", { role: "gridcell", colspan: 6 }, "…"));
    }
    return rowOfTree(row, this.#isStacked, {
      ...attributes,
      "aria-level": row.level,
      "aria-posinset": row.position,
      "aria-setsize": row.siblings,
      "aria-expanded": row.below > 0 ? String(!this.#folded.has(index)) : undefined,
    });
  }

  #fold(index: number, isFolded: boolean): void {
    const row = this.#row(index);
    if (row === undefined || row.below === 0) return;
    if (!isFolded) this.#folded.delete(index);
    else {
      // Folders in a folded one are hidden with it. They come back unfolded.
      for (const inside of this.#folded.keys()) {
        if (inside > index && inside <= index + row.below) this.#folded.delete(inside);
      }
      this.#folded.set(index, row.below);
    }
    this.#render();
  }

  #goTo(place: number): void {
    const there = Math.max(0, Math.min(this.#visible - 1, place));
    this.#active = this.#indexAt(there);
    const head = this.#table.querySelector("thead")!.getBoundingClientRect().height;
    const top = there * this.#height;
    const { scrollTop, clientHeight } = this.#box;
    if (top < scrollTop) this.#box.scrollTop = top;
    else if (top + this.#height + head > scrollTop + clientHeight) {
      this.#box.scrollTop = top + this.#height + head - clientHeight;
    }
    this.#render();
  }

  #press(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const place = this.#placeOf(this.#active);
    const page = Math.max(1, Math.floor(this.#box.clientHeight / this.#height) - 2);
    const row = this.#row(this.#active);
    const isFolded = this.#folded.has(this.#active);
    const ways: Record<string, () => void> = {
      ArrowDown: () => this.#goTo(place + 1),
      ArrowUp: () => this.#goTo(place - 1),
      PageDown: () => this.#goTo(place + page),
      PageUp: () => this.#goTo(place - page),
      Home: () => this.#goTo(0),
      End: () => this.#goTo(this.#visible - 1),
      ArrowRight: () =>
        isFolded ? this.#fold(this.#active, false) : row !== undefined && row.below > 0 && this.#goTo(place + 1),
      ArrowLeft: () =>
        row !== undefined && row.below > 0 && !isFolded
          ? this.#fold(this.#active, true)
          : row !== undefined && row.parent >= 0 && this.#goTo(this.#placeOf(row.parent)),
      Enter: () => document.querySelector<HTMLAnchorElement>(`#row-${this.#active} a`)?.click(),
    };
    const go = ways[event.key];
    if (go === undefined || (event.key === "Enter" && event.target !== this.#table)) return;
    event.preventDefault();
    go();
  }

  #click(event: MouseEvent): void {
    const target = event.target as Element;
    const row = target.closest("tr");
    if (row === null || !row.id.startsWith("row-") || target.closest("a") !== null) return;
    this.#active = Number(row.id.slice("row-".length));
    if (target.matches("td:first-child")) this.#fold(this.#active, !this.#folded.has(this.#active));
    this.#render();
  }
}
