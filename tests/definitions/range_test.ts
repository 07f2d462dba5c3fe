/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pushing-a-blob-in-chunks */

import { assertEquals } from "@std/assert";
import { formatSessionRange, parseContentRange, parseRange } from "../../src/definitions/range.ts";

Deno.test("PUSH-CHUNK-04 PUSH-CHUNK-06: the range of a chunk is two numbers, and both bytes are part of it", () => {
  assertEquals(parseContentRange("0-0"), { start: 0, length: 1 });
  assertEquals(parseContentRange("0-4"), { start: 0, length: 5 });
  assertEquals(parseContentRange("5-9"), { start: 5, length: 5 });
  assertEquals(parseContentRange("1000000000000-1000000000000"), { start: 1e12, length: 1 });
});

Deno.test("PUSH-CHUNK-06: any other form is no range of a chunk", () => {
  for (
    // deno-fmt-ignore
    const text of [
      "",
      "0",
      "-",
      "0-",
      "-4",
      "4-0",
      "0-4/5",
      "bytes 0-4/5",
      "bytes=0-4",
      "bytes 0-4",
      "0-4,5-9",
      "0--4",
      "+0-4",
      "0x0-0x4",
      "0.0-4.0",
      "0 - 4",
      "a-b",
      "٠-٤",
      "0-" + "9".repeat(400),
    ]
  ) {
    assertEquals(parseContentRange(text), undefined, text);
  }
});

Deno.test("PUSH-CHUNK-10: the range of a session ends with its last byte; 0-0 stands for none too", () => {
  assertEquals([0, 1, 2, 10].map(formatSessionRange), ["0-0", "0-0", "0-1", "0-9"]);
});

Deno.test("PULL-BLOB-09: the range of a pull is held against the size of the blob", () => {
  assertEquals(parseRange("bytes=0-0", 10), { start: 0, length: 1 });
  assertEquals(parseRange("bytes=2-5", 10), { start: 2, length: 4 });
  assertEquals(parseRange("bytes=2-", 10), { start: 2, length: 8 });
  assertEquals(parseRange("bytes=2-99", 10), { start: 2, length: 8 });
  assertEquals(parseRange("bytes=-3", 10), { start: 7, length: 3 });
  assertEquals(parseRange("bytes=-99", 10), { start: 0, length: 10 });
  assertEquals(parseRange("BYTES=0-9", 10), { start: 0, length: 10 });
});

Deno.test("PULL-BLOB-09: a range that is invalid, or not in the blob, cannot be satisfied", () => {
  for (
    const text of ["bytes=10-", "bytes=10-12", "bytes=5-2", "bytes=-0", "bytes=-", "bytes=", "bytes=a-b", "bytes=0-0x5"]
  ) {
    assertEquals(parseRange(text, 10), "unsatisfiable", text);
  }
  assertEquals(parseRange("bytes=0-", 0), "unsatisfiable");
});

Deno.test("PULL-BLOB-09: another unit, and several ranges, are answered with the whole blob", () => {
  for (const text of ["pages=1-2", "", "0-4", "bytes=0-1,3-4"]) assertEquals(parseRange(text, 10), "whole", text);
});
