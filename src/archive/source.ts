/**
 * The bytes of an archive, and what a reading of it may cost.
 *
 *     source     the bytes as they are stored, readable from any place
 *       └─ packing.ts     gzip, zstd or nothing: the unpacked bytes
 *            └─ tar.ts         entries, one after the other
 *                 └─ layer.ts       a tree; stack.ts: several layers as one; comparison.ts: two of those
 *
 * This folder reads layers for people who want to look inside. It needs no registry: it takes bytes, and returns *facts*, which
 * are plain data: JSON carries them, and so does a message to another thread.
 *
 * Anybody who may push can push a layer that was made to do harm. So nothing here trusts what an archive says. What is wrong is
 * noted as a *problem*, with its place and a sentence, and reading goes on if there is a way. No archive causes an exception. What
 * grows without end meets a *limit*, and the result says which one, and so what it does not show.
 *
 * `src/filling/` reads archives too, with the package `tar-stream`. It refuses an archive at the first fault, which is right for an
 * import, and knows only files, folders and links. Here every kind of entry and every fault is to be seen, with its place, so the
 * format is read by hand.
 *
 * Next: byte_stream.ts
 *
 * @module
 */

import { LongWork } from "../giving_way.ts";

/** Bytes that can be read from any place, such as a file or a `Blob`. */
export interface ByteSource {
  /** How many bytes there are. */
  readonly size: number;
  /** Yields `length` bytes from `start` on; fewer if there are no more. By default all of them. */
  pieces(start?: number, length?: number): AsyncIterable<Uint8Array>;
}

/** Returns bytes in memory as a source. */
export function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    async *pieces(start = 0, length = bytes.length) {
      for (let at = start; at < Math.min(start + length, bytes.length); at += PIECE) {
        yield bytes.subarray(at, Math.min(at + PIECE, start + length));
      }
    },
  };
}

const PIECE = 256 * 1024;

/** The most that a reading may cost. */
export interface ReadingLimits {
  /** The most entries, and the most folders that only the paths of entries imply; by default 200,000 each. */
  readonly entries?: number;
  /** The most unpacked bytes that are looked at; by default 16 GiB. */
  readonly bytes?: number;
  /** The most characters of names, links and attributes that are kept; by default 64 Mi. */
  readonly text?: number;
  /** Ends the reading early. `AbortSignal.timeout` makes a limit of time. */
  readonly signal?: AbortSignal;
}

// The limits that apply if the caller names none.
const USUAL_LIMITS = { entries: 200_000, bytes: 16 * 1024 ** 3, text: 64 * 1024 ** 2 } as const;

/** A limit that ended a reading early. */
export interface LimitMet {
  /** Which one. */
  readonly limit: "entries" | "bytes" | "text" | "steps" | "signal";
  /** Its number; none for the signal. */
  readonly most?: number;
  /** The place in the unpacked bytes where the reading stopped. */
  readonly at: number;
  /** A sentence that says what is not shown. */
  readonly text: string;
}

/** The kinds of problems. */
export type ProblemKind =
  /** The first block is no header of a tar file. */
  | "no tar"
  /** A header's checksum is wrong, or that of a gzip member. */
  | "checksum"
  /** The bytes end too early. */
  | "cut off"
  /** A field of a header has no number, or one that cannot be. */
  | "bad number"
  /** A PAX record has not the form that it must have. */
  | "bad record"
  /** A long name or a list of PAX records is longer than any honest one, or there are very many of them. */
  | "long record"
  /** The map of a sparse file cannot be. */
  | "bad sparse map"
  /** The archive has not two blocks of zeros at its end. */
  | "no end"
  /** There is something behind the end. */
  | "behind the end"
  /** A path has `..` in it. */
  | "path leaves"
  /** A path begins with `/`. */
  | "absolute path"
  /** A path has a byte 0, or is empty, or is longer than a system takes. */
  | "bad path"
  /** A name is no UTF-8. */
  | "no UTF-8"
  /** Two entries have one path. */
  | "twice"
  /** A path leads through something that is no folder. */
  | "through a file"
  /** A hard link's target is not there, or links lead in a circle. */
  | "link leads nowhere"
  /** A whiteout removes what is not there. */
  | "removes nothing"
  /** A letter for a kind of entry that is not known. */
  | "unknown kind"
  /** The packed bytes cannot be unpacked. */
  | "cannot unpack"
  /** A table of contents is broken. */
  | "bad table";

/** Something that is wrong with an archive. */
export interface ArchiveProblem {
  /** What kind of problem it is. */
  readonly what: ProblemKind;
  /** The place of the byte where it begins. */
  readonly at: number;
  /** Which bytes that place counts: those without compression, or those that are stored. */
  readonly where: "unpacked" | "packed";
  /** The path of the entry that has the problem, if it is about one. */
  readonly path?: string;
  /** A sentence for people. */
  readonly text: string;
}

/** The problems of an archive. */
export interface ProblemList {
  /** The first ones, at most 1,000. */
  readonly list: readonly ArchiveProblem[];
  /** How many there are. */
  readonly count: number;
}

const MOST_PROBLEMS = 1000;
const LONGEST_SHOWN = 200;
// Real layers of 200,000 entries need two million.
const MOST_STEPS = 20_000_000;
const LOOKS_A_PAUSE = 64;

/** One reading of an archive: what it has cost, and the problems that it met. */
export class ArchiveReading {
  /** The limits, the usual ones included. */
  readonly limits: Required<Omit<ReadingLimits, "signal">>;
  /** The limit that ended the reading, if one did. */
  limitMet: LimitMet | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #problems: ArchiveProblem[] = [];
  readonly #work = new LongWork();
  #problemCount = 0;
  #entries = 0;
  #folders = 0;
  #text = 0;
  #steps = 0;
  #looks = 0;

  /** Begins a reading. */
  constructor({ entries, bytes, text, signal }: ReadingLimits = {}) {
    this.limits = {
      entries: entries ?? USUAL_LIMITS.entries,
      bytes: bytes ?? USUAL_LIMITS.bytes,
      text: text ?? USUAL_LIMITS.text,
    };
    this.#signal = signal;
  }

  /** The problems so far. */
  get problems(): ProblemList {
    return { list: this.#problems, count: this.#problemCount };
  }

  /** Notes a problem. */
  note(what: ProblemKind, at: number, text: string, path?: string, where: "unpacked" | "packed" = "unpacked"): void {
    this.#problemCount++;
    if (this.#problems.length >= MOST_PROBLEMS) return;
    const problem = { what, at, where, text };
    this.#problems.push(path === undefined ? problem : { ...problem, path: shortened(path) });
  }

  /** Counts an entry. Returns false if that is one too many. */
  countEntry(at: number): boolean {
    if (this.#entries >= this.limits.entries) return this.#stop("entries", at, "entries", this.limits.entries);
    this.#entries++;
    return true;
  }

  /** Counts a folder that only a path implies. Returns false if that is one too many. */
  countFolder(at: number): boolean {
    if (this.#folders >= this.limits.entries) return this.#stop("entries", at, "folders", this.limits.entries);
    this.#folders++;
    return true;
  }

  /** Counts characters that are kept. Returns false if they are too many. */
  countText(characters: number, at: number): boolean {
    this.#text += characters;
    if (this.#text <= this.limits.text) return true;
    return this.#stop("text", at, "characters of names and attributes", this.limits.text);
  }

  /** Counts steps along a path. Returns false if they are too many: links can make a short path a very long way. */
  countSteps(steps: number): boolean {
    this.#steps += steps;
    if (this.#steps <= MOST_STEPS) return true;
    return this.#stop("steps", 0, "steps along the paths of its entries", MOST_STEPS);
  }

  /**
   * Yields pieces of unpacked bytes until a limit is met. Between them it lets other work of this thread go on, so that a
   * signal of time can come.
   */
  async *within(pieces: AsyncIterable<Uint8Array>, from = 0): AsyncGenerator<Uint8Array> {
    let at = from;
    for await (const piece of pieces) {
      if (this.#isAborted(at)) return;
      const left = this.limits.bytes - at;
      if (piece.length > left) {
        if (left > 0) yield piece.subarray(0, left);
        this.#stop("bytes", Math.max(at, this.limits.bytes), "unpacked bytes", this.limits.bytes);
        return;
      }
      yield piece;
      at += piece.length;
      if (await this.pause(at)) return;
    }
  }

  /** Returns true now and then: it is time to `pause`. To look at the clock at each entry would take longer than to read it. */
  isDue(): boolean {
    return ++this.#looks % LOOKS_A_PAUSE === 0;
  }

  /** Gives way to other work if this has gone on for long. Returns true if the signal has ended the reading. */
  async pause(at: number): Promise<boolean> {
    if (this.#work.isLong()) await this.#work.giveWay();
    return this.#isAborted(at);
  }

  #isAborted(at: number): boolean {
    if (this.#signal?.aborted !== true) return false;
    this.limitMet ??= {
      limit: "signal",
      at,
      text: "The reading was ended before all was read. What comes later is not shown.",
    };
    return true;
  }

  #stop(limit: "entries" | "bytes" | "text" | "steps", at: number, noun: string, most: number): false {
    const text = `The reading ended after ${most.toLocaleString("en")} ${noun}. What comes later is not shown.`;
    this.limitMet ??= { limit, most, at, text };
    return false;
  }
}

/** Returns a text, cut if it is very long. */
export function shortened(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
