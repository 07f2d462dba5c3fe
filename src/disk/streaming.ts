/**
 * Opening a file for a caller that sends it.
 *
 *     a whole file of up to 64 KiB       the bytes, which the disk remembers
 *     up to 128 KiB                      the bytes
 *     more than that                     a stream of pieces
 *
 * Next: pieces.ts
 *
 * @module
 */

import type { ByteRange } from "../definitions/range.ts";
import type { Bytes, FileInfo, WhenSent } from "./disk.ts";
import { unlessMissing } from "./missing.ts";
import { openIfThere, readPart } from "./reading.ts";
import { FilePieces } from "./pieces.ts";
import type { Root } from "./root.ts";

// The disk remembers a whole file of at most this many bytes.
const REMEMBERED = 64 * 1024;
// A part of at most this many bytes takes less time to read than a stream takes to make.
const FEW = 128 * 1024;

/** Opens a file, whole or in part. `path` is the file's path on this machine. */
export function open(
  root: Root,
  path: string,
  file: FileInfo,
  part: ByteRange | undefined,
  sent: WhenSent = () => undefined,
): Bytes | ReadableStream<Bytes> | undefined {
  const { start, length } = part ?? { start: 0, length: file.size };
  if (part === undefined && length <= REMEMBERED) return readSmall(root, path, file);
  if (length <= FEW) return readFew(path, { start, length });
  const opened = openIfThere(path);
  if (opened === undefined) return undefined;
  if (start > 0) opened.seekSync(start, Deno.SeekMode.Start);
  return streamOf(new FilePieces(root, opened, length, sent));
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

/** Returns the pieces of a file as a stream. */
export function streamOf(pieces: FilePieces): ReadableStream<Bytes> {
  return new ReadableStream({
    async pull(controller) {
      const piece = await pieces.next();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
    cancel() {
      pieces.stop();
    },
  }, { highWaterMark: 0 });
}
