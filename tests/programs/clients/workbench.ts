/**
 * The workbench for the clients: the steps, the programs that they run, and the results.
 *
 *     const step = bench.stepsOf("skopeo");
 *     await step("pushes an image", [NO_SUCH_BLOB_YET], async (told) => {
 *       await bench.run("skopeo", "copy", …);
 *       assert((await told()).includes("PATCH upload 202"));
 *     });
 *
 * A step fails if its action fails, and also if the registry refused a request that is not in the step's list. So it
 * also notices refusals that the client did not report.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type Glassbox, nameOf } from "./glassbox.ts";
import type { Images } from "./images.ts";

/** Before a client pushes a blob, it asks whether the registry has it already. */
export const NO_SUCH_BLOB_YET = "HEAD blob 404";
/** The same question for a manifest that is pushed by its digest. */
export const NO_SUCH_MANIFEST_YET = "HEAD manifest 404";
/** The same question for a tag. */
export const NO_SUCH_TAG_YET = "HEAD tag 404";
/** A client asks for a tag, and learns that it is not there. Some ask with GET at once, others after a HEAD. */
export const NO_SUCH_TAG = "GET tag 404";
/** A client asks for a blob that is gone. */
export const NO_SUCH_BLOB = "GET blob 404";
/** The registry's story of a chunk whose connection broke off. No client is left to read the answer. */
export const CHUNK_CUT_OFF = "PATCH upload 400";
/** A client sends a chunk again. The registry has a part of it already, and answers where to go on. */
export const CHUNK_SENT_TWICE = "PATCH upload 416";

/** Returns the requests since the step began, each in three words: see `nameOf`. */
export type Told = () => Promise<string[]>;

/** A step of one client: a sentence about it, the refusals that it may get, and its action. */
export type Step = (
  sentence: string,
  mayBeRefused: readonly string[],
  action: (told: Told) => Promise<void>,
) => Promise<void>;

/** The output of a program. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The options of a program's run, besides its arguments. */
export interface RunOptions {
  /** The bytes on its standard input; none by default. */
  readonly stdin?: Uint8Array<ArrayBuffer>;
  /** More of the environment. */
  readonly env?: Record<string, string>;
  /** True if it should fail, with any exit status but 0. */
  readonly fails?: boolean;
}

// A client that takes longer than this hangs, or tries again and again.
const TIME_LIMIT = 120_000;

/** The workbench for the clients. */
export class Workbench {
  /** The registry. */
  readonly glassbox: Glassbox;
  /** The images to push. */
  readonly images: Images;
  /** A folder for all files that the clients leave behind. */
  readonly folder: string;
  /** The processes and folders to clean up at the end, or if the run is interrupted. */
  readonly stack: AsyncDisposableStack;
  /** True if root runs this. */
  readonly isRoot: boolean;
  /** The environment of the clients. Only the path to programs comes from the user. */
  readonly environment: Readonly<Record<string, string>>;
  /** The number of steps that passed, and of those that failed. */
  readonly count: { passed: number; failed: number };

  constructor(
    { stack, glassbox, images, folder, isRoot, path, count }: {
      stack: AsyncDisposableStack;
      glassbox: Glassbox;
      images: Images;
      folder: string;
      isRoot: boolean;
      path: string;
      count: { passed: number; failed: number };
    },
  ) {
    this.stack = stack;
    this.glassbox = glassbox;
    this.images = images;
    this.folder = folder;
    this.isRoot = isRoot;
    this.count = count;
    this.environment = {
      PATH: path,
      HOME: this.makeFolder("home"),
      TMPDIR: this.makeFolder("tmp"),
      XDG_RUNTIME_DIR: this.makeFolder("runtime"),
      DOCKER_CONFIG: this.makeFolder("docker-config"),
    };
    // buildah does not start without the file that this variable names.
    this.makeFile("docker-config/config.json", "{}");
  }

  /** Makes a folder inside the folder of the clients. Returns its path. */
  makeFolder(name: string): string {
    const path = `${this.folder}/${name}`;
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** Writes a file inside the folder of the clients. Returns its path. */
  makeFile(name: string, content: string | Uint8Array): string {
    const path = `${this.folder}/${name}`;
    if (typeof content === "string") Deno.writeTextFileSync(path, content);
    else Deno.writeFileSync(path, content);
    return path;
  }

  /** Returns a function that runs the steps of one client. */
  stepsOf(client: string): Step {
    return (sentence, mayBeRefused, action) => this.#step(client, sentence, mayBeRefused, action);
  }

  async #step(
    client: string,
    sentence: string,
    mayBeRefused: readonly string[],
    action: (told: Told) => Promise<void>,
  ): Promise<void> {
    if (this.stack.disposed) return;
    const start = this.glassbox.stories.length;
    const told = () => this.glassbox.toldSince(start);
    try {
      await action(told);
      const refused = (await told()).filter((name) => Number(name.slice(-3)) >= 400);
      assertEquals(
        refused.filter((name) => !mayBeRefused.includes(name)),
        [],
        "the registry refused requests that it should accept",
      );
      this.count.passed++;
      console.log(`ok   ${client.padEnd(8)} ${sentence}`);
    } catch (error) {
      // In an interrupted run, the registry ends before the client does. That is no fault of either.
      if (this.stack.disposed) return;
      this.count.failed++;
      console.log(`FAIL ${client.padEnd(8)} ${sentence}`);
      const stories = this.glassbox.stories.slice(start).map((story) => {
        const why = story.failure ?? (story.refusal === undefined ? "" : JSON.stringify(story.refusal));
        return `${nameOf(story).padEnd(20)} ${story.method} ${story.url}   ${why}`;
      });
      const reason = error instanceof Error ? error.message : String(error);
      console.log(indent([reason, "the registry's stories since then:", ...stories].join("\n")));
    }
  }

  /**
   * Returns a command that finds our empty folders in place of the machine's own, such as `/var/lib`. Clients that run
   * as root keep files there, and no option changes that. Other clients keep them in HOME, which is our folder too.
   */
  hiding(places: readonly string[], ...command: string[]): [program: string, ...args: string[]] {
    const [program, ...args] = command;
    if (!this.isRoot) return [program, ...args];
    const mounts = places.map((place) => {
      this.makeFolder(`instead-of${place}`);
      return `mount --bind "$0${place}" ${place}`;
    });
    const script = `${mounts.join(" && ")} && exec "$@"`;
    return ["unshare", "--mount", "sh", "-c", script, `${this.folder}/instead-of`, program, ...args];
  }

  /** Runs a program that should succeed. */
  run(program: string, ...args: string[]): Promise<Output> {
    return this.runWith({}, program, ...args);
  }

  /** Runs `deno task import`, `export` or `samples` on the folder that the registry serves meanwhile. */
  runTask(task: "import" | "export" | "samples", ...args: string[]): Promise<Output> {
    const main = new URL("../../../main.ts", import.meta.url).pathname;
    const flags = ["run", "--no-prompt", "--allow-run=deno", main, task, ...args, "--root", this.glassbox.root];
    // The package for archives is in the cache of the user.
    const cache = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
    return this.runWith({ env: { DENO_DIR: cache } }, Deno.execPath(), ...flags);
  }

  /** Runs a program that should fail. */
  runToFail(program: string, ...args: string[]): Promise<Output> {
    return this.runWith({ fails: true }, program, ...args);
  }

  /** Runs a program. */
  async runWith(options: RunOptions, program: string, ...args: string[]): Promise<Output> {
    const { stdin, env, fails = false } = options;
    const process = new Deno.Command(program, {
      args,
      cwd: this.folder,
      env: { ...this.environment, ...env },
      clearEnv: true,
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(TIME_LIMIT),
    }).spawn();
    // A program that ends before it has read everything prints the reason itself.
    const feeding = feed(process, stdin).catch(() => {});
    const output = await process.output();
    await feeding;

    const stdout = new TextDecoder().decode(output.stdout);
    const stderr = new TextDecoder().decode(output.stderr);
    if (fails !== (output.code !== 0)) {
      throw new Error(`exit status ${output.code} of ${[program, ...args].join(" ")}\n${stdout}${stderr}`);
    }
    return { stdout, stderr, bytes: output.stdout };
  }
}

async function feed(process: Deno.ChildProcess, bytes: Uint8Array | undefined): Promise<void> {
  if (bytes === undefined) return;
  const writer = process.stdin.getWriter();
  await writer.write(bytes);
  await writer.close();
}

function indent(text: string): string {
  return text.trimEnd().split("\n").map((line) => `       ${line}`).join("\n");
}
