/**
 * zstd:chunked: zstd with a table of contents.
 * https://github.com/containers/storage/blob/v1.59.1/pkg/chunked/internal/minimal/compression.go
 *
 *     | frame | frame | … | ( table ) | ( tar-split ) | ( footer ) |         ( ) is a skippable frame
 *
 *     the footer       place, packed size, size, kind of the table | the same of tar-split | "GnUlInUx"      8 bytes each
 *     an annotation    io.github.containers.zstd-chunked.manifest-position: "place:packed size:size:kind"
 *
 * A usual decoder skips such frames, and so it sees a usual tar. The table is JSON, packed with zstd. Programs of before 2024 wrote a
 * footer without the fields for tar-split, and annotations that begin with `io.containers.`.
 *
 * Next: reading_a_table.ts
 *
 * @module
 */

import type { TablePosition } from "./contents_table.ts";
import { bytesAt } from "./packing.ts";
import type { ByteSource } from "./source.ts";
import { textOf } from "./tar_header.ts";

const POSITION = "io.github.containers.zstd-chunked.manifest-position";
const OLD_POSITION = "io.containers.zstd-chunked.manifest-position";
const MAGIC = "GnUlInUx";

// A skippable frame has 8 bytes in front of its content: its magic and its size.
const FRAME_HEADER = 8;
const FOOTERS = [64, 40];

// The only kind of table that there is.
const KIND = 1;

/** Returns the place of the table, as the annotations or the footer say it. Returns `undefined` if there is none. */
export async function chunkedPosition(
  source: ByteSource,
  annotations: Readonly<Record<string, string>>,
): Promise<TablePosition | undefined> {
  const announced = /^(\d{1,15}):(\d{1,15}):(\d{1,15}):1$/.exec(
    annotations[POSITION] ?? annotations[OLD_POSITION] ?? "",
  );
  if (announced !== null) {
    return { form: "zstd:chunked", at: Number(announced[1]), size: Number(announced[2]), by: "annotations" };
  }
  for (const size of FOOTERS) {
    if (source.size < FRAME_HEADER + size) continue;
    const frame = await bytesAt(source, source.size - FRAME_HEADER - size, FRAME_HEADER + size);
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    const isSkippable = view.getUint32(0, true) === 0x184d2a50 && view.getUint32(4, true) === size;
    if (!isSkippable || textOf(frame.subarray(-8)).text !== MAGIC) continue;
    const [at, packedSize, , kind] = [0, 8, 16, 24].map((offset) =>
      Number(view.getBigUint64(FRAME_HEADER + offset, true))
    );
    if (kind === KIND) return { form: "zstd:chunked", at, size: packedSize, by: "footer" };
  }
  return undefined;
}
