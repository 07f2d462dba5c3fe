/**
 * The commands `deno task look` and `deno task diff`.
 *
 *     $ deno task look library/hello:v1                      the lines of lines_of_facts.ts
 *     $ deno task diff library/hello:v1 library/hello:v2     the lines of lines_of_differences.ts
 *     $ deno task look --json library/hello:v1               the facts themselves
 *
 * Their lines fit 80 columns, and have colours only on a terminal. The facts are those of `../looking/facts.ts`.
 *
 * Next: lines_of_facts.ts
 *
 * @module
 */

import { printableJson } from "../definitions/printable.ts";
import type { Disk } from "../disk/disk.ts";
import { compare } from "../looking/compare.ts";
import type { DifferenceFacts } from "../looking/difference_facts.ts";
import type { Facts } from "../looking/facts.ts";
import { look } from "../looking/look.ts";
import type { CommandLine } from "./command_line.ts";
import { UsageError } from "./flags.ts";
import { linesOfDifference } from "./lines_of_differences.ts";
import { linesOf, missingLines } from "./lines_of_facts.ts";

/** Runs `look` or `diff`, and prints what it finds. Returns false if there is nothing at an address. */
export async function runLooking(command: "look" | "diff", disk: Disk, line: CommandLine): Promise<boolean> {
  const options = { after: line.after, diffId: true };
  const find = async (typed: string) => {
    let facts = await look(disk, typed, options);
    for (const address of meantBy(typed, line.root)) {
      if (isThere(facts)) break;
      const meant = await look(disk, address, options);
      if (isThere(meant) || facts.kind === "invalid") facts = meant;
    }
    return facts;
  };
  const print = (facts: Facts | DifferenceFacts, lines: () => string[]) => {
    for (const text of line.json ? [printableJson(facts)] : lines()) console.log(text);
  };
  if (command === "look") {
    const facts = await find(line.operands[0] ?? "");
    if (isFound(facts, line)) print(facts, () => linesOf(facts));
    return facts.kind !== "missing";
  }
  const sides: Facts[] = [];
  for (const operand of line.operands) sides.push(await find(operand));
  const found = sides.map((facts) => isFound(facts, line));
  if (found.includes(false)) return false;
  const difference = await compare(disk, sides[0].address, sides[1].address);
  const { before, after } = difference;
  for (const { missing } of [before, after]) {
    if (missing?.kind === "missing") throw new UsageError(missing.text);
  }
  print(difference, () => linesOfDifference(difference));
  return true;
}

function isThere({ kind }: Facts): boolean {
  return kind !== "missing" && kind !== "invalid";
}

// A person may have let the shell complete a path, or copied an address of the page, or a name from docker. A repository may have a
// name that looks like one of these; so what was typed comes first.
function meantBy(typed: string, root: string): string[] {
  const inRoot = typed.startsWith(`${root}/`) ? typed.slice(root.length + 1) : undefined;
  const onPage = /^(?:https?:\/\/[^/]+)?\/?at\/([^?]*)/.exec(typed)?.[1];
  const atHost = /^(?:docker:\/\/)?(?:localhost|[^/!@]*[.:][^/!@]*)\/([^/].*)$/.exec(typed)?.[1];
  return [inRoot, onPage && decoded(onPage), atHost].filter((address) => address !== undefined);
}

function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

// Explains what is not there on the standard error, with the names that are nearby.
function isFound(facts: Facts, { json, operands }: CommandLine): boolean {
  if (facts.kind === "invalid") {
    const [typed] = operands.filter((operand) => operand === facts.address);
    throw new UsageError(
      `${JSON.stringify(typed ?? facts.address)} is no address: expected ${facts.expected}, got ${facts.actual}`,
    );
  }
  if (facts.kind !== "missing") return true;
  if (json) console.log(printableJson(facts));
  else console.error(missingLines(facts).join("\n"));
  return false;
}
