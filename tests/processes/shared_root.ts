/**
 * Several processes over one folder: real ones, each with an address and a memory of its own.
 *
 *     await using root = new SharedRoot();
 *     const [one, other] = await root.start(2);
 *     const opened = await one.send("POST", "/v2/library/hello/blobs/uploads/");
 *     const patched = await other.send("PATCH", opened.headers.get("Location")!, { body: "foo" });
 *
 * When the test ends, the processes have ended and the folder is gone.
 *
 * The processes can be like several machines. Then `MOUNTS` names the folders at which they see the same file system:
 *
 *     MOUNTS=/mnt/one:/mnt/other deno test -A tests/several_processes_test.ts
 *
 * @module
 */

import { localDisk } from "../../src/disk/local_disk.ts";
import { assertEquals } from "@std/assert";
import { type Finding, verify } from "../../src/housekeeping/verify.ts";
import { Folder } from "../folder.ts";
import { Program } from "./program.ts";

const MOUNTS = Deno.env.get("MOUNTS")?.split(":");

/** A folder, and the processes that serve it. */
export class SharedRoot extends Folder implements AsyncDisposable {
  readonly #programs: Program[] = [];
  // The paths of the folder, one for each mount. The processes use them in turn, and the test itself uses the first.
  readonly #paths: readonly string[];

  /** Makes the folder. */
  constructor() {
    const name = crypto.randomUUID();
    const paths = MOUNTS?.map((mount) => `${mount}/${name}`);
    if (paths !== undefined) Deno.mkdirSync(paths[0]);
    super(paths?.[0]);
    this.#paths = paths ?? [this.path];
  }

  /** Starts some processes at once, with flags beside those of the address and the folder. */
  start(number: number, ...flags: string[]): Promise<Program[]> {
    return Promise.all(Array.from({ length: number }, async (_, index) => {
      const program = await Program.serve(this.#paths[index % this.#paths.length], ...flags);
      this.#programs.push(program);
      return program;
    }));
  }

  /** Runs a housekeeping command in a process of its own, and returns the lines that it prints, each as an object. */
  async keepHouse(command: "gc" | "verify", ...flags: string[]): Promise<Record<string, unknown>[]> {
    await using program = Program.main(command, "--root", this.path, "--json", ...flags);
    const { code, out, errors } = await program.outcome();
    assertEquals([code, errors], [0, ""]);
    return out.trimEnd().split("\n").map((line) => JSON.parse(line));
  }

  /** Returns the findings of `verify`. There are none if nothing is wrong and nothing was left behind. */
  findings(): Promise<Finding[]> {
    return Array.fromAsync(verify(localDisk(this.path)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program[Symbol.asyncDispose]()));
    this[Symbol.dispose]();
  }
}
