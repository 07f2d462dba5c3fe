/**
 * A player: somebody who does a lesson, and types in a shell just what the lesson says.
 *
 *     using folder = new Folder();
 *     await using program = await Program.serve(`${folder.path}/testdata`, "--workshop");
 *     await using player = new Player({ program, folder, as: "ana" });
 *     await player.type(commandsIn(await player.facts("knock"), "curl")[0]);
 *     assert((await player.facts("knock")).done !== undefined);
 *
 * Each player has a home of its own, as if it were the project's folder: `testdata` is the root of the registry there, and
 * `deno task gc` is run for it. On Linux, each one also has an address of its own (127.0.0.2, 127.0.0.3 …), so that the registry can
 * tell players from each other if a request names no repository. On other systems, only one may play at a time.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { LessonFacts } from "../../src/workshop/lesson_facts.ts";
import { basic } from "../fixture.ts";
import type { Folder } from "../folder.ts";
import { Printed, type Program } from "../processes/program.ts";
import { filled, solutionOf } from "./near_misses.ts";

const PROJECT = new URL("../../", import.meta.url).pathname;

/** The number of players at the same time. */
export const PLAYERS_AT_A_TIME = Deno.build.os === "linux" ? 4 : 1;

// A command that takes longer waits for something that will not come, such as its standard input.
const DEADLINE_MILLISECONDS = 30_000;

/** What a player needs. */
export interface PlayerOptions {
  /** The registry. It has to run with `--workshop`. */
  readonly program: Pick<Program, "send">;
  /** The folder for the homes. `testdata` in it is the root of the registry. */
  readonly folder: Pick<Folder, "path">;
  /** The prefix of the repositories. */
  readonly as: string;
  /** The shell. Default: `bash`. */
  readonly shell?: string;
  /** The password, if the registry wants one. The user has the same name as the prefix. */
  readonly password?: string;
  /** Variables of the environment, such as another `PATH`. */
  readonly env?: Readonly<Record<string, string>>;
}

let players = 1;

/** Somebody who does lessons. */
export class Player implements AsyncDisposable {
  /** The prefix of the repositories. */
  readonly as: string;
  readonly #program: Pick<Program, "send">;
  readonly #client: Deno.HttpClient;
  readonly #home: string;
  readonly #shellName: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #authorization: Readonly<Record<string, string>>;
  #shell: Shell | undefined;

  /** Makes a home. */
  constructor({ program, folder, as, shell = "bash", password, env = {} }: PlayerOptions) {
    this.as = as;
    this.#program = program;
    this.#shellName = shell;
    this.#home = `${folder.path}/${as}`;
    Deno.mkdirSync(`${this.#home}/tmp`, { recursive: true });
    Deno.symlinkSync(`${folder.path}/testdata`, `${this.#home}/testdata`);
    const number = ++players;
    const address = PLAYERS_AT_A_TIME === 1 ? undefined : `127.0.${number >> 8}.${number & 255}`;
    Deno.writeTextFileSync(`${this.#home}/.curlrc`, address === undefined ? "" : `interface = ${address}\n`);
    this.#client = Deno.createHttpClient(address === undefined ? {} : { localAddress: address });
    this.#authorization = password === undefined ? {} : basic(as, password);
    this.#env = {
      ...env,
      PASSWORD: password ?? "",
      HOME: this.#home,
      CURL_HOME: this.#home,
      TMPDIR: `${this.#home}/tmp`,
    };
  }

  /** Returns the facts of a lesson for this player. */
  async facts(lesson: string): Promise<LessonFacts> {
    return await (await this.#program.send("GET", this.#path(lesson), this.#sent)).json();
  }

  /** Waits until the facts of a lesson are right, and returns them. Those of the last look are in the message if they never are. */
  async factsThat(lesson: string, isRight: (facts: LessonFacts) => boolean): Promise<LessonFacts> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const facts = await this.facts(lesson);
      if (isRight(facts)) return facts;
      assert(Date.now() < deadline, `${this.as} is here: ${JSON.stringify({ steps: facts.steps, hint: facts.hint })}`);
    }
  }

  #path(lesson: string): string {
    return `/lessons/${lesson}?as=${this.as}`;
  }

  get #sent() {
    return { headers: { Accept: "application/json", ...this.#authorization }, client: this.#client };
  }

  /** Types a command, or several lines, waits for the end, and returns what was printed. All is typed in one shell. */
  type(command: string): Promise<string> {
    this.#shell ??= new Shell(this.#shellName, this.#home, this.#env);
    return this.#shell.type(command);
  }

  /** Closes the terminal, and opens another one when something is typed. */
  async newTerminal(): Promise<void> {
    await this.#shell?.[Symbol.asyncDispose]();
    this.#shell = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.newTerminal();
    this.#client.close();
  }
}

/** A shell that is fed line by line. */
class Shell implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #out: Printed;
  readonly #errors: Printed;
  #typed = 0;

  constructor(shell: string, home: string, env: Readonly<Record<string, string>>) {
    const args = shell === "zsh" ? ["-f"] : ["--noprofile", "--norc"];
    this.#child = new Deno.Command(shell, {
      args,
      cwd: home,
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#out = new Printed(this.#child.stdout);
    this.#errors = new Printed(this.#child.stderr);
    // In the project's folder, `deno task gc` is about testdata. Anywhere else there is no such task.
    this.#write(`exec 2>&1
deno() {
  [ "$PWD" = "$HOME" ] || { echo "there is no deno.json in $PWD"; return 1; }
  ( cd '${PROJECT}' && command deno "$@" --root "$HOME/testdata" )
}`);
  }

  #write(text: string): void {
    // If the shell has ended, the missing end of the command tells it.
    this.#writer.write(new TextEncoder().encode(`${text}\n`)).catch(() => {});
  }

  async type(command: string): Promise<string> {
    const begin = this.#out.text.length;
    const end = `--- end of command ${++this.#typed} ---`;
    this.#write(`${command}\nprintf '\\n%s\\n' '${end}'`);
    const deadline = setTimeout(() => this.#kill(), DEADLINE_MILLISECONDS);
    try {
      await this.#out.until(new RegExp(`^${end}$`, "m"));
    } finally {
      clearTimeout(deadline);
    }
    return this.#out.text.slice(begin).replace(`\n${end}\n`, "");
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#child.status;
    await Promise.all([this.#out.whole(), this.#errors.whole()]);
  }
}

/** Returns the commands of a lesson for a client, and the place of the last one that sends something. */
export function commandsIn(facts: LessonFacts, client: string): readonly [string[], number] {
  const { lesson, try: attempts } = facts;
  const solution = client === "curl" ? solutionOf(lesson.id) : undefined;
  const commands = solution?.map((command) => filled(command, facts)) ??
    attempts.filter((attempt) => attempt.with === client).flatMap(({ type }) => type);
  assert(commands.length > 0, `${lesson.id} has no commands for ${client}`);
  return [commands, commands.findLastIndex((command) => /\b(?:curl|deno|skopeo|docker|oras)\s/.test(command))];
}

/** Types the commands of a lesson, and sees that it is done by the last one that sends something, and not before. */
export async function play(player: Player, lesson: string, client = "curl"): Promise<void> {
  const facts = await player.facts(lesson);
  assert(facts.done === undefined, `${lesson} is done before what it says was typed`);
  const [commands, last] = commandsIn(facts, client);
  const printed: string[] = [];
  for (const [index, command] of commands.entries()) {
    printed.push(`$ ${command}`, await player.type(command));
    if (index >= last) continue;
    const { done } = await player.facts(lesson);
    assert(done === undefined, `${lesson} is done before its last request, by: ${command}`);
  }
  await expectDone(player, lesson, printed);
}

async function expectDone(player: Player, lesson: string, printed: readonly string[]): Promise<void> {
  try {
    const { steps, after } = await player.factsThat(lesson, ({ done }) => done !== undefined);
    assert(after !== undefined && steps.every(({ isDone }) => isDone), JSON.stringify(steps));
  } catch (error) {
    throw new Error(`${lesson} is not done. ${(error as Error).message}\n${printed.join("\n")}`);
  }
}

/** Runs tasks, several at a time, and throws all that went wrong together. */
export async function inTurns(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = [...tasks];
  const failures: string[] = [];
  await Promise.all(Array.from({ length: PLAYERS_AT_A_TIME }, async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      await task().catch((error) => failures.push(error instanceof Error ? error.message : String(error)));
    }
  }));
  assert(failures.length === 0, failures.join("\n\n"));
}
