/**
 * What is remembered of learners: a file for each of them.
 *
 *     testdata/.workshop/
 *     └── ana.json     { "happenings": […], "done": { "knock": { "time": …, "by": ["f3a9c1-12"] } }, "since": {}, "switch": … }
 *
 * So after a restart of the registry, a learner goes on at the same place. `since` has the lessons that were begun again: for these,
 * only what came later counts.
 *
 * Next: switches_of_learners.ts
 *
 * @module
 */

import { isObject } from "../definitions/json.ts";
import type { Disk } from "../disk/disk.ts";
import type { Happening } from "./checking.ts";
import type { DoneLesson } from "./lesson_facts.ts";
import { SWITCHES_OF_LEARNERS, type SwitchOfLearner } from "./switches_of_learners.ts";

// No repository's name begins with ".".
const FOLDER = ".workshop";

/** What is remembered of one learner. */
export interface Remembered {
  /** What the learner has done, the oldest first. */
  happenings: Happening[];
  /** The lessons that are done, by their ids. */
  done: Record<string, DoneLesson>;
  /** The lessons that were begun again, by their ids, and when: in milliseconds since 1970. */
  since: Record<string, number>;
  /** The switch that is on. */
  switch?: SwitchOfLearner;
}

/** Returns the names of the learners of whom something is remembered. */
export function learnersOn(disk: Disk): string[] {
  return disk.list(FOLDER).map(learnerOf).filter((as) => as !== undefined);
}

/** Returns what is remembered of somebody who has done nothing. */
export function nothingRemembered(): Remembered {
  return { happenings: [], done: withoutPrototype({}), since: withoutPrototype({}) };
}

/** Reads what is remembered of a learner. A file that is not there, or that somebody has broken by hand, counts as an empty one. */
export function readRemembered(disk: Disk, as: string): Remembered {
  const read = disk.read(`${FOLDER}/${fileOf(as)}`, (bytes) => parse(new TextDecoder().decode(bytes)));
  // The disk may return the same object to others again. So the caller gets a copy that it may change.
  const { happenings = [], done = {}, since = {}, switch: on } = structuredClone(read) ?? {};
  // A lesson may have the name of something that every object has, such as "constructor".
  return { happenings, done: withoutPrototype(done), since: withoutPrototype(since), switch: on };
}

/**
 * Writes what is remembered of a learner. Another registry over the same folder may have written the same file. So what that file
 * says is taken over into `remembered` first. Throws the error of the disk if the file cannot be read or cannot be written.
 */
export async function writeRemembered(disk: Disk, as: string, remembered: Remembered): Promise<void> {
  takeOver(remembered, readRemembered(disk, as));
  const text = `${JSON.stringify(remembered)}\n`;
  await disk.put(FOLDER, { [fileOf(as)]: new TextEncoder().encode(text) });
}

// A lesson that is done there is done here, too, and a lesson that was begun again there is begun again here.
function takeOver({ done, since }: Remembered, other: Remembered): void {
  for (const [id, time] of Object.entries(other.since)) since[id] = Math.max(time, since[id] ?? 0);
  for (const [id, lesson] of Object.entries(other.done)) done[id] ??= lesson;
  for (const [id, { time }] of Object.entries(done)) if (time < (since[id] ?? 0)) delete done[id];
}

// A learner may be called "team/ana".
function fileOf(as: string): string {
  return `${encodeURIComponent(as)}.json`;
}

// A person may have put other files there.
function learnerOf(file: string): string | undefined {
  const [, as] = /^([^.].*)\.json$/.exec(file) ?? [];
  if (as === undefined) return undefined;
  try {
    return decodeURIComponent(as);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function parse(text: string): Remembered | undefined {
  try {
    const { happenings, done, since, switch: on } = JSON.parse(text);
    const isRight = Array.isArray(happenings) && happenings.every(isHappening) &&
      isObject(done) && Object.values(done).every(isDoneLesson) &&
      isObject(since) && Object.values(since).every(isTime);
    if (!isRight) return undefined;
    const isKnown = SWITCHES_OF_LEARNERS.some(({ id }) => id === on?.id) && typeof on.lesson === "string";
    return { happenings, done, since, switch: isKnown ? on : undefined } as Remembered;
  } catch {
    return undefined;
  }
}

function isHappening(value: unknown): boolean {
  return isObject(value) && typeof value.id === "string" && isTime(value.time) && isObject(value.item);
}

function isDoneLesson(value: unknown): boolean {
  return isObject(value) && isTime(value.time) && Array.isArray(value.by) &&
    value.by.every((id) => id === null || typeof id === "string");
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && !Number.isNaN(new Date(value).getTime());
}

function withoutPrototype<Value>(values: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.assign(Object.create(null), values);
}
