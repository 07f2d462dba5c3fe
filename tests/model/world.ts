/**
 * The world of the model: a root, two programs that serve it, and somebody who kills them and keeps house.
 *
 *     program 1   ├────────────────✗  ├──────────────────────┤      ✗ is kill -9; the new one expires uploads when it starts
 *     program 2   ├──────────────────────────✗  ├────────────┤
 *     housekeeping   ├gc┤  ├verify┤  ├gc ✗  ├gc --untagged┤
 *
 * Time goes by in requests. So the same seed kills at the same request, and does not depend on how fast the machine is.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { localDisk } from "../../src/disk/local_disk.ts";
import { clearLeftOvers } from "../../src/housekeeping/clear_left_overs.ts";
import { expireUploads } from "../../src/housekeeping/expire_uploads.ts";
import type { Random } from "../fuzz/random.ts";
import { Program, type Sent } from "../processes/program.ts";
import { SharedRoot } from "../processes/shared_root.ts";
import type { Model } from "./model.ts";

// Longer than an upload is kept.
const LONG_AGO_MILLISECONDS = 48 * 3_600_000;

/** An answer, and the moment when its request began. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly since: number;
  /** The request and the status, for people. */
  readonly by: string;
}

/** Thrown if the program was killed before its answer came. */
export class Lost extends Error {}

/** The programs, and what they store in. */
export class World implements AsyncDisposable {
  readonly root = new SharedRoot();
  /** The number of programs that were killed so far. */
  kills = 0;
  /** True as soon as there is nothing more to do. */
  isOver = false;
  readonly #programs: (Program | undefined)[] = [];
  readonly #killed = new Set<Program>();
  #requests = 0;
  #waiting: { until: number; go: () => void }[] = [];

  constructor(readonly model: Model) {}

  /** Starts both programs. */
  async start(): Promise<void> {
    this.#programs.push(...await this.root.start(2, "--log", "none"));
  }

  /** Sends a request to one of the programs that are there. */
  async send(random: Random, method: string, path: string, sent: Sent = {}): Promise<Answer> {
    this.#requests++;
    for (const { until, go } of this.#waiting) if (until <= this.#requests) go();
    const chosen = random.below(2);
    const program = this.#programs[chosen] ?? this.#programs[1 - chosen]!;
    const since = this.model.clock.tick();
    const by = `${method} ${path}`;
    try {
      const answer = await program.send(method, path, sent);
      const body = await answer.bytes();
      assert(answer.status < 500, `${by}: ${answer.status} ${new TextDecoder().decode(body)}`);
      return { status: answer.status, headers: answer.headers, body, since, by: `${by} ${answer.status}` };
    } catch (error) {
      if (!this.#killed.has(program) || !(error instanceof TypeError)) throw error;
      await program.status();
      throw new Lost(by);
    }
  }

  /** Sends a request whose body breaks off after some bytes. */
  async breakOff(random: Random, method: string, path: string, sent: Sent, bytes: Uint8Array): Promise<void> {
    const program = this.#programs[random.below(2)];
    let isSent = false;
    const body = new ReadableStream({
      pull(controller) {
        if (isSent) controller.error(new Error("broken off"));
        else controller.enqueue(bytes);
        isSent = true;
      },
    }, { highWaterMark: 0 });
    const answer = await program?.send(method, path, { ...sent, body }).catch(() => undefined);
    assert(answer === undefined || answer.status < 500, `${method} ${path}: ${answer?.status}`);
  }

  /** Makes a file look as if nobody had used it for some time. */
  age(path: string): void {
    const time = new Date(Date.now() - LONG_AGO_MILLISECONDS);
    Deno.utimeSync(`${this.root.path}/${path}`, time, time);
  }

  /** Kills one program after the other, and starts another in its place. */
  async killPrograms(random: Random): Promise<void> {
    for (;;) {
      await this.#requestsGoBy(100 + random.below(200));
      if (this.isOver) return;
      const chosen = random.below(2);
      const program = this.#programs[chosen]!;
      this.#programs[chosen] = undefined;
      this.#killed.add(program);
      program.signal("SIGKILL");
      await program.status();
      this.kills++;
      [this.#programs[chosen]] = await this.root.start(1, "--log", "none");
    }
  }

  /** Collects garbage and verifies, again and again. */
  async keepHouse(random: Random): Promise<void> {
    while (!this.isOver) {
      if (random.onceIn(4)) await this.#verify();
      else await this.collect(random.onceIn(4), random.onceIn(3) ? 1 + random.below(4) : undefined);
      await this.#requestsGoBy(random.below(50));
    }
  }

  /** Collects garbage without grace. `linesToLive` kills the collection after so many removals. */
  async collect(isUntagged: boolean, linesToLive?: number): Promise<void> {
    const flags = ["--grace", "0s", ...(isUntagged ? ["--untagged"] : [])];
    this.model.collect(`gc ${flags.join(" ")}`, isUntagged);
    await using program = Program.main("gc", "--root", this.root.path, "--json", ...flags);
    if (linesToLive !== undefined) {
      const lines = program.out.until(new RegExp(`(.*\n){${linesToLive}}`));
      await lines.then(() => program.signal("SIGKILL"), () => "it has ended before");
    }
    const { code, signal } = await program.status();
    const wasKilled = signal !== null;
    if (!wasKilled) assertEquals([code, await program.err.whole()], [0, ""]);
    const removals = (await program.out.lines()).filter((line) => line.includes('"digest"'));
    const removed = removals.map((line) => {
      const { name, digest, kind } = JSON.parse(line);
      const repository = this.model.repositories.find((repository) => repository.name === name);
      const register = (kind === "blob" ? repository?.blobs : repository?.manifests)?.get(digest);
      assert(register !== undefined, `nobody has pushed what gc has removed: ${line}`);
      return register;
    });
    this.model.collected(removed, wasKilled);
  }

  // Content may come and go while it looks. But bytes that do not have their digest are never right.
  async #verify(): Promise<void> {
    await using program = Program.main("verify", "--root", this.root.path, "--json");
    const { code, out, errors } = await program.outcome();
    assertEquals(errors, "");
    assert(code === 0 || out.includes('"fault"'), out);
    assert(!out.includes("its bytes have"), out);
  }

  /**
   * Puts everything right that clients and kills have left behind. No client is at work any more. But a program that was started a
   * moment ago may still remove what has expired, so that a session is gone before it can be made old.
   */
  async tidyUp(): Promise<void> {
    const disk = localDisk(this.root.path);
    for (const path of this.root.tree().filter((path) => path.includes("/_uploads/"))) {
      try {
        this.age(path);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    await expireUploads(disk);
    await Array.fromAsync(clearLeftOvers(disk, { grace: 0 }));
    await this.collect(false);
  }

  /** Ends the kills and the housekeeping. */
  stop(): void {
    this.isOver = true;
    for (const { go } of this.#waiting) go();
  }

  async #requestsGoBy(number: number): Promise<void> {
    if (this.isOver) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = { until: this.#requests + number, go: resolve };
    this.#waiting.push(waiting);
    await promise;
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.root[Symbol.asyncDispose]();
  }
}
