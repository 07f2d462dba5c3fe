/**
 * Hashing in another thread, because hashing takes most of the time of a push.
 *
 *     a serving thread                          the hashing thread
 *     write 256 KiB to the growing file
 *     update(file, 0, 256 KiB)      ──port──▶   hash them
 *     receive and write the next    ◀──done──   and return their buffer
 *     digest(file, size)            ──port──▶   the end of the hash
 *
 * A processor without instructions for SHA-256 hashes 350 MB/s, and the network and the disk manage a gigabyte or more. So
 * one thread hashes while the others receive and write. The bytes are moved to it and not copied. One hashing thread works
 * for all serving threads, so the requests of one upload may come to different threads.
 *
 * Next: between_threads.ts
 *
 * @module
 */

import { HASHES, type Hashes } from "../definitions/digest.ts";
import { callThrough, offer } from "./between_threads.ts";
import type { Bytes } from "./disk.ts";
import { Bounded } from "./memory.ts";
import type { RunningHashes } from "./running_hashes.ts";

// The name of a function of `RunningHashes`, and its arguments.
type HashCall = [name: keyof RunningHashes, ...args: (string | number | Bytes | undefined)[]];

/** Hashes in this thread for the thread at the other end of a port. */
export function answerThrough(port: MessagePort, hashes: RunningHashes): void {
  const run = (...[name, ...args]: HashCall) => {
    const call: (...args: never[]) => Promise<unknown> = hashes[name];
    return call.apply(hashes, args as never[]);
  };
  offer(port, run, (value) => value instanceof ArrayBuffer ? [value] : []);
}

// For at most this many files, the first bytes wait here until the registry knows whether more will come.
const MOST_FIRST_BYTES = 64;
const MOST_SENT = 10_000;

interface Sent {
  readonly bytes: Bytes;
  readonly algorithm: string | undefined;
}

/** Lets the thread at the other end of a port do the hashing. */
export class HashesElsewhere implements RunningHashes {
  readonly #connect: () => Promise<MessagePort>;
  readonly #hashes: Hashes;
  #other: Promise<(...call: HashCall) => Promise<unknown>> | undefined;
  // Most blobs are small and come in one piece. Sending such a piece away and waiting for the answer takes longer than
  // hashing it.
  readonly #firstBytes = new Bounded<string, Sent>(MOST_FIRST_BYTES);
  // The files of which this thread has sent bytes to the other one.
  readonly #sent = new Bounded<string, true>(MOST_SENT);

  /** `connect` returns a port; `answerThrough` has the other end. It is called once, when there is something to hash. */
  constructor(connect: () => Promise<MessagePort>, hashes: Hashes = HASHES) {
    this.#connect = connect;
    this.#hashes = hashes;
  }

  async begin(path: string, algorithm: string): Promise<void> {
    await this.#call("begin", path, algorithm);
  }

  async update(path: string, offset: number, bytes: Bytes, algorithm?: string): Promise<ArrayBuffer | undefined> {
    if (offset === 0) {
      this.#firstBytes.set(path, { bytes, algorithm });
      return undefined;
    }
    const first = this.#firstBytes.get(path);
    this.#firstBytes.delete(path);
    if (first !== undefined) this.#send(path, 0, first);
    return await this.#send(path, offset, { bytes, algorithm });
  }

  async digest(path: string, size: number, algorithm: string): Promise<string | undefined> {
    const first = this.#firstBytes.get(path);
    this.#firstBytes.delete(path);
    this.#sent.delete(path);
    if (first === undefined) return await this.#call("digest", path, size, algorithm);
    if (first.bytes.length !== size) return undefined;
    const hash = this.#hashes[algorithm]();
    hash.update(first.bytes);
    return hash.digest("hex");
  }

  async forget(path: string): Promise<void> {
    this.#firstBytes.delete(path);
    if (this.#sent.delete(path)) await this.#call("forget", path);
  }

  #send(path: string, offset: number, { bytes, algorithm }: Sent): Promise<ArrayBuffer | undefined> {
    this.#sent.set(path, true);
    return this.#call("update", path, offset, bytes, algorithm);
  }

  // Calls a function in the other thread, and waits for its result.
  async #call<Name extends keyof RunningHashes>(
    name: Name,
    ...args: Parameters<RunningHashes[Name]>
  ): Promise<Awaited<ReturnType<RunningHashes[Name]>>> {
    const call = await (this.#other ??= this.#open());
    return await call(name, ...args) as Awaited<ReturnType<RunningHashes[Name]>>;
  }

  async #open(): Promise<(...call: HashCall) => Promise<unknown>> {
    return callThrough<HashCall, unknown>(
      await this.#connect(),
      (args) => args.flatMap((arg) => arg instanceof Uint8Array ? [arg.buffer] : []),
    );
  }
}
