/**
 * The pieces of a file that is sent.
 *
 *     piece 1   being sent     \
 *     piece 2   waits for it    } in flight: in memory, and perhaps not sent
 *     piece 3   is being read  /
 *
 * A piece has up to 1 MiB. So a file of more than that is never in memory as a whole.
 *
 * If a client takes nothing for a minute, the file is closed. The body ends before its announced length when the client goes
 * on to read.
 *
 * Next: in_flight.ts
 *
 * @module
 */

import type { Bytes, WhenSent } from "./disk.ts";
import { LARGEST } from "./in_flight.ts";
import type { Root } from "./root.ts";

// The size of the first piece of a long file, and that of a piece for a client that needs more than a second for one.
const FIRST = 256 * 1024;
const FOR_SLOW = 64 * 1024;
const FEW = 128 * 1024;
// In milliseconds.
const FAST = 1000;

/** The pieces of one file, for one client. */
export class FilePieces {
  #left: number;
  #size: number;
  #ahead: Promise<Bytes> | undefined;
  #last: Bytes | undefined;
  // The lengths of the pieces in flight: up to two that the client was given, and the one that is read ahead.
  readonly #inFlight: number[] = [];
  #given = 0;
  // Infinity while the client waits, and not the registry.
  #idleSince = performance.now();
  #isOpen = true;
  #hasStopped = false;
  #isLate = false;
  #clock: ReturnType<typeof setTimeout> | undefined;

  /** `file` is open, and the next read gets the first of the `length` bytes. */
  constructor(
    private readonly root: Root,
    private readonly file: Deno.FsFile,
    length: number,
    private readonly sent: WhenSent,
  ) {
    this.#left = length;
    this.#size = length > LARGEST ? FIRST : LARGEST;
    this.#readAhead();
    this.#watch();
  }

  /** Returns the next piece, or `undefined` at the end. The caller has passed on the one before, and the earlier ones are sent. */
  async next(): Promise<Bytes | undefined> {
    if (this.#isLate) throw new Error(`the client has taken nothing for ${this.root.longestPause / 1000} s`);
    if (this.#last !== undefined) this.#noteTaken();
    this.#idleSince = Infinity;
    try {
      const piece = await (this.#ahead ?? this.#read());
      this.#ahead = undefined;
      // The client went away while the disk was reading.
      if (this.#hasStopped) return undefined;
      if (piece.length === 0) {
        this.#end();
        return undefined;
      }
      this.#last = piece;
      this.#given++;
      if (this.#left > 0 && this.root.inFlight.allowsReadingAhead) this.#readAhead();
      return piece;
    } catch (error) {
      this.stop(); // A stream that has failed does not call `cancel`.
      throw error;
    } finally {
      this.#idleSince = performance.now();
    }
  }

  // True if the client has been given the last piece.
  get #areOver(): boolean {
    return this.#left === 0 && this.#ahead === undefined;
  }

  #noteTaken(): void {
    const isFast = performance.now() - this.#idleSince < FAST;
    this.#size = isFast ? Math.min(2 * this.#size, LARGEST) : FOR_SLOW;
    if (this.#given === 2) {
      this.#land(this.#inFlight.shift());
      this.#given--;
    }
    this.#freeLast();
  }

  async #read(): Promise<Bytes> {
    const { root } = this;
    const length = Math.min(this.#left, this.#size, root.inFlight.largestPiece);
    const piece = new Uint8Array(length);
    if (length === 0) return piece;
    this.#inFlight.push(length);
    root.inFlight.bytes += length;
    // To wake another thread takes longer than to read a few bytes.
    const read = (length <= FEW ? this.file.readSync(piece) : await this.file.read(piece)) ?? 0;
    // If the file has become shorter, the body ends before its announced length, and the client notices that.
    this.#left = read === 0 ? 0 : this.#left - read;
    if (this.#left === 0) this.#close();
    return piece.subarray(0, read);
  }

  #readAhead(): void {
    this.#ahead = this.#read();
    this.#ahead.catch(() => {}); // The error surfaces in `next`, if the client is still there then.
  }

  #land(bytes = 0): void {
    this.root.inFlight.bytes -= bytes;
  }

  #close(): void {
    if (this.#isOpen) this.file.close();
    this.#isOpen = false;
  }

  // Looks when the client will have taken nothing for as long as it may.
  #watch(): void {
    const { longestPause } = this.root;
    const idle = Math.max(0, performance.now() - this.#idleSince);
    if (idle >= longestPause) return this.#giveUp();
    this.#clock = setTimeout(() => this.#watch(), longestPause - idle);
    Deno.unrefTimer(this.#clock);
  }

  // Deno cannot break off a connection on which it sends. But the client can get no more than what is in flight.
  #giveUp(): void {
    if (this.#areOver) return;
    this.#isLate = true;
    this.#close();
    if (this.#ahead !== undefined) this.#land(this.#inFlight.pop());
    this.#freeAhead();
  }

  // The client was given the last piece. It may take a long time to read it.
  #end(): void {
    clearTimeout(this.#clock);
    this.#freeLast();
    const land = () => this.#landAll();
    const sent = this.sent();
    if (sent === undefined) land();
    else sent.then(land, land);
  }

  #landAll(): void {
    for (const bytes of this.#inFlight.splice(0)) this.#land(bytes);
  }

  /** Ends before the last piece. */
  stop(): void {
    this.#hasStopped = true;
    clearTimeout(this.#clock);
    this.#close();
    this.#landAll();
    this.#freeAhead();
    this.#freeLast();
  }

  // Without these two, the memory would stay until JavaScript collects its garbage. That happens only after 64 MiB, and memory
  // that is still in the processor's cache is twice as fast. Deno keeps the bytes until they are sent.
  #freeLast(): void {
    if (this.root.sharesBytes) this.#last?.buffer.transfer(0);
    this.#last = undefined;
  }

  #freeAhead(): void {
    this.#ahead?.then(({ buffer }) => buffer.transfer(0), () => {});
    this.#ahead = undefined;
  }
}
