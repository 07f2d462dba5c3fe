/**
 * A disk that fails as planned: full, broken, or read-only, from some operation on, now and then, or for some files.
 *
 *     const plan: DiskFailure[] = [];
 *     const disk = failing(memoryDisk(), plan);
 *     …
 *     plan.push({ code: "ENOSPC", skip: 2 });      from the third operation on that needs space, the disk is full
 *
 * It stands around any other disk. An operation that fails does nothing. Only where a real disk would leave something half done, a
 * plan can say so: bytes that were appended, bytes that were read, and a change that is made although it is reported as failed.
 *
 * Next: reasons.ts
 *
 * @module
 */

import { randomNumbers } from "../random.ts";
import {
  around,
  type DiskOperation,
  type DiskOperationName,
  isChange,
  OPERATION_NAMES,
  streamAround,
} from "./around.ts";
import type { Disk } from "./disk.ts";

/** The codes of the errors that a disk can fail with. */
export type DiskErrorCode = "EIO" | "EACCES" | "EMFILE" | "ENOSPC" | "EROFS" | "ESTALE" | "EDQUOT";

const MESSAGES: Readonly<Record<DiskErrorCode, string>> = {
  EIO: "Input/output error (os error 5)",
  EACCES: "Permission denied (os error 13)",
  EMFILE: "Too many open files (os error 24)",
  ENOSPC: "No space left on device (os error 28)",
  EROFS: "Read-only file system (os error 30)",
  ESTALE: "Stale file handle (os error 116)",
  EDQUOT: "Disk quota exceeded (os error 122)",
};

/** One way in which a disk fails. */
export interface DiskFailure {
  /** The code of the error, which has the message of Linux. Default: `EIO`. */
  readonly code?: DiskErrorCode;
  /** The error itself, instead of a code, such as a `BusyError`. */
  readonly error?: Error;
  /** The operations that can fail. Default: those that change something; if the disk is full, those that need space. */
  readonly operations?: readonly DiskOperationName[];
  /** Only operations on files and folders whose path matches can fail. Default: all. */
  readonly path?: RegExp;
  /** The number of operations that go well before the first one fails. Default: 0. */
  readonly skip?: number;
  /** The number of operations that fail then. Default: all. */
  readonly times?: number;
  /** The share of these operations that fail, from 0 to 1. Default: 1. */
  readonly probability?: number;
  /** The seed of the random numbers that decide about that. The same seed decides in the same way. Default: 1. */
  readonly seed?: number;
  /**
   * The number of bytes that `append` writes, or the stream of `open` gives, before it fails. Default: 0.
   */
  readonly bytes?: number;
  /** True if the operation is done, and only reported as failed. Default: false. */
  readonly isDone?: boolean;
}

/**
 * Returns a disk that fails as planned, and otherwise does what another one does. It looks at the plan at each operation. So a
 * caller may change the list meanwhile: an empty one repairs the disk, and a failure that is added begins to count at that time.
 *
 * @throws {RangeError} if the plan names an operation or a code that is not there, or has a number that makes no sense. A failure that
 * is added later is checked at the next operation.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { memoryDisk } from "./memory_disk.ts";
 *
 * const plan: DiskFailure[] = [{ code: "ENOSPC", times: 1 }];
 * const disk = failing(memoryDisk(), plan);
 * const put = () => disk.put("library/hello/_tags", { latest: new TextEncoder().encode("sha256:2c26…") });
 *
 * await assertRejects(put, Error, "No space left on device");
 * await put();
 * assertEquals(disk.list("library/hello/_tags"), ["latest"]);
 * ```
 */
export function failing<Failing extends Disk>(disk: Failing, plan: readonly DiskFailure[]): Failing {
  const counts = new WeakMap<DiskFailure, Count>();
  const countOf = (failure: DiskFailure): Count => {
    const known = counts.get(failure) ?? new Count(failure);
    counts.set(failure, known);
    return known;
  };
  plan.forEach(countOf);
  return around(disk, (operation, args, act) => {
    // Each failure counts, also those behind the one that comes first.
    const [failure] = plan.filter((failure) => countOf(failure).isNow(operation));
    return failure === undefined ? act(args) : fail(failure, operation, args, act);
  });
}

// How often a failure could have come, and how often it has.
class Count {
  readonly #failure: DiskFailure;
  readonly #random: () => number;
  #seen = 0;
  #failed = 0;

  constructor(failure: DiskFailure) {
    expectSense(failure);
    this.#failure = failure;
    this.#random = randomNumbers(failure.seed ?? 1);
  }

  isNow({ name, path }: DiskOperation): boolean {
    const { path: pattern, skip = 0, times = Infinity, probability = 1 } = this.#failure;
    if (!canFail(this.#failure, name) || (pattern !== undefined && path.search(pattern) < 0)) return false;
    if (this.#seen++ < skip || this.#failed >= times || this.#random() >= probability) return false;
    this.#failed++;
    return true;
  }
}

function expectSense({ code = "EIO", operations = [], probability = 1, ...numbers }: DiskFailure): void {
  if (!Object.hasOwn(MESSAGES, code)) {
    throw new RangeError(`A disk fails with one of ${Object.keys(MESSAGES).join(", ")}, not with "${code}"`);
  }
  const unknown = operations.find((name) => !OPERATION_NAMES.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`A disk has no operation "${unknown}"; it has ${OPERATION_NAMES.join(", ")}`);
  }
  if (!(probability >= 0 && probability <= 1)) throw new RangeError(`${probability} is no probability from 0 to 1`);
  for (const name of ["skip", "times", "bytes"] as const) {
    const number = numbers[name] ?? 0;
    if (!(number >= 0)) throw new RangeError(`${name} is a number of 0 or more, and not ${number}`);
  }
}

const NEED_SPACE: ReadonlySet<DiskOperationName> = new Set<DiskOperationName>([
  ...["put", "link", "begin", "append", "save", "moveTo"] as const,
]);

/** Returns true if an operation fails on a full disk. */
export function needsSpace(name: DiskOperationName): boolean {
  return NEED_SPACE.has(name);
}

function canFail({ operations, code }: DiskFailure, name: DiskOperationName): boolean {
  if (operations !== undefined) return operations.includes(name);
  return code === "ENOSPC" || code === "EDQUOT" ? needsSpace(name) : isChange(name);
}

function errorOf({ error, code = "EIO" }: DiskFailure): Error {
  return error ?? diskError(code);
}

/** Returns the error of a disk that fails with a code. */
export function diskError(code: DiskErrorCode): Error {
  return Object.assign(new Error(MESSAGES[code]), { code });
}

function fail(
  failure: DiskFailure,
  { name }: DiskOperation,
  args: unknown[],
  act: (args: unknown[]) => unknown,
): unknown {
  const { bytes = 0, isDone = false } = failure;
  const error = errorOf(failure);
  if (bytes > 0 && name === "append") {
    const [body, ...others] = args;
    return act([endingEarly(body as AsyncIterable<Uint8Array>, bytes, error), ...others]);
  }
  if (bytes > 0 && name === "open") return endingOf(act(args) as ReturnType<Disk["open"]>, bytes, error);
  if (!isDone) throw error;
  const result = act(args);
  if (!(result instanceof Promise)) throw error;
  return result.then(() => {
    throw error;
  });
}

async function* endingEarly<Piece extends Uint8Array>(
  body: AsyncIterable<Piece>,
  bytes: number,
  error: Error,
): AsyncGenerator<Piece, void> {
  let left = bytes;
  for await (const piece of body) {
    if (piece.length > left) {
      if (left > 0) yield piece.subarray(0, left) as Piece;
      throw error;
    }
    yield piece;
    left -= piece.length;
  }
}

// What a caller has got at once, it has got as a whole.
function endingOf(opened: ReturnType<Disk["open"]>, bytes: number, error: Error): ReturnType<Disk["open"]> {
  if (!(opened instanceof ReadableStream)) return opened;
  return streamAround(opened, (stream) => endingEarly(stream, bytes, error));
}
