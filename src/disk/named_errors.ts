/**
 * Named errors: a disk whose errors name the file, and say in plain words why it cannot be used.
 *
 *     Permission denied (os error 13): readdir 'testdata/library'
 *       ──▶ cannot read testdata/library: permission denied
 *     No space left on device (os error 28)
 *       ──▶ cannot change testdata/library/hello/_uploads/0f9c…/data: the disk is full
 *
 * The commands and the hourly housekeeping use it: a person reads what they print. (For a request that fails, a registry writes the
 * error of the system into its log.)
 *
 * Next: ../random.ts
 *
 * @module
 */

import { around, type DiskOperationName, isChange, streamAround } from "./around.ts";
import type { Bytes, Disk, Folder } from "./disk.ts";
import { isOfSystem, reasonOf } from "./reasons.ts";

/** An error of the system, with the file or folder in its message. */
export class FileError extends Error {
  /** The code of the error, such as `EACCES`, if it has one. */
  readonly code: string | undefined;

  /** Makes an error. `what` is what cannot be done with which file. */
  constructor(what: string, error: unknown) {
    super(`${what}: ${reasonOf(error)}`, { cause: error });
    this.code = (error as { readonly code?: string }).code;
  }
}

/**
 * Returns a disk that does the same, and throws a {@linkcode FileError} where another one throws an error of the system. `root` is
 * the path of its folder.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { failing } from "./failing.ts";
 * import { memoryDisk } from "./memory_disk.ts";
 *
 * const broken = failing(memoryDisk(), [{ operations: ["list"], code: "EACCES" }]);
 * const disk = namingErrors(broken, "testdata");
 * assertThrows(() => disk.list("library"), FileError, "cannot read testdata/library: permission denied");
 * ```
 */
export function namingErrors<Named extends Disk>(disk: Named, root: string): Named {
  return around(disk, ({ name, path }, args, act) => {
    const at = path === "" ? root : `${root}/${path}`;
    const what = `cannot ${CHANGES.has(name) || isChange(name) ? "change" : "read"} ${at}`;
    return naming(what, () => act(name === "readTogether" ? [path, namingFiles(at, args[1] as Parse)] : args));
  });
}

// A turn, and the lock of a growing file, leave a file on the disk.
const CHANGES: ReadonlySet<DiskOperationName> = new Set<DiskOperationName>(["inTurn", "grow"]);

function naming(what: string, action: () => unknown): unknown {
  const fail = (error: unknown): never => {
    // An action in its turn has named its own errors already.
    throw isOfSystem(error) && !(error instanceof FileError) ? new FileError(what, error) : error;
  };
  try {
    const result = action();
    if (result instanceof ReadableStream) return streamAround(result, (stream) => piecesOf(stream, fail));
    return result instanceof Promise ? result.catch(fail) : result;
  } catch (error) {
    return fail(error);
  }
}

type Parse = (files: Folder) => unknown;

// The operation has the path of the folder, and one of its files may be at fault.
function namingFiles(folder: string, parse: Parse): Parse {
  return (files) =>
    parse({
      get names() {
        return files.names;
      },
      read: (name) => naming(`cannot read ${folder}/${name}`, () => files.read(name)) as Bytes | undefined,
    });
}

async function* piecesOf(stream: ReadableStream<Bytes>, fail: (error: unknown) => never): AsyncGenerator<Bytes> {
  try {
    yield* stream;
  } catch (error) {
    fail(error);
  }
}
