/**
 * Freshness: does this machine see at once what another one changes? Several machines can share a root only if it does. Many
 * file systems remember names for a second by default, and then two clients both win an `If-Match`.
 *
 * Registries find that out together, with two words that only the one with the turn may change:
 *
 *     testdata/.locks/serving         a lock of which each registry that serves has a share; a new one learns if there are others
 *     testdata/.locks/round           then it begins a round: it writes a new word here, and all take part
 *     testdata/.locks/turn            a lock; in a round, each registry takes its turn again and again
 *     testdata/.locks/word            the first word: a file that is replaced as a tag is
 *     testdata/.locks/words/word      the second word: a file in a folder that is replaced
 *
 * In its turn, a registry looks at the words for a while, and then changes them. Nobody else may change them in its turn. If it
 * sees them change all the same, its first look has shown old words: it sees changes late, or the locks of the others do not
 * count here. No clock is compared with the clock of another machine.
 *
 * A round takes a minute for each registry. At all other times a registry looks for a new round every five seconds, and does
 * nothing else.
 *
 * Next: running_hashes.ts
 *
 * @module
 */

import { inTime } from "../waiting.ts";
import { removeFolder } from "./changes.ts";
import { BusyError } from "./disk.ts";
import { unlessMissingLater } from "./missing.ts";
import { type Root, rootOf } from "./root.ts";
import { makeFolder, placeAside, step } from "./steps.ts";
import { expectNoLinkedLock, lock, lockFolder, openLock } from "./turns.ts";

/** The pace of a registry that takes part. Times are in milliseconds. */
export interface Pace {
  /** The time between two looks for a new round. */
  readonly rounds: number;
  /** The number of turns in a round. All turns of a registry last a minute, because NFS remembers folders for so long. */
  readonly turns: number;
  /** The length of a turn. It is longer than most file systems remember names by default. */
  readonly turn: number;
  /** The time between two looks at the words, and between two turns. */
  readonly looks: number;
  /** Reads a small file, in another thread. Returns `undefined` if it is not there. */
  readonly read: (path: string) => Promise<string | undefined>;
}

const USUAL: Pace = {
  rounds: 5000,
  turns: 40,
  turn: 1500,
  looks: 100,
  read: (path) => unlessMissingLater(() => Deno.readTextFile(path)),
};

/** A registry that takes part, until it is stopped. */
export class Freshness {
  /** Is fulfilled when it no longer takes part. Is rejected if the disk fails. */
  readonly ended: Promise<void>;
  readonly #root: Root;
  readonly #folder: string;
  readonly #tell: (late: number) => void;
  readonly #pace: Pace;
  readonly #stopping = Promise.withResolvers<void>();
  #isStopping = false;
  #hasTold = false;

  /**
   * Begins to take part. `path` is the path of the root. `tell` gets the time in milliseconds by which a change was late, or
   * more; it is called once at most.
   */
  constructor(path: string, tell: (late: number) => void, pace: Partial<Pace> = {}) {
    // No request waits for this. So it leaves the calls to other threads, which may take their time.
    this.#root = rootOf(path, { durability: "none", isSlow: true });
    this.#folder = lockFolder(this.#root);
    this.#tell = tell;
    this.#pace = { ...USUAL, ...pace };
    this.ended = this.#takePart();
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopping.resolve();
    await this.ended;
  }

  async #takePart(): Promise<void> {
    // A round that begins after this look is for this registry as well.
    let round = await this.#read("round");
    using serving = await this.#open("serving");
    const isAlone = serving.tryLockSync(true);
    await serving.lock(false);
    if (!isAlone) await this.#replace("round", crypto.randomUUID());

    for (let turnsLeft = 0; !this.#isStopping;) {
      const now = await this.#read("round");
      if (now !== undefined && now !== round) {
        round = now;
        turnsLeft = this.#pace.turns;
      }
      if (turnsLeft-- > 0) await this.#takeTurn();
      await this.#pause(turnsLeft > 0 ? this.#pace.looks : this.#pace.rounds);
    }
  }

  async #takeTurn(): Promise<void> {
    let isWaiting = true;
    // Only what the system has looked at before can be old. So this looks while it waits for the turn, too.
    const looking = (async () => {
      for (; isWaiting; await this.#pause(this.#pace.looks)) await this.#words();
    })();
    looking.catch(() => {}); // The error surfaces at the `await`.
    try {
      using turn = await this.#open("turn");
      await lock(turn, Date.now() + this.#root.patience);
      isWaiting = false;
      await this.#watchWords();
      await this.#changeWords();
    } catch (error) {
      // Others take very long for their turns. Perhaps it comes the next time.
      if (!(error instanceof BusyError)) throw error;
    } finally {
      isWaiting = false;
      await looking;
    }
  }

  async #watchWords(): Promise<void> {
    const started = performance.now();
    const words = await this.#words();
    while (performance.now() - started < this.#pace.turn && !this.#isStopping) {
      await this.#pause(this.#pace.looks);
      if (await this.#words() === words || this.#hasTold) continue;
      this.#hasTold = true;
      this.#tell(performance.now() - started);
    }
  }

  async #words(): Promise<string> {
    return `${await this.#read("word")} ${await this.#read("words/word")}`;
  }

  async #changeWords(): Promise<void> {
    // The folder may have become a link while it was this one's turn.
    expectNoLinkedLock(this.#root);
    const word = crypto.randomUUID();
    await this.#replace("word", word);

    const words = `${this.#folder}/words`;
    const [before, next] = [`${words}.before`, `${words}.next`];
    // If the last change broke off, these are left from it.
    for (const path of [before, next]) await removeFolder(this.#root, path);
    await makeFolder(this.#root, next);
    await Deno.writeTextFile(`${next}/word`, word);
    await step(
      this.#root,
      "rename folder",
      before,
      () => unlessMissingLater(() => this.#root.calls.rename(words, before)),
    );
    await step(this.#root, "rename folder", words, () => this.#root.calls.rename(next, words));
    await removeFolder(this.#root, before);
  }

  #open(name: string): Promise<Deno.FsFile> {
    return openLock(this.#root, `${this.#folder}/${name}`);
  }

  async #read(name: string): Promise<string | undefined> {
    expectNoLinkedLock(this.#root);
    return await this.#pace.read(`${this.#folder}/${name}`);
  }

  #replace(name: string, text: string): Promise<void> {
    return placeAside(this.#root, `${this.#folder}/${name}`, (aside) => Deno.writeTextFile(aside, text));
  }

  async #pause(milliseconds: number): Promise<void> {
    await inTime(this.#stopping.promise, milliseconds);
  }
}
