/**
 * Around a disk: a function that is called in place of each operation.
 *
 *     registry ──▶ put("library/hello/_tags", …) ──▶ call({ name: "put", path }, args, act) ──▶ act(args) ──▶ disk
 *
 * The function may do the operation, let it fail, do it with other arguments, or only note that it happens. So a disk that tells
 * everything (`watched.ts`), one that fails (`failing.ts`), and the faults of the disk among the switches need no code for each
 * operation. The files that an action of `begin` or `grow` gets are treated in the same way.
 *
 * Next: watched.ts
 *
 * @module
 */

import type { Bytes, Disk, GrowingFile } from "./disk.ts";

/** The name of an operation of a disk, or of a growing file on it. */
export type DiskOperationName = Exclude<
  keyof Disk | keyof GrowingFile,
  "sharesBytes" | "now" | "telling" | "size" | "lastUsed"
>;

// True for the operations that change something, and not only look.
const OPERATIONS: Readonly<Record<DiskOperationName, boolean>> = {
  look: false,
  find: false,
  list: false,
  listMany: false,
  read: false,
  readTogether: false,
  remember: false,
  recall: false,
  forget: false,
  open: false,
  put: true,
  link: true,
  noteUse: true,
  keep: true,
  remove: true,
  removeTogether: true,
  removeUnused: true,
  tidy: true,
  quarantine: true,
  begin: true,
  grow: false,
  isGrowing: false,
  inTurn: false,
  append: true,
  save: true,
  truncate: true,
  digest: false,
  moveTo: true,
  discard: true,
};

/** The names of all operations. */
export const OPERATION_NAMES: readonly DiskOperationName[] = Object.keys(OPERATIONS) as DiskOperationName[];

/** An operation of a disk, or of a growing file on it. */
export interface DiskOperation {
  /** Its name, such as `put`. */
  readonly name: DiskOperationName;
  /** The file or folder that it is about. For `link` it is the one that is there already, and for `inTurn` it is the key. */
  readonly path: string;
}

/** Returns true if an operation changes something, and does not only look. */
export function isChange(name: DiskOperationName): boolean {
  return OPERATIONS[name];
}

/**
 * Is called in place of an operation. `act` does the operation with these arguments, or with others. It throws or returns what the
 * caller of the operation gets.
 */
export type Around = (operation: DiskOperation, args: unknown[], act: (args: unknown[]) => unknown) => unknown;

/** Returns a disk that calls a function in place of each operation. */
export function around<Wrapped extends Disk>(disk: Wrapped, call: Around): Wrapped {
  return wrapped(disk, (name, target) => {
    if (name === "telling") return (...args: Parameters<Disk["telling"]>) => around(target.telling(...args), call);
    if (!isOperation(name)) return undefined;
    return (...args: unknown[]) => {
      const path = pathOf(args[0]);
      const act = (args: unknown[]) => {
        const hasAction = name === "begin" || name === "grow";
        return apply(target, name, hasAction ? args.map((arg) => aroundAction(arg, path, call)) : args);
      };
      return called(name, () => call({ name, path }, args, act));
    };
  });
}

/**
 * Returns a stream of pieces that a generator makes of the stream of a file. If the caller cancels it, the file is closed, also if the
 * generator has not begun: then `ReadableStream.from` would only end the generator.
 */
export function streamAround(
  stream: ReadableStream<Bytes>,
  around: (stream: ReadableStream<Bytes>) => AsyncGenerator<Bytes, void>,
): ReadableStream<Bytes> {
  const pieces = around(stream);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      await pieces.return();
      await stream.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

function aroundAction(action: unknown, path: string, call: Around): unknown {
  if (typeof action !== "function") return action;
  return (file: GrowingFile) =>
    action(wrapped(file, (name) => {
      if (!isOperation(name)) return undefined;
      return (...args: unknown[]) => called(name, () => call({ name, path }, args, (args) => apply(file, name, args)));
    }));
}

function wrapped<Target extends object>(
  target: Target,
  replace: (name: string, target: Target) => ((...args: never[]) => unknown) | undefined,
): Target {
  return new Proxy(target, {
    get(target, name) {
      // The functions of a disk may use fields that only the disk itself has.
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return replace(String(name), target) ?? value.bind(target);
    },
  });
}

function isOperation(name: string): name is DiskOperationName {
  return Object.hasOwn(OPERATIONS, name);
}

function apply(target: object, name: string, args: unknown[]): unknown {
  return Reflect.apply(Reflect.get(target, name, target), target, args);
}

// These return their result at once. All others return a promise, and so they report each error through it.
const AT_ONCE: ReadonlySet<DiskOperationName> = new Set<DiskOperationName>([
  ...["look", "find", "list", "read", "readTogether", "remember", "recall", "forget", "open"] as const,
  ...["noteUse", "tidy", "isGrowing"] as const,
]);

function called(name: DiskOperationName, call: () => unknown): unknown {
  return AT_ONCE.has(name) ? call() : Promise.try(call);
}

function pathOf(arg: unknown): string {
  return typeof arg === "string" ? arg : (arg as { path?: string } | undefined)?.path ?? "";
}
