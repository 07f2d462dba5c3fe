/**
 * The command `deno task lessons`: the lessons for people without a browser.
 *
 *     $ deno task lessons                  all lessons, and which are done
 *     $ deno task lessons chunks           one lesson; on a terminal it waits, and tells each step when it is done
 *     $ deno task lessons reset chunks     begins it again; without a name all of them
 *
 * It asks the registry that runs, as the page does. So it can be on another machine, and a step is done as soon as the registry has seen
 * the request. A lesson never goes on to the next one by itself.
 *
 * Next: lines_of_lessons.ts
 *
 * @module
 */

import { oneLine, printableJson } from "../definitions/printable.ts";
import type { LessonFacts, LessonsFacts } from "../workshop/lesson_facts.ts";
import type { CommandLine } from "./command_line.ts";
import { UsageError } from "./flags.ts";
import {
  linesOfEnd,
  linesOfHint,
  linesOfLesson,
  linesOfLessons,
  linesOfStep,
  linesOfWaiting,
} from "./lines_of_lessons.ts";
import { errors } from "./output.ts";

// The time between two questions to the registry, in milliseconds.
const ASK_AGAIN = 500;

// How long the registry may take for an answer, in milliseconds.
const PATIENCE = 5000;

/** Runs the command. Returns false if a lesson was printed that is not done. */
export async function runLessons(line: CommandLine): Promise<boolean> {
  const { operands, json } = line;
  const asking = new Asking(line);
  const isReset = operands[0] === "reset";
  if (operands.length === 2 && !isReset) {
    throw new UsageError(`"${operands[1]}" is one too many; the usage is deno task lessons [LESSON]`);
  }
  const id = isReset ? operands[1] : operands[0];
  const facts = await (isReset ? asking.reset(id) : asking.ask(id));
  if (json) {
    console.log(printableJson(facts));
    return true;
  }
  if (isReset) console.log(`Reset for ${facts.as}: ${id ?? "all lessons"}`);
  if (!("lesson" in facts)) {
    print(linesOfLessons(facts, line));
    return true;
  }
  print(linesOfLesson(facts));
  if (facts.hint !== undefined) print(linesOfHint(facts.hint));
  print(linesOfEnd(facts, line));
  if (facts.done !== undefined || !Deno.stdout.isTerminal()) return true;
  print(linesOfWaiting());
  print(linesOfEnd(await watch(facts, () => asking.ask(id) as Promise<LessonFacts>), line));
  return true;
}

// Tells what changes, until the lesson is done. Returns its facts then.
async function watch(before: LessonFacts, ask: () => Promise<LessonFacts>): Promise<LessonFacts> {
  let isAway = false;
  let shown = before;
  while (shown.done === undefined) {
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
    let facts: LessonFacts;
    try {
      facts = await ask();
      isAway = false;
    } catch (error) {
      if (!isAway) errors.print(`glassbox: waits for the registry: ${oneLine(error)}`);
      isAway = true;
      continue;
    }
    facts.steps.forEach((step, at) => {
      if (step.isDone && !shown.steps[at]?.isDone) print(linesOfStep(step));
    });
    if (facts.hint !== undefined && facts.hint.by !== shown.hint?.by) print(linesOfHint(facts.hint));
    shown = facts;
  }
  return shown;
}

function print(lines: readonly string[]): void {
  for (const text of lines) console.log(text);
}

// Asks the registry.
class Asking {
  readonly #line: CommandLine;
  readonly #headers: Record<string, string> = { Accept: "application/json" };

  constructor(line: CommandLine) {
    this.#line = line;
    const { user } = line;
    if (user === undefined) return;
    const bytes = new TextEncoder().encode(`${user}:${askForPassword(user)}`);
    this.#headers.Authorization = `Basic ${bytes.toBase64()}`;
  }

  ask(id: string | undefined): Promise<LessonsFacts | LessonFacts> {
    const query = this.#line.as === undefined ? "" : `?${new URLSearchParams({ as: this.#line.as })}`;
    return this.#fetch(`${addressOf(id)}${query}`, { headers: this.#headers });
  }

  reset(id: string | undefined): Promise<LessonsFacts | LessonFacts> {
    const headers = { ...this.#headers, "Content-Type": "application/json" };
    const body = JSON.stringify({ as: this.#line.as, do: "reset" });
    return this.#fetch(addressOf(id), { method: "POST", headers, body });
  }

  async #fetch(address: string, init: RequestInit): Promise<LessonsFacts | LessonFacts> {
    const { registry } = this.#line;
    let response: Response;
    let text: string;
    try {
      response = await fetch(registry + address, { ...init, signal: AbortSignal.timeout(PATIENCE) });
      text = await response.text();
    } catch (error) {
      if (error instanceof DOMException && error.name === "TimeoutError") {
        throw new Error(`${registry} gives no answer within ${PATIENCE / 1000} s; is a registry there?`);
      }
      // What is wrong with a certificate stands only in the text of the cause.
      const isAboutCertificate = /certificate/.test(String((error as Error).cause));
      throw new Error(
        isAboutCertificate
          ? `this machine does not trust the certificate of ${registry}; if you have it as cert.pem: export DENO_CERT=cert.pem`
          : `no registry answers at ${registry}; this starts one: deno task start --workshop`,
      );
    }
    if (response.ok && isJson(response)) return JSON.parse(text);
    throw new Error(whyRefused(response, text, registry));
  }
}

function addressOf(id: string | undefined): string {
  return id === undefined ? "/lessons" : `/lessons/${encodeURIComponent(id)}`;
}

function isJson({ headers }: Response): boolean {
  return headers.get("Content-Type")?.startsWith("application/json") === true;
}

function whyRefused(response: Response, text: string, registry: string): string {
  const { status } = response;
  if (status === 401) return "the password is missing or wrong; --user NAME says whose it is";
  const json = isJson(response) ? JSON.parse(text) : {};
  const detail = [json.errors?.[0]?.detail ?? []].flat()[0];
  if (typeof json.refusal === "string") return json.refusal;
  if (typeof detail?.expected === "string" && status !== 404) {
    return `the registry expected ${detail.expected}, and got ${detail.actual}`;
  }
  // The page answers with facts, and what stands behind it with a refusal that has all lessons.
  const isOfLessons = isJson(response) && (json.errors === undefined || /^one of /.test(detail?.expected));
  if (isOfLessons) return `there is no such lesson at ${registry}; deno task lessons shows all`;
  return `there are no lessons at ${registry} (status ${status}); they need: deno task start --workshop`;
}

// The password is not shown while it is typed.
function askForPassword(user: string): string {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  const isTerminal = Deno.stdin.isTerminal();
  if (isTerminal) {
    Deno.stderr.writeSync(new TextEncoder().encode(`Password of ${user}: `));
    Deno.stdin.setRaw(true, { cbreak: true });
  }
  try {
    while (Deno.stdin.readSync(byte) === 1 && byte[0] !== 10 && byte[0] !== 13) {
      if (byte[0] === 127 || byte[0] === 8) bytes.pop();
      else bytes.push(byte[0]);
    }
  } finally {
    if (isTerminal) {
      Deno.stdin.setRaw(false);
      Deno.stderr.writeSync(new TextEncoder().encode("\n"));
    }
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
