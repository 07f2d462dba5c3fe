import { assertEquals, assertThrows } from "@std/assert";
import { blank, instrument, replaceBody, withAbsoluteImports, without } from "./blank.ts";

const FILE = "src/a.ts";

// The tests blank functions that have only this body. So they see if `blank` found the right braces.
const BODY = " {\n  if (x) {\n    return {};\n  }\n}\n";
const BLANK = (name: string) => ` {\n  throw new Error("src/a.ts ${name} is blank");\n}\n`;

Deno.test("the body of an exported function becomes a throw, and everything else stays", () => {
  const source = `/** A head with export function inside() { */

import { a } from "./a.ts";

export const CONSTANT = { a: () => 1 };

/** Says something: {. */
export function first(x: string): string {
  // A comment
  return x;
}

function notExported() {
  return 1;
}

export class Kept {
  method() {
    return 1;
  }
}

export async function* second(): AsyncGenerator<number> {
  yield 1;
}

export interface AlsoKept {
  a: string;
}
`;
  const expected = source
    .replace("// A comment\n  return x;", 'throw new Error("src/a.ts first is blank");')
    .replace("yield 1;", 'throw new Error("src/a.ts second is blank");');

  assertEquals(blank(source, FILE), expected);
});

Deno.test("a body is found behind every kind of signature", () => {
  const signatures = [
    "export function f()",
    "export async function f(): Promise<void>",
    "export function* f(): Generator<number>",
    "export async function* f(): AsyncGenerator<{ a: string }>",
    "export default function f()",
    "export function f(\n  a: string,\n  b: { c: string } = { c: '}' },\n): string",
    "export function f({ a, b }: { a: string; b: { c: number } })",
    "export function f(a = {}, b = () => {}, c = function () { return 1; })",
    "export function f(a = \"{\", b = `{ ${1} \\` {`, c = '){')",
    "export function f(a = /[/({]{2}/g, b = 4 / 2)",
    "export function f(a: string /* { */, // ) {\n  b: string)",
    "export function f(): { a: string }",
    "export function f(): {\n  a: string;\n  b: { c: string };\n}",
    "export function f(): { a: string }[]",
    "export function f(): undefined | { a: string } | { b: string }",
    "export function f(): A & { a: string }",
    "export function f(): Map<string, { a: string }>",
    "export function f(): () => { a: string }",
    "export function f(): (a: { b: string }) => void",
    "export function f(): [{ a: string }, string]",
    "export function f(): { [key in Key]: string }[Key]",
    "export function f(): readonly { a: string }[]",
    "export function f(): keyof { a: string }",
    "export function f(): `a-${string}`",
    "export function f(a: unknown): a is { a: string }",
    "export function f(a: unknown): asserts a is { a: string }",
    "export function f<T>(a: T): T",
    "export function f<T extends { a: string } = { a: string }>(a: T): T",
    "export function f<const T extends readonly { a: string }[]>(a: T): T extends { b: 1 } ? { c: 1 } : { d: 1 }",
  ];

  for (const signature of signatures) {
    assertEquals(blank(signature + BODY + signature + BODY, FILE), (signature + BLANK("f")).repeat(2));
  }
});

Deno.test("an overload has no body and stays", () => {
  const overloads = "export function f(a: string): string;\nexport function f(a: { b: number }): { c: number };\n";
  const signature = "export function f(a: unknown): unknown";

  assertEquals(blank(overloads + signature + BODY, FILE), overloads + signature + BLANK("f"));
});

Deno.test("an empty body becomes a throw too, and the function behind it is not touched", () => {
  const behind = "\nfunction g() {\n  return 1;\n}\n";

  assertEquals(blank("export function f() {}\n" + behind, FILE), "export function f()" + BLANK("f") + behind);
});

Deno.test("a function without a name is called default", () => {
  assertEquals(blank("export default function ()" + BODY, FILE), "export default function ()" + BLANK("default"));
});

Deno.test("a body without an end is an error", () => {
  assertThrows(() => blank("export function f() {\n  return 1; }\n", FILE), Error, "The body of f has no end");
});

Deno.test("a blank function throws at the place where its caller waits for it", async () => {
  const functions = ["function f0", "async function f1", "async function* f2"];
  const source = functions.map((name) => `export ${name}(): unknown {\n  return 1;\n}\n`).join("");
  const { f0, f1, f2 } = await import(`data:application/typescript,${encodeURIComponent(blank(source, FILE))}`);
  const messageOf = (error: Error) => error.message;

  assertThrows(f0, Error, "src/a.ts f0 is blank");
  assertEquals(await f1().catch(messageOf), "src/a.ts f1 is blank");
  assertEquals(await f2().next().catch(messageOf), "src/a.ts f2 is blank");
});

Deno.test("an instrumented function runs the statement, and then does the same as before", () => {
  const source = "export function f(): number {\n  return 1;\n}\n\nexport function g() {}\n";
  const expected = "export function f(): number {\n  h();\n  return 1;\n}\n\nexport function g() {\n  h();\n}\n";

  assertEquals(instrument(source, "h();"), expected);
});

Deno.test("relative imports become absolute; other imports and those in examples stay", () => {
  const source = `/**
 * import { a } from "./a.ts";
 */
import "./a.ts";
import a from "../b/a.ts";
import {
  b,
} from "./b.ts";
import type { C } from "../../c.ts";
import { d } from "@std/assert";
export * from "./e.ts";
// import { f } from "./f.ts";
const g = await import("./g.ts");
`;
  const expected = `/**
 * import { a } from "./a.ts";
 */
import "file:///x/y/a.ts";
import a from "file:///x/b/a.ts";
import {
  b,
} from "file:///x/y/b.ts";
import type { C } from "file:///c.ts";
import { d } from "@std/assert";
export * from "file:///x/y/e.ts";
// import { f } from "./f.ts";
const g = await import("file:///x/y/g.ts");
`;

  assertEquals(withAbsoluteImports(source, "file:///x/y/z.ts"), expected);
});

Deno.test("one function gets another body, exported or not, and everything else stays", () => {
  const source = "/** Says one. */\nexport function one(): 1 {\n  return 1;\n}\n\nfunction two() {\n  return 2;\n}\n";

  assertEquals(replaceBody(source, "one", ["// One", "return 3;"]), source.replace("return 1;", "// One\n  return 3;"));
  assertEquals(replaceBody(source, "two", ["return 3;"]), source.replace("return 2;", "return 3;"));
  assertThrows(() => replaceBody(source, "three", []), Error, "There is no function three");
});

Deno.test("a constant or a function is taken away with the comment above it, and everything else stays", () => {
  const before = "/** Stays. */\nconst A = 1;\n\n";
  const behind = "/** Stays too. */\nexport function d() {\n  return A;\n}\n";
  const constant = "// Says B,\n// in two lines.\nconst B = new Map([\n  [1, 2],\n]);\n\n";
  const generator = "/** Says C. */\nasync function* c() {\n  yield 1;\n}\n\n";

  assertEquals(without(before + constant + behind, "B"), before + behind);
  assertEquals(without(before + generator + behind, "c"), before + behind);
  assertThrows(() => without(before, "B"), Error, "There is no constant or function B");
});
