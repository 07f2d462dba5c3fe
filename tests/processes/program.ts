/**
 * The program in a process of its own.
 *
 *     await using program = await Program.serve(folder.path, "--read-only");
 *     const answer = await program.send("GET", "/v2/");
 *     program.signal("SIGTERM");
 *     assertEquals(await program.status(), { code: 0, signal: null });
 *
 * A test that wants the program to fail starts it with `Program.main` or `Program.start`, and waits for its `outcome`.
 * When the test ends, the process has ended too.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { parseCommandLine } from "../../src/serving/command_line.ts";
import { UsageError } from "../../src/serving/flags.ts";
import { permissionFlags } from "../../src/serving/permissions.ts";

const PROJECT = new URL("../../", import.meta.url).pathname;
// No process lives this long in these tests. One that does is stuck.
const DEADLINE_MILLISECONDS = 60_000;
const LISTENS = /listens on (https?:\/\/\S+) /;

// For root no file is unreadable, so root takes the user that every system has for this. Others are such a user themselves.
// (`Deno.uid` needs a permission that neither the tests nor the tasks have, so `id` tells it.)
function stranger(): { uid?: number; gid?: number } {
  const { stdout } = new Deno.Command("id", { args: ["-u"] }).outputSync();
  return new TextDecoder().decode(stdout).trim() === "0" ? { uid: 65534, gid: 65534 } : {};
}

/** The parts of a request besides its method and path. */
export interface Sent {
  readonly headers?: Record<string, string>;
  readonly body?: BodyInit;
  /** The connections to use; by default those of the program, which are used again and again. */
  readonly client?: Deno.HttpClient;
}

/** The end of a process, and everything that it has printed. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** The program in a process of its own. */
export class Program implements AsyncDisposable {
  /** The text on its standard output. */
  readonly out: Printed;
  /** The text on its standard error. */
  readonly err: Printed;
  readonly #child: Deno.ChildProcess;
  readonly #client = Deno.createHttpClient({});
  readonly #deadline: ReturnType<typeof setTimeout>;
  // The first `main.ts` passes SIGTERM on to the second. SIGKILL would end only the first.
  readonly #lastSignal: Deno.Signal;
  #isLate = false;
  #kills = 0;
  #address = "";

  /** Starts `main.ts`, which starts itself again with just the permissions that the flags call for. */
  static start(...args: string[]): Program {
    return new Program(["--allow-run=deno"], "main.ts", args, "SIGTERM");
  }

  /** Starts `main.ts` as `start` does, in a process that may have only so many open files and connections. */
  static startWith(openFiles: number, ...args: string[]): Program {
    return new Program(["--allow-run=deno"], "main.ts", args, "SIGTERM", { openFiles });
  }

  /** Starts `main.ts` as the first one does: a signal reaches the registry itself. */
  static main(...args: string[]): Program {
    return Program.mainWith(permissionsFor(args), ...args);
  }

  /** Starts `main.ts` as `main` does, and as a user who may read only what everybody may. */
  static mainAsStranger(...args: string[]): Program {
    return new Program(permissionsFor(args), "main.ts", args, "SIGKILL", stranger());
  }

  /** Returns true if a user of `mainAsStranger` can run the program. Others may not see into the folder of root, for example. */
  static canBeStranger(): boolean {
    if (Deno.build.os === "windows") return false;
    const script = 'test -r "$0" && deno --version';
    return new Deno.Command("sh", { args: ["-c", script, `${PROJECT}main.ts`], ...stranger() }).outputSync().success;
  }

  /** Starts `main.ts` with other permissions. */
  static mainWith(permissions: readonly string[], ...args: string[]): Program {
    return new Program(permissions, "main.ts", args, "SIGKILL");
  }

  /** Starts `main.ts` over a folder, on a free port, and waits until it listens. */
  static serve(root: string, ...flags: string[]): Promise<Program> {
    return Program.serveOn("0", root, ...flags);
  }

  /** Does the same on a port that is known before. Several threads need that. */
  static async serveOn(port: string, root: string, ...flags: string[]): Promise<Program> {
    const program = Program.main("--port", port, "--root", root, ...flags);
    try {
      await program.listening();
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
    return program;
  }

  private constructor(
    permissions: readonly string[],
    script: string,
    args: string[],
    lastSignal: Deno.Signal,
    { openFiles, ...user }: { openFiles?: number; uid?: number; gid?: number } = {},
  ) {
    const run = ["run", "--no-prompt", ...permissions, PROJECT + script, ...args];
    const limited = ["-c", `ulimit -n ${openFiles}; exec deno "$@"`, "sh", ...run];
    this.#child = new Deno.Command(openFiles === undefined ? "deno" : "sh", {
      args: openFiles === undefined ? run : limited,
      ...user,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.out = new Printed(this.#child.stdout);
    this.err = new Printed(this.#child.stderr);
    this.#lastSignal = lastSignal;
    this.#deadline = setTimeout(() => {
      this.#isLate = true;
      this.signal(lastSignal);
    }, DEADLINE_MILLISECONDS);
  }

  /** Waits until it listens, and returns its address. With `--log json` it says so on its standard error. */
  async listening(): Promise<string> {
    const printed = [this.out, this.err].map((printed) => printed.until(LISTENS));
    const [, address] = await Promise.any(printed).catch(() => {
      throw new Error(`It ended before it listened: ${this.out.text}${this.err.text}`);
    });
    return this.#address = address;
  }

  /** Its address, such as `http://127.0.0.1:40001`, after it listens. */
  get address(): string {
    return this.#address;
  }

  /** Sends a request, and returns the answer when all of it has arrived. */
  async send(method: string, path: string, sent: Sent = {}): Promise<Response> {
    const answer = await this.open(method, path, sent);
    const content = await answer.bytes();
    return new Response(content.length === 0 ? null : content, answer);
  }

  /** Sends a request, and returns the answer as soon as it begins. */
  open(method: string, path: string, { headers, body, client = this.#client }: Sent = {}): Promise<Response> {
    return fetch(this.#address + path, { method, headers, body, client });
  }

  /** Sends a request again and again, until the answer is as it should be, and returns that answer. */
  async ask(method: string, path: string, isRight: (answer: Response) => boolean, sent: Sent = {}): Promise<Response> {
    const deadline = Date.now() + DEADLINE_MILLISECONDS / 2;
    for (;;) {
      const answer = await this.send(method, path, sent);
      if (isRight(answer)) return answer;
      assert(Date.now() < deadline, `${method} ${path} is still ${answer.status}`);
    }
  }

  /** Kills the second process, which the first one has started, and waits until it has ended. */
  async killSecond(): Promise<void> {
    const { stdout } = await new Deno.Command("pgrep", { args: ["-P", String(this.#child.pid)] }).output();
    const second = new TextDecoder().decode(stdout).trim();
    Deno.kill(Number(second), "SIGKILL");
    await this.err.until(new RegExp(`(?:starts again[^]*){${++this.#kills}}`));
  }

  /** Returns the memory that it uses, in bytes. A program of `start` is another process than the registry. */
  async memory(): Promise<number> {
    const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(this.#child.pid)] }).output();
    return Number(new TextDecoder().decode(stdout)) * 1024;
  }

  /** Sends it a signal, unless it has ended already. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      // The process has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Waits for its end, and returns the exit status and the signal that ended it, if one did. */
  async status(): Promise<{ code: number; signal: Deno.Signal | null }> {
    const { code, signal } = await this.#child.status;
    assert(!this.#isLate, `It did not end in ${DEADLINE_MILLISECONDS / 1000} s`);
    return { code, signal };
  }

  /** Waits for its end, and returns the exit status and everything that it has printed. */
  async outcome(): Promise<Outcome> {
    const { code } = await this.status();
    return { code, out: await this.out.whole(), errors: await this.err.whole() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal(this.#lastSignal);
    await this.#child.status;
    clearTimeout(this.#deadline);
    await Promise.all([this.out.whole(), this.err.whole()]);
    this.#client.close();
  }
}

/** The text that a process has printed so far. */
export class Printed {
  /** The text so far. */
  text = "";
  readonly #whole: Promise<string>;
  #hasEnded = false;
  #more = Promise.withResolvers<void>();
  #goOn = Promise.withResolvers<void>();
  #isClosed = false;

  /** Begins to read at once, because a process has to wait at some point if nobody reads its text. */
  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#goOn.resolve();
    this.#whole = this.#read(stream);
  }

  /** Reads no more, until `goOn` is called. What the process has printed waits in the pipe, and then the process has to wait. */
  hold(): void {
    this.#goOn = Promise.withResolvers();
  }

  /** Reads on. */
  goOn(): void {
    this.#goOn.resolve();
  }

  /** Closes the pipe as soon as the process prints something more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Waits until the text matches, and returns the match. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text);
      if (match !== null) return match;
      if (this.#hasEnded) throw new Error(`It ended before it printed ${pattern}: ${this.text}`);
      await this.#more.promise;
    }
  }

  /** Waits for the end, and returns the whole text. */
  whole(): Promise<string> {
    return this.#whole;
  }

  /** Waits for the end, and returns the lines that are not empty. */
  async lines(): Promise<string[]> {
    return (await this.#whole).split("\n").filter((line) => line !== "");
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
      this.text += piece;
      this.#tellMore();
      await this.#goOn.promise;
      if (this.#isClosed) break;
    }
    this.#hasEnded = true;
    this.#tellMore();
    return this.text;
  }

  #tellMore(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

/** Returns a port that nobody listens on. A program on port 0 gets another one each time it starts. */
export function freePort(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return String(listener.addr.port);
}

/** Runs Deno with these arguments, and returns how it ended and what it has printed. */
export function runDeno(...args: string[]): Promise<Outcome> {
  return runDenoWith({}, ...args);
}

/** Runs Deno with these variables in its environment, beside those of this process. */
export async function runDenoWith(env: Record<string, string>, ...args: string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command("deno", { args, env, stdin: "null" }).output();
  return { code, out: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
}

/** Runs Deno with these arguments while everything in this process waits, and returns what it has printed. */
export function runDenoNow(...args: string[]): string {
  const { code, stdout, stderr } = new Deno.Command("deno", { args, stdin: "null" }).outputSync();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals([code, errors], [0, ""]);
  return out;
}

function permissionsFor(args: readonly string[]): string[] {
  try {
    const line = parseCommandLine(args, "");
    return typeof line === "string" ? [] : permissionFlags(line);
  } catch (error) {
    // The program refuses such flags itself, and needs no permissions for that.
    if (error instanceof UsageError) return [];
    throw error;
  }
}
