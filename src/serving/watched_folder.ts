/**
 * The watched folder: what other programs and people change in the root, while somebody looks at the page.
 *
 *     $ echo sha256:7d1a… > testdata/library/hello/_tags/latest
 *     { sign: "~", path: "library/hello/_tags/latest", size: 72 }
 *
 * The operating system tells each step of a change: a file is made aside, written, renamed. They are collected until the folder is
 * quiet for a moment; then one look at each file shows what has become of it. What a story of this registry has told already, the
 * registry itself has done. The small files whose names begin with "." are no content. An upload that grows is told once.
 *
 * To watch a file costs about as much as to write it. So while the registry itself changes very much, the watch rests, and says so:
 *
 *     { blind: "the registry itself changes very much at the moment" }     then nothing, until there are fewer stories again
 *     { blind: "" }                                                        the watch goes on
 *
 * Next: own_changes.ts
 *
 * @module
 */

import { resolve } from "node:path";
import type { Change, Disk } from "../disk/disk.ts";
import type { FolderTold, OpenStories, Stories, WatchedFolder } from "../page/context.ts";
import { LongWork } from "../giving_way.ts";
import { repositoryOf } from "../page/seeing.ts";
import { OwnChanges, unitOf } from "./own_changes.ts";
import { whyBlind } from "./why_blind.ts";

// The folder is quiet if nothing has changed for this long, in milliseconds like all times here.
const QUIET = 300;

// The longest time until a change is told.
const MOST_WAIT = 2000;

// The watch goes on for this long after the last page was closed: a person who follows a link opens the next one.
const LINGER = 5000;

// The most changes that are told at once.
const MOST_CHANGES = 1000;

// The watch rests when the registry itself has told more changing stories than this in a span of this many milliseconds, and goes on after
// so many spans with fewer. The system tells about fifteen steps for each, and Deno opens each file again to find out who watches it.
const MOST_OWN = 40;
const SPAN = 250;
const CALM_SPANS = 4;

const RESTS = "the registry itself changes very much at the moment";

// The paths that are not told any more, because there are too many. Nobody has looked at them, so a few may be no change.
class Untold {
  isFull = false;
  // A folder that came as a whole has paths that the system may tell as well.
  readonly #paths = new Set<string>();

  add(path: string): void {
    this.#paths.add(path);
  }

  counts(told: ReadonlyMap<string, Change>): Map<string, number> {
    const counts = new Map<string, number>();
    for (const path of this.#paths) {
      const name = repositoryOf(path) ?? "";
      if (!told.has(path)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }
}

// What was told about a path since the last look.
interface SeenChange {
  readonly isNew: boolean;
  readonly isMoved: boolean;
  readonly time: number;
}

/** Watches a folder while somebody wants to know. */
export class FolderOfPage implements WatchedFolder {
  readonly #root: string;
  readonly #disk: Disk;
  readonly #stories: Stories;
  readonly #tells = new Set<(told: FolderTold) => void>();
  #watcher: Deno.FsWatcher | undefined;
  #open: Promise<OpenStories> | undefined;
  #mark = "";
  // Why nobody can see the changes of others at the moment; empty if one can.
  #blind = "";
  // The number of changing stories of the registry in this span.
  #changing = 0;
  // The number of spans since the last one with many.
  #calm = 0;
  #spans: ReturnType<typeof setInterval> | undefined;
  readonly #own = new OwnChanges();
  readonly #seen = new Map<string, SeenChange>();
  #first = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looks: Promise<void> = Promise.resolve();
  #linger: ReturnType<typeof setTimeout> | undefined;

  /** `disk` is the one of the registry, and `stories` tell what the registry itself changes. */
  constructor(root: string, disk: Disk, stories: Stories) {
    this.#root = resolve(root);
    this.#disk = disk;
    this.#stories = stories;
    stories.ended.addEventListener("abort", () => this.#stop());
  }

  /** Calls `tell` with the changes of others, until somebody calls what this returns. */
  watch(tell: (told: FolderTold) => void): () => void {
    clearTimeout(this.#linger);
    if (this.#open === undefined) this.#start();
    if (this.#blind !== "") tell({ blind: this.#blind });
    this.#tells.add(tell);
    return () => {
      if (!this.#tells.delete(tell) || this.#tells.size > 0) return;
      this.#linger = setTimeout(() => this.#stop(), LINGER);
      Deno.unrefTimer(this.#linger);
    };
  }

  #start(): void {
    if (!this.#watch()) return;
    const opened = this.#open = this.#stories.open(() => {});
    opened.then((open) => {
      this.#mark = open.after("", Infinity).mark;
      if (this.#open !== opened) return;
      this.#spans = setInterval(() => this.#count(open), SPAN);
      Deno.unrefTimer(this.#spans);
    });
  }

  // Returns true if the system watches the folder.
  #watch(): boolean {
    try {
      this.#watcher = Deno.watchFs(this.#root);
    } catch (error) {
      this.#seeNothing(whyBlind(error));
      return false;
    }
    this.#seeNothing("");
    this.#follow(this.#watcher).catch((error) => this.#tell({ blind: whyBlind(error) }));
    return true;
  }

  #seeNothing(because: string): void {
    if (because === this.#blind) return;
    this.#blind = because;
    this.#tell({ blind: because });
  }

  #stop(): void {
    this.#unwatch();
    clearTimeout(this.#linger);
    clearInterval(this.#spans);
    this.#changing = 0;
    this.#blind = "";
    this.#open?.then((open) => open.close());
    this.#open = undefined;
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#seen.clear();
    this.#own.clear();
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  // Is called after each span.
  #count(open: OpenStories): void {
    this.#learnOwn(open);
    this.#calm = this.#changing > MOST_OWN ? 0 : this.#calm + 1;
    this.#changing = 0;
    if (this.#calm === 0 && this.#watcher !== undefined) {
      this.#unwatch();
      this.#seeNothing(RESTS);
    } else if (this.#calm >= CALM_SPANS && this.#watcher === undefined) this.#watch();
  }

  #tell(told: FolderTold): void {
    for (const tell of [...this.#tells]) tell(told);
  }

  async #follow(watcher: Deno.FsWatcher): Promise<void> {
    const work = new LongWork();
    for await (const event of watcher) {
      this.#note(event);
      // Somebody may unpack a whole archive here. The clients of the registry must not wait for that.
      if (work.isLong()) await work.giveWay();
    }
  }

  // The kind "access" is the end of a write. A "modify" alone may only be a new time. A "rename" comes for the new path, and then for
  // both. It may replace a file; only content that is named by its digest, and a folder with something in it, is surely new.
  #note({ kind, paths }: Deno.FsEvent): void {
    if (kind === "modify") return;
    for (const [index, path] of paths.entries()) {
      const inside = unitOf(path.slice(this.#root.length + 1));
      if (inside === undefined) continue;
      const isMoved = kind === "rename" && index === paths.length - 1;
      this.#see(inside, kind === "create" || (isMoved && isNamedByDigest(inside)), isMoved);
    }
  }

  #see(path: string, isNew: boolean, isMoved = false): void {
    const now = Date.now();
    if (this.#seen.size === 0) this.#first = now;
    const before = this.#seen.get(path);
    this.#seen.set(path, {
      isNew: isNew || before?.isNew === true,
      isMoved: isMoved || before?.isMoved === true,
      time: now,
    });
    clearTimeout(this.#timer);
    const wait = Math.max(0, Math.min(QUIET, this.#first + MOST_WAIT - now));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // One look after the other, so that what is told stays in order.
      this.#looks = this.#looks.then(() => this.#look()).catch((error) => this.#tell({ blind: whyBlind(error) }));
    }, wait);
  }

  async #look(): Promise<void> {
    const open = await this.#open;
    if (open === undefined) return;
    this.#learnOwn(open);
    const changes = new Map<string, Change>();
    const seen = [...this.#seen].sort(([a], [b]) => a < b ? -1 : 1);
    this.#seen.clear();
    const untold = new Untold();
    const work = new LongWork();
    for (const change of this.#changesOf(seen, untold)) {
      // The watch rests now, and what the registry itself has changed is forgotten.
      if (this.#watcher === undefined) return;
      if (change !== undefined && !changes.has(change.path)) changes.set(change.path, change);
      untold.isFull = changes.size === MOST_CHANGES;
      if (work.isLong()) await work.giveWay();
    }
    if (changes.size === 0) return;
    this.#tell({ changes: [...changes.values()], ...(untold.isFull && { untold: untold.counts(changes) }) });
  }

  #learnOwn(open: OpenStories): void {
    const { stories, mark } = open.after(this.#mark, Infinity);
    this.#mark = mark;
    this.#changing += stories.filter(({ changes }) => changes.length > 0).length;
    if (this.#watcher !== undefined) this.#own.learn(stories);
  }

  // Yields a step for each path that it looks at: a change, or nothing. When there are enough changes, it only counts.
  *#changesOf(
    seen: readonly (readonly [path: string, seen: SeenChange])[],
    untold: Untold,
  ): Generator<Change | undefined> {
    for (const [index, [path, { isNew, isMoved, time }]] of seen.entries()) {
      yield;
      if (this.#own.has(path, time)) continue;
      if (isGrowing(this.#disk, path)) {
        // Whose upload it is shows when its request has ended.
        this.#see(path, isNew);
        continue;
      }
      if (untold.isFull) {
        // What is in a folder counts, and not the folder besides.
        if (seen[index + 1]?.[0].startsWith(`${path}/`) !== true) untold.add(path);
        continue;
      }
      for (const change of this.#changesAt(path, isNew, time, untold, isMoved)) {
        // A folder that has gone comes right before what was in it, and that tells more.
        const isTold = change?.sign === "-" && seen[index + 1]?.[0].startsWith(`${path}/`);
        if (!isTold) yield change;
      }
    }
  }

  *#changesAt(
    path: string,
    isNew: boolean,
    time: number,
    untold: Untold,
    isMoved = false,
  ): Generator<Change | undefined> {
    yield;
    if (untold.isFull) return untold.add(path);
    const isSession = SESSION.test(path);
    const info = lookAt(`${this.#root}/${path}`);
    if (info === undefined) {
      // What was made and removed meanwhile has left nothing.
      if (!isNew) yield { sign: "-", path: isSession || isNamedByDigest(path.split("/").at(-1)!) ? `${path}/` : path };
    } else if (isSession) {
      const size = lookAt(`${this.#root}/${path}/data`)?.size;
      if (isNew) yield { sign: "+", path: `${path}/data`, size };
    } else if (info.isFile) {
      yield { sign: isNew ? "+" : "~", path, size: info.size };
    } else if (info.isDirectory && (isNew || isMoved)) {
      // A folder may have come as a whole, and the system tells nothing about what is in it.
      for (const name of this.#disk.list(path)) {
        const below = unitOf(`${path}/${name}`);
        if (below !== undefined && !this.#own.has(below, time)) yield* this.#changesAt(below, true, time, untold);
      }
    }
  }
}

const SESSION = /\/_uploads\/[^/]+$/;

function isNamedByDigest(path: string): boolean {
  return /(?:^|\/)\w+:[^/]+(?:\/|$)/.test(path);
}

function isGrowing(disk: Disk, path: string): boolean {
  return SESSION.test(path) && disk.isGrowing(`${path}/data`);
}

function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
