/**
 * Inside: looks into layers, compares images, and reads files of layers, with limits.
 *
 *     { do: "look", address: "library/hello/sha256:9b4e…/layer.tar.gz!/etc" }     facts, and a page of the tree
 *     { do: "compare", before: "library/hello:v1", after: "library/hello:v2" }     what is different
 *     { do: "open", address: "…/layer.tar.gz!/etc/motd" }, { do: "next" }, …       the bytes, piece by piece
 *     { do: "cancel" }                                                            nobody waits any longer
 *
 * Somebody has made these layers, and perhaps to do harm: a few bytes may become many gigabytes. So the calls are plain data, and
 * usually another thread answers them; see serving/looking_thread.ts. Each one ends when it has met a limit, and says so. The last few
 * layers stay in memory, so that the next folder of the same layer comes at once. Nothing is written.
 *
 * Next: open_files.ts
 *
 * @module
 */

import type { ByteSource, ReadingLimits } from "../archive/source.ts";
import { openFile, readFile } from "../archive/file.ts";
import { bytesAt } from "../archive/packing.ts";
import type { Disk } from "../disk/disk.ts";
import { fileSource } from "../looking/bytes.ts";
import { compare } from "../looking/compare.ts";
import type { DifferenceFacts } from "../looking/difference_facts.ts";
import type { Facts } from "../looking/facts.ts";
import type { LookedTree, LookOptions } from "../looking/looking.ts";
import { look } from "../looking/look.ts";
import { LayersInMemory, StacksInMemory } from "./in_memory.ts";
import { OpenFiles } from "./open_files.ts";
import { type TreeFacts, treeOf, type WasteFacts, wasteOf } from "./trees.ts";

/** A call. Each one has an id, by which it can be cancelled, and by which the pieces of a file are asked for. */
export type InsideCall =
  | ({ readonly do: "look"; readonly id: string } & InsideQuestion)
  | ({ readonly do: "compare"; readonly id: string; readonly before: string; readonly after: string } & Sight)
  | ({
    readonly do: "open";
    readonly id: string;
    readonly address: string;
    readonly start?: number;
    readonly length?: number;
  } & Sight)
  | { readonly do: "next"; readonly id: string }
  | { readonly do: "cancel"; readonly id: string };

/** What somebody may see. */
export interface Sight {
  /** The repositories that the person may see; all if it is missing. */
  readonly seen?: readonly string[];
}

/** What somebody wants to see of an address. */
export interface InsideQuestion extends Sight {
  /** The address. */
  readonly address: string;
  /** The row after which lists begin. */
  readonly after?: string;
  /** The number of the first row of the tree. */
  readonly from?: number;
  /** The offset of the first byte in hexadecimal digits. */
  readonly hex?: number;
}

/** What is at an address. */
export interface InsideFacts {
  /** The facts of the address. */
  readonly look: Facts;
  /** A page of the tree, if it is a layer, a folder in one, or stacked layers. */
  readonly tree?: TreeFacts;
  /** What each layer of a stack adds and wastes. */
  readonly waste?: WasteFacts;
  /** Some bytes, for hexadecimal digits. */
  readonly hex?: HexFacts;
  /** The image, as an address with `data:`, if it is one that a browser can show safely. */
  readonly image?: string;
}

/** Some bytes of a file. */
export interface HexFacts {
  /** The offset of the first one. */
  readonly start: number;
  /** The bytes, as base64. */
  readonly bytes: string;
  /** The size of the whole. */
  readonly size: number;
}

/** A file that was opened. */
export interface OpenedFacts {
  /** Its size in bytes. */
  readonly size: number;
  /** Its name. */
  readonly name: string;
}

/** The reason why a call has no result. */
export interface StoppedFacts {
  /** A sentence. */
  readonly stopped: string;
}

/** The answer to a call: nothing if there is no such file, no next piece, or nobody to answer. */
export type InsideAnswer =
  | InsideFacts
  | DifferenceFacts
  | OpenedFacts
  | StoppedFacts
  | Uint8Array<ArrayBuffer>
  | undefined;

/** Limits of a call. */
export interface InsideLimits {
  /** The most entries of a layer. */
  readonly entries: number;
  /** The most unpacked bytes. */
  readonly bytes: number;
  /** The most seconds. */
  readonly seconds: number;
  /** The most entries of all layers in memory together. */
  readonly remembered: number;
}

/** The limits in a thread that does nothing else. */
export const IN_A_THREAD: InsideLimits = { entries: 250_000, bytes: 16 * 2 ** 30, seconds: 20, remembered: 400_000 };

/** The limits where other requests wait meanwhile. */
export const HERE: InsideLimits = { entries: 50_000, bytes: 2 ** 30, seconds: 5, remembered: 100_000 };

// The number of bytes in hexadecimal digits.
const HEX = 4096;

// The largest image that is shown.
const LARGEST_IMAGE = 512 * 1024;

const TOO_MANY: StoppedFacts = { stopped: "Too many downloads from layers at this moment. Try again soon." };

/** Answers calls about what is on a disk. */
export class Inside {
  readonly #disk: Disk;
  readonly #limits: InsideLimits;
  readonly #layers: LayersInMemory;
  readonly #stacks = new StacksInMemory();
  readonly #running = new Map<string, AbortController>();
  readonly #open = new OpenFiles();

  /** Begins with nothing in memory. */
  constructor(disk: Disk, limits: InsideLimits) {
    this.#disk = disk;
    this.#limits = limits;
    this.#layers = new LayersInMemory(limits.remembered);
  }

  /** Answers a call. */
  async ask(call: InsideCall): Promise<InsideAnswer> {
    if (call.do === "cancel") return this.#cancel(call.id);
    if (call.do === "next") return await this.#open.next(call.id);
    const controller = new AbortController();
    this.#running.set(call.id, controller);
    const { entries, bytes, seconds } = this.#limits;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      controller.abort();
    }, seconds * 1000);
    try {
      const limits = { entries, bytes, signal: controller.signal };
      const maySee = call.seen && isAmong(call.seen);
      const options = { limits, maySee, layers: this.#layers, stack: this.#stacks.stack };
      const stopped = `Stopped after ${seconds} seconds.`;
      const late = () => isLate ? [stopped] : [];
      if (call.do === "open") {
        const opened = await this.#openFile(call, controller, options);
        return isLate ? { stopped } : opened;
      }
      if (call.do === "compare") {
        const facts = await compare(this.#disk, call.before, call.after, options);
        return { ...facts, limits: [...late(), ...facts.limits] };
      }
      const facts = await this.#look(call, options);
      return { ...facts, look: { ...facts.look, limits: [...late(), ...facts.look.limits] } };
    } finally {
      clearTimeout(timer);
      this.#running.delete(call.id);
    }
  }

  #cancel(id: string): undefined {
    this.#running.get(id)?.abort();
    this.#open.close(id);
  }

  async #look({ address, after, from = 0, hex }: InsideQuestion, options: LookOptions): Promise<InsideFacts> {
    let looked: LookedTree | undefined;
    const facts = await look(this.#disk, address, { ...options, after, diffId: true, tree: (tree) => looked = tree });
    const isFolder = looked !== undefined && (facts.kind !== "file" || facts.row.kind === "folder");
    return {
      look: facts,
      ...(looked !== undefined && isFolder && { tree: treeOf(looked, from) }),
      ...(looked?.stack !== undefined && looked.at === 0 && { waste: wasteOf(looked) }),
      ...await this.#bytesOf(facts, looked, hex, options.limits),
    };
  }

  async #bytesOf(
    facts: Facts,
    looked: LookedTree | undefined,
    hex: number | undefined,
    limits?: ReadingLimits,
  ): Promise<Pick<InsideFacts, "hex" | "image">> {
    if (facts.kind !== "file" && facts.kind !== "blob") return {};
    const read = this.#readerOf(facts, looked, limits);
    if (read === undefined) return {};
    const { content } = facts;
    const size = content?.size ?? (facts.kind === "blob" ? facts.size : 0);
    const mediaType = content?.is.mediaType ?? "";
    const isImage = /^image\/(?:png|jpeg|gif|webp)$/.test(mediaType) && size <= LARGEST_IMAGE;
    return {
      ...(hex !== undefined && { hex: { start: hex, bytes: (await read(hex, HEX)).toBase64(), size } }),
      ...(isImage && { image: `data:${mediaType};base64,${(await read(0, size)).toBase64()}` }),
    };
  }

  // Returns a function that reads a part of a blob, or of a file in a layer.
  #readerOf(
    facts: Extract<Facts, { kind: "blob" | "file" }>,
    looked: LookedTree | undefined,
    limits?: ReadingLimits,
  ): ((start: number, length: number) => Promise<Uint8Array>) | undefined {
    if (facts.kind === "blob") {
      const source = this.#sourceAt(facts.address);
      return source && ((start, length) => bytesAt(source, start, length));
    }
    const content = looked?.contentOf(looked.at);
    const source = content && this.#sourceAt(content.address);
    return source &&
      (async (start, length) => (await readFile(source, content.entry, { start, length, limits })).bytes);
  }

  #sourceAt(address: string): ByteSource | undefined {
    const file = this.#disk.look(address);
    return file && fileSource(this.#disk, file);
  }

  async #openFile(
    { id, address, start, length }: Extract<InsideCall, { do: "open" }>,
    controller: AbortController,
    options: LookOptions,
  ): Promise<OpenedFacts | StoppedFacts | undefined> {
    if (this.#open.isFull) return TOO_MANY;
    let looked: LookedTree | undefined;
    await look(this.#disk, address, { ...options, tree: (tree) => looked = tree });
    const { nodes, at, contentOf } = looked ?? {};
    const content = at === undefined ? undefined : contentOf!(at);
    const source = content && this.#sourceAt(content.address);
    if (content === undefined || source === undefined) return undefined;
    const { pieces } = await openFile(source, content.entry, { start, length, limits: options.limits });
    if (controller.signal.aborted) return { stopped: "Nobody waits for this any more." };
    // Others may have opened files while this one was looked for.
    if (this.#open.isFull) {
      controller.abort();
      return TOO_MANY;
    }
    this.#open.add(id, pieces, controller);
    return { size: content.entry.size, name: nodes![at!].name };
  }
}

function isAmong(names: readonly string[]): (name: string) => boolean {
  const all = new Set(names);
  return (name) => all.has(name);
}
