/**
 * Opening a file for a caller that sends it.
 *
 *     a whole file of up to 64 KiB       the bytes, which the disk remembers
 *     up to 128 KiB                      the bytes
 *     more than that                     a stream of pieces of up to 1 MiB: while one is sent, the next one is read
 *
 * So a file of more than 1 MiB is never in memory as a whole when it is sent.
 *
 * Next: watching.ts
 *
 * @module
 */

import type { ByteRange } from "../definitions/range.ts";
import type { Bytes, FileInfo } from "./disk.ts";
import { unlessMissing } from "./missing.ts";
import { openIfThere, readPart } from "./reading.ts";
import type { Root } from "./root.ts";

// The disk remembers a whole file of at most this many bytes.
const REMEMBERED = 64 * 1024;
// A part of at most this many bytes takes less time to read than a stream takes to make.
const FEW = 128 * 1024;
// Deno's own streams have pieces of 64 KiB. Larger ones are faster: each piece costs a turn of the event loop and a system
// call.
const PIECE = 1024 * 1024;

/** Opens a file, whole or in part. `path` is the file's path on this machine. */
export function open(
  root: Root,
  path: string,
  file: FileInfo,
  part: ByteRange | undefined,
): Bytes | ReadableStream<Bytes> | undefined {
  const { start, length } = part ?? { start: 0, length: file.size };
  if (part === undefined && length <= REMEMBERED) return readSmall(root, path, file);
  if (length <= FEW) return readFew(path, { start, length });
  const opened = openIfThere(path);
  if (opened === undefined) return undefined;
  if (start > 0) opened.seekSync(start, Deno.SeekMode.Start);
  return streamOf(root, opened, length);
}

function readSmall(root: Root, path: string, file: FileInfo): Bytes | undefined {
  const known = root.memory.bytes.get(file);
  const bytes = known ?? readFew(path, { start: 0, length: file.size });
  if (known === undefined && bytes !== undefined) root.memory.bytes.set(file, bytes);
  return root.sharesBytes ? bytes : bytes?.slice();
}

function readFew(path: string, part: ByteRange): Bytes | undefined {
  return unlessMissing(() => {
    using file = Deno.openSync(path);
    return readPart(file, part);
  });
}

function streamOf(root: Root, file: Deno.FsFile, length: number): ReadableStream<Bytes> {
  let left = length;
  // At the end `read` returns an empty piece. So there is one more `pull`, which frees the memory of the last piece.
  const read = async () => {
    const piece = new Uint8Array(Math.min(PIECE, left));
    if (left === 0) return piece;
    const length = await file.read(piece) ?? 0;
    // If the file has become shorter, the body ends before its announced length, and the client notices that.
    left = length === 0 ? 0 : left - length;
    return piece.subarray(0, length);
  };
  const readAhead = () => {
    const next = read();
    next.catch(() => {}); // The error surfaces at the `await` in `pull`, if the client is still there then.
    return next;
  };
  let next = readAhead();
  let sent: Bytes | undefined;
  return new ReadableStream({
    async pull(controller) {
      // The piece before this one has been sent, so its memory can be freed. JavaScript's garbage collection would do that only
      // after 64 MiB, and memory that is still in the processor's cache is twice as fast.
      if (root.sharesBytes) sent?.buffer.transfer(0);
      const piece = sent = await next.catch((error) => {
        file.close(); // A stream that has failed does not call `cancel`.
        throw error;
      });
      if (piece.length > 0) {
        controller.enqueue(piece);
        next = readAhead();
        return;
      }
      file.close();
      controller.close();
    },
    cancel() {
      file.close();
    },
  }, { highWaterMark: 0 });
}
