/**
 * Bytes of a file: the first of them, or a source that the archives are read from.
 *
 *     await firstBytes(disk, file, 4096)     Uint8Array(4096)
 *     fileSource(disk, file)                   { size: 3355443, pieces(start, length) { … } }
 *
 * Next: content.ts
 *
 * @module
 */

import type { ByteSource } from "../archive/source.ts";
import type { Bytes, Disk, FileInfo } from "../disk/disk.ts";

/** Reads the first bytes of a file: `most` of them, or fewer if the file is shorter or was removed. */
export async function firstBytes(disk: Disk, file: FileInfo, most: number): Promise<Bytes> {
  const bytes = new Uint8Array(Math.min(most, file.size));
  let at = 0;
  for await (const piece of fileSource(disk, file).pieces(0, bytes.length)) {
    bytes.set(piece.subarray(0, bytes.length - at), at);
    at += piece.length;
  }
  return bytes.subarray(0, at);
}

/** Returns a file as a source of bytes. If somebody has removed the file, it has none. */
export function fileSource(disk: Disk, file: FileInfo): ByteSource {
  return {
    size: file.size,
    async *pieces(start = 0, length = file.size - start) {
      if (length <= 0) return;
      const opened = disk.open(file, { start, length });
      if (opened === undefined) return;
      if (!(opened instanceof ReadableStream)) return yield opened;
      // A shared piece is valid only until the next one is read, and an archive may look at it later.
      for await (const piece of opened) yield disk.sharesBytes ? piece.slice() : piece;
    },
  };
}
