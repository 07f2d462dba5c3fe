/**
 * The output of the housekeeping commands.
 *
 *     $ deno task gc --dry-run
 *     spares   library/hello/sha256:2c26b46b68ff…   blob   3 B   until 17:05:12, because it was used just now
 *     would remove  library/hello/sha256:9b4e0fd27c1a…   blob   3.2 MiB
 *     1 blob and 0 manifests, 3.2 MiB of space; 1 spared (--grace 0s spares nothing)
 *
 * Each command prints its findings while it works: for people, or with `--json` one object per line. On a terminal,
 * `verify` and `gc` also show a last line that counts their progress.
 *
 * Next: samples.ts
 *
 * @module
 */

import { printable, printableJson, shorten } from "../definitions/printable.ts";
import { counted, formatBytes } from "../definitions/size.ts";
import type { Disk } from "../disk/disk.ts";
import type { ProgramSettings, Settings } from "../options.ts";
import { collectGarbage, type Removal } from "../housekeeping/collect_garbage.ts";
import { type BlobTree, drawTree, type ManifestTree, type RepositoryTree } from "../housekeeping/draw_tree.ts";
import { verify } from "../housekeeping/verify.ts";

/** The housekeeping commands. */
export type Housekeeping = "verify" | "gc" | "tree";

/** The settings of the housekeeping commands. */
export type HousekeepingSettings =
  & Pick<ProgramSettings, "root" | "json" | "quarantine" | "dryRun" | "untagged" | "grace">
  & Pick<Settings, "allowSparse">;

/** Runs a housekeeping command and prints what it finds. Returns false if `verify` has found faults. */
export async function runHousekeeping(
  command: Housekeeping,
  disk: Disk,
  settings: HousekeepingSettings,
): Promise<boolean> {
  if (command === "verify") return await printVerify(disk, settings);
  if (command === "gc") await printGarbage(disk, settings);
  else await printTree(disk, settings);
  return true;
}

async function printVerify(disk: Disk, { json, quarantine, allowSparse }: HousekeepingSettings): Promise<boolean> {
  const counter = new Counter("digests");
  const numbers = { fault: 0, note: 0 };
  for await (const finding of verify(disk, { quarantine, allowSparse, progress: counter.show })) {
    numbers[finding.kind]++;
    counter.clear();
    const { kind, path, text } = finding;
    console.log(json ? printableJson(finding) : printable(`${kind.padEnd(5)}  ${shorten(path)}   ${shorten(text)}`));
  }
  counter.clear();
  const { fault, note } = numbers;
  const summary = { files: counter.count, faults: fault, notes: note };
  const sentence = `${counted(counter.count, "digest")}, ${counted(fault, "fault")}, ${counted(note, "note")}`;
  console.log(json ? printableJson(summary) : sentence);
  return fault === 0;
}

async function printGarbage(disk: Disk, settings: HousekeepingSettings): Promise<void> {
  const { json, dryRun, untagged, grace } = settings;
  const counter = new Counter("repositories");
  const numbers = { blob: 0, manifest: 0, bytes: 0, spared: 0 };
  const gone = new Map<string, number>();
  const spared = (blob: Removal, until: number) => {
    numbers.spared++;
    counter.clear();
    if (!json) console.log(formatRemoval("spares", blob, 1, until));
  };
  for await (const removal of collectGarbage(disk, { dryRun, untagged, grace, spared, progress: counter.show })) {
    counter.clear();
    const { digest, kind, size } = removal;
    numbers[kind]++;
    // The space is free only when the last repository has removed the file. A dry run removes none, so it has to count them.
    const goneBefore = dryRun && removal.names > 1 ? gone.get(digest) ?? 0 : 0;
    gone.set(digest, goneBefore + 1);
    const names = removal.names - goneBefore;
    if (names === 1) numbers.bytes += size;
    const verb = dryRun ? "would remove" : "removed";
    console.log(json ? printableJson({ ...removal, removed: !dryRun }) : formatRemoval(verb, removal, names));
  }
  counter.clear();
  const { blob, manifest, bytes } = numbers;
  const summary = { blobs: blob, manifests: manifest, bytes, removed: !dryRun, spared: numbers.spared };
  const hint = numbers.spared === 0 ? "" : `; ${numbers.spared} spared (--grace 0s spares nothing)`;
  const sentence = `${counted(blob, "blob")} and ${counted(manifest, "manifest")}, ${
    formatBytes(bytes)
  } of space${hint}`;
  console.log(json ? printableJson(summary) : sentence);
}

function formatRemoval(verb: string, { name, digest, kind, size }: Removal, names: number, until?: number): string {
  const shared = names > 1 ? `   still in ${counted(names - 1, "other repository", "other repositories")}` : "";
  const why = until === undefined
    ? ""
    : `   until ${new Date(until).toLocaleTimeString("en-GB")}, because it was used just now`;
  return printable(`${verb.padEnd(7)}  ${name}/${shorten(digest)}   ${kind}   ${formatBytes(size)}${shared}${why}`);
}

async function printTree(disk: Disk, { json, root }: HousekeepingSettings): Promise<void> {
  let isEmpty = true;
  for await (const repository of drawTree(disk)) {
    isEmpty = false;
    console.log(json ? printableJson(repository) : formatRepository(repository));
  }
  if (isEmpty && !json) console.log(printable(`There is nothing in ${root}/ yet.`));
}

function formatRepository({ name, size, manifests, loose }: RepositoryTree): string {
  const branches = [
    ...manifests.map(formatManifest),
    ...loose.map((blob) => [`${formatBlob(blob)}   no manifest needs it`]),
  ];
  return [`${name}   ${formatBytes(size)}`, ...indent(branches)].map(printable).join("\n");
}

function formatManifest({ tags, digest, kind, size, subject, children, blobs }: ManifestTree): string[] {
  const names = tags.length === 0 ? "(no tag)" : tags.join(", ");
  const about = subject === undefined ? "" : `   about ${shorten(subject)}`;
  const below = [...children.map((child) => [shorten(child)]), ...blobs.map((blob) => [formatBlob(blob)])];
  return [`${names} ─▶ ${shorten(digest)}   ${kind}   ${formatBytes(size)}${about}`, ...indent(below)];
}

function formatBlob({ digest, file, size, names }: BlobTree): string {
  if (file === undefined) return `${shorten(digest)}   not there`;
  const shared = names > 1 ? `   shared by ${names} repositories` : "";
  return `${file.padEnd(13)} ${shorten(digest)}   ${formatBytes(size)}${shared}`;
}

// Draws the lines of a tree in front of its branches. Each branch is a list of lines, and its first line gets the corner.
function indent(branches: readonly (readonly string[])[]): string[] {
  return branches.flatMap((lines, index) => {
    const [twig, bark] = index === branches.length - 1 ? ["└── ", "    "] : ["├── ", "│   "];
    return lines.map((line, number) => (number === 0 ? twig : bark) + line);
  });
}

// Counts, and shows the number on a terminal in a line that it overwrites again and again.
class Counter {
  count = 0;
  readonly #isWatched = Deno.stderr.isTerminal();

  constructor(private readonly noun: string) {}

  readonly show = (count: number): void => {
    this.count = count;
    if (this.#isWatched && count % 10 === 0) this.#write(`\r${count} ${this.noun} …`);
  };

  clear(): void {
    if (this.#isWatched) this.#write("\r\x1b[K");
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}
