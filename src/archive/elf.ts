/**
 * ELF: the format of programs and libraries on Linux.
 * https://gabi.xinuos.com/elf/02-eheader.html
 *
 *     7f 45 4c 46 | 32 or 64 bits | order of bytes | … | type | machine | … | where the segments are described
 *       └─ a segment INTERP     the program that loads this one, such as /lib64/ld-linux-x86-64.so.2
 *       └─ a segment DYNAMIC    a list; its entries NEEDED name the libraries that are loaded too
 *
 * A program for the wrong machine, or one whose loader is in no layer, are the two reasons why a container says "no such file".
 *
 * Next: ../looking/facts.ts
 *
 * @module
 */

/** What is known of a program. What stands behind the bytes that were passed is missing. */
export interface ElfFacts {
  /** The size of its addresses. */
  readonly bits: 32 | 64;
  /** The order of its bytes. */
  readonly order: "little" | "big";
  /** What it is. A shared library and a program that can lie anywhere have the same type; a program has an interpreter. */
  readonly type: string;
  /** The processor that it is for. */
  readonly machine: string;
  /** The system that it is for, if it says one. */
  readonly system?: string;
  /** The program that loads it. */
  readonly interpreter?: string;
  /** The libraries that it needs, if the bytes have the list. */
  readonly needed?: readonly string[];
  /** What is wrong with it. */
  readonly problem?: string;
}

const TYPES: Readonly<Record<number, string>> = {
  1: "object file",
  2: "program",
  3: "shared library",
  4: "core dump",
};

const MACHINES: Readonly<Record<number, string>> = {
  2: "SPARC",
  3: "x86",
  8: "MIPS",
  20: "PowerPC",
  21: "PowerPC 64",
  22: "S/390",
  40: "ARM",
  43: "SPARC 64",
  50: "Itanium",
  62: "x86-64",
  183: "ARM 64",
  243: "RISC-V",
  247: "BPF",
  258: "LoongArch",
};

// 0 stands for any system, and Linux writes that too.
const SYSTEMS: Readonly<Record<number, string>> = {
  1: "HP-UX",
  2: "NetBSD",
  3: "Linux",
  6: "Solaris",
  9: "FreeBSD",
  12: "OpenBSD",
};

// Kinds of segments, and of entries in the dynamic list.
const [LOAD, DYNAMIC, INTERP] = [1, 2, 3];
const [END, NEEDED, STRINGS] = [0, 1, 5];

const MOST_SEGMENTS = 1000;
const MOST_ENTRIES = 10_000;
const LONGEST_TEXT = 4096;

interface Segment {
  readonly kind: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** Reads the header of a program, and what it leads to. Returns `undefined` if the bytes are too few for a header. */
export function readElf(bytes: Uint8Array): ElfFacts | undefined {
  if (bytes.length < 52) return undefined;
  const isLong = bytes[4] === 2;
  const isLittle = bytes[5] === 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const number = (at: number, size: number): number => {
    if (at < 0 || at + size > bytes.length) return NaN;
    if (size === 2) return view.getUint16(at, isLittle);
    if (size === 4) return view.getUint32(at, isLittle);
    return Number(view.getBigUint64(at, isLittle));
  };
  const word = isLong ? 8 : 4;
  const type = number(16, 2);
  const machine = number(18, 2);
  const facts: ElfFacts = {
    bits: isLong ? 64 : 32,
    order: isLittle ? "little" : "big",
    type: TYPES[type] ?? `type ${type}`,
    machine: MACHINES[machine] ?? `machine ${machine}`,
    ...(SYSTEMS[bytes[7]] !== undefined && { system: SYSTEMS[bytes[7]] }),
  };
  if (![1, 2].includes(bytes[4]) || ![1, 2].includes(bytes[5])) {
    return { ...facts, problem: "Its header says neither 32 nor 64 bits, or no order of bytes." };
  }

  const [table, size, count] = [number(24 + word, word), number(isLong ? 54 : 42, 2), number(isLong ? 56 : 44, 2)];
  const segments: Segment[] = [];
  for (let index = 0; index < Math.min(count, MOST_SEGMENTS); index++) {
    const at = table + index * size;
    segments.push({
      kind: number(at, 4),
      offset: number(at + (isLong ? 8 : 4), word),
      address: number(at + (isLong ? 16 : 8), word),
      size: number(at + (isLong ? 32 : 16), word),
    });
  }
  const find = (kind: number) => segments.find((segment) => segment.kind === kind);
  const textAt = (at: number): string | undefined => {
    const end = bytes.indexOf(0, at);
    return end < 0 || end - at > LONGEST_TEXT ? undefined : new TextDecoder().decode(bytes.subarray(at, end));
  };

  const loader = find(INTERP);
  const interpreter = loader && loader.offset < bytes.length ? textAt(loader.offset) : undefined;
  const needed = neededBy(find(DYNAMIC), segments, bytes.length, (at) => number(at, word), word, textAt);
  const isProgram = type === 3 && loader !== undefined;
  return {
    ...facts,
    ...(isProgram && { type: "program" }),
    ...(interpreter !== undefined && { interpreter }),
    ...(needed !== undefined && { needed }),
  };
}

// The names of the libraries. The list says where the texts are in memory, and the segments say where that is in the file.
function neededBy(
  list: Segment | undefined,
  segments: readonly Segment[],
  length: number,
  number: (at: number) => number,
  word: number,
  textAt: (at: number) => string | undefined,
): string[] | undefined {
  if (list === undefined || !(list.offset + list.size <= length)) return undefined;
  const names: number[] = [];
  let strings: number | undefined;
  for (let index = 0; index < Math.min(list.size / (2 * word), MOST_ENTRIES); index++) {
    const at = list.offset + index * 2 * word;
    const kind = number(at);
    if (kind === END) break;
    if (kind === NEEDED) names.push(number(at + word));
    if (kind === STRINGS) strings = number(at + word);
  }
  const load = segments.find(({ kind, address, size }) =>
    kind === LOAD && strings !== undefined && strings >= address && strings < address + size
  );
  if (load === undefined) return undefined;
  const base = strings! - load.address + load.offset;
  const found = names.map((name) => base + name < length ? textAt(base + name) : undefined);
  return found.every((name) => name !== undefined) ? found : undefined;
}
