/**
 * How far a learner is: a file beside the exercises.
 *
 *     exercises/.progress.json    {"tag": {"hints": 1, "done": "9f86d081…"}, "name": {"hints": 0}}
 *
 * `done` is the hash of the text that was right. If the text changes afterwards, the exercise is not done any more.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Exercise } from "../../../src/workshop/exercises/exercise.ts";
import { type LearnerFile, replaceFile, unlessMissing } from "./learner_file.ts";

interface Entry {
  /** The number of hints that the learner has seen. */
  readonly hints: number;
  /** The hash of the text that was right. */
  readonly done?: string;
}

/** How far a learner is. It is read each time, because the learner may have two terminals. */
export class Progress {
  readonly #path: string;

  /** Names the folder of the learner. */
  constructor(folder: string) {
    this.#path = `${folder}/.progress.json`;
  }

  /** Returns the number of hints that the learner has seen. */
  hintsOf({ name }: Exercise): number {
    return this.#entryOf(name).hints;
  }

  /** Returns true if the learner's file has the text that was right. */
  isDone(file: LearnerFile): boolean {
    const text = file.text();
    return text !== undefined && this.#entryOf(file.exercise.name).done === hashOf(text);
  }

  /** Notes that the learner has seen so many hints. */
  noteHints({ name }: Exercise, hints: number): void {
    this.#write(name, { ...this.#entryOf(name), hints });
  }

  /** Notes that this text of the learner's file is right. */
  noteDone({ name }: Exercise, text: string): void {
    this.#write(name, { ...this.#entryOf(name), done: hashOf(text) });
  }

  /** Forgets everything about an exercise. */
  forget({ name }: Exercise): void {
    this.#write(name, { hints: 0 });
  }

  #entryOf(name: string): Entry {
    const { hints, done } = this.#read()[name] ?? {};
    return { hints: Number.isInteger(hints) ? hints! : 0, done };
  }

  // A file that somebody has damaged is the same as none: the exercises themselves are not in it.
  #read(): Record<string, Partial<Entry> | undefined> {
    try {
      const entries: unknown = JSON.parse(unlessMissing(() => Deno.readTextFileSync(this.#path)) ?? "{}");
      return typeof entries === "object" && entries !== null ? { ...entries } : {};
    } catch (error) {
      if (error instanceof SyntaxError) return {};
      throw error;
    }
  }

  #write(name: string, entry: Entry): void {
    replaceFile(this.#path, JSON.stringify({ ...this.#read(), [name]: entry }, null, 2) + "\n");
  }
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
