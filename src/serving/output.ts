/**
 * Output: the program prints without waiting for the readers of what it prints.
 *
 *     print  ──▶  queue, at most a million characters  ──▶  standard output, as fast as it is read
 *                   ╰─ full: the line is dropped, and counted
 *
 *     GET   /v2/   200   0.4 ms   end-1
 *     glassbox: 1204 lines are missing here, because nobody has read the log
 *     GET   /v2/   200   0.3 ms   end-1
 *
 * `console.log` waits until its text is taken. If the reader is stuck, or somebody pressed Ctrl-S, the program would wait with
 * it, and with the program all its clients. Here a thread of the operating system waits instead.
 *
 * Each thread of the program has a queue of its own. Deno lets one write to the standard output at a time, and each write has
 * whole lines, so the lines of two threads are never mixed.
 *
 * Next: log.ts
 *
 * @module
 */

import { printable } from "../definitions/printable.ts";
import { painted, plain, type StyledLine } from "../stories/styled.ts";
import { inTime, pause } from "../waiting.ts";

/** Where an output goes, such as `Deno.stdout`. */
export interface Sink {
  /** Writes some of the bytes, and returns their number. */
  write(bytes: Uint8Array): Promise<number>;
}

// The most characters that wait in a queue. As many again may be on their way.
const MOST_WAITING = 1_000_000;

// The time until the next try, if a write has failed, because the disk with the log is full, for example. In milliseconds.
const NEXT_TRY = 100;

/** The settings of an output. */
export interface OutputOptions {
  /** Returns the line that stands for dropped ones. Default: one for people. */
  readonly missing?: (lines: number) => string;
  /** True to print colours. Default: false. */
  readonly isPainted?: boolean;
}

/** Prints lines. */
export class Output {
  readonly #sink: Sink;
  readonly #missing: (lines: number) => string;
  readonly #isPainted: boolean;
  #waiting = "";
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #isClosed = false;

  /** Prints to a sink. */
  constructor(sink: Sink, { missing = missingAsText, isPainted = false }: OutputOptions = {}) {
    this.#sink = sink;
    this.#missing = missing;
    this.#isPainted = isPainted;
  }

  /**
   * Prints a text, which may have several lines, or lines with styles, with an escape for each character that is not drawn. Drops all
   * of it if too much is waiting already.
   */
  print(lines: string | readonly StyledLine[]): void {
    if (this.#isClosed) return;
    const paint = this.#isPainted ? painted : plain;
    const text = (typeof lines === "string" ? lines.split("\n").map(printable) : lines.map(paint)).join("\n");
    // A short text after a dropped long one is dropped, too. Otherwise the number would come behind it.
    if (this.#dropped > 0 || this.#waiting.length + text.length >= MOST_WAITING) this.#dropped++;
    else this.#waiting += `${text}\n`;
    this.#writing ??= this.#write();
  }

  /** Counts lines as dropped that somebody else has dropped. */
  miss(lines: number): void {
    if (lines === 0 || this.#isClosed) return;
    this.#dropped += lines;
    this.#writing ??= this.#write();
  }

  /** Waits until everything is written, but no longer than some milliseconds. */
  async flush(milliseconds: number): Promise<void> {
    await inTime(this.#writing, milliseconds);
  }

  async #write(): Promise<void> {
    while (this.#waiting !== "" || this.#dropped > 0) {
      const missing = this.#dropped > 0 ? `${this.#missing(this.#dropped)}\n` : "";
      const bytes = new TextEncoder().encode(this.#waiting + missing);
      this.#waiting = "";
      this.#dropped = 0;
      await this.#writeAll(bytes);
    }
    this.#writing = undefined;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#isClosed;) {
      try {
        at += await this.#sink.write(bytes.subarray(at));
      } catch (error) {
        // There is nobody any more who could read it.
        if (error instanceof Deno.errors.BrokenPipe) this.#isClosed = true;
        else await pause(NEXT_TRY);
      }
    }
  }
}

/** Returns the line of a log for people that stands for dropped lines. */
export function missingAsText(lines: number): string {
  return `glassbox: ${lines} ${lines === 1 ? "line is" : "lines are"} missing here, because nobody has read the log`;
}

/** Returns the line of a log for machines that stands for dropped lines. */
export function missingAsJson(lines: number): string {
  return JSON.stringify({ time: new Date().toISOString(), missing: lines });
}

/** The standard error: what the program says of itself. */
export const errors: Output = new Output(Deno.stderr);
