/**
 * A lesson: a text, something to try, and a goal that the registry checks by itself. It is data, in a file of JSON.
 *
 *     { "id": "chunks", "title": "A blob in chunks", "minutes": 7, "heading": "PUSH-CHUNK",
 *       "text":  ["A layer can be many gigabytes. So a client may send it in chunks.", …],
 *       "try":   [{ "with": "curl", "type": ["curl -i -X POST {url}/v2/{as}/chunks/blobs/uploads/", …] }],
 *       "done":  [{ "say": "You open a session", "story": { "endpoint": "end-4a", "status": 202, "session": "$s" } },
 *                 { "say": "You send two chunks", "story": { "endpoint": "end-5", "status": 202, "session": "$s" }, "times": 2 },
 *                 { "say": "The blob is there", "there": { "is": "blob", "repository": "chunks" } }],
 *       "hints": [{ "when": [{ "story": { "endpoint": "end-5", "rule": "PUSH-CHUNK-06" } }], "say": "Only the numbers: 0-9." }],
 *       "after": ["A session is a file that grows. …"] }
 *
 * `done` is a list of steps. Each one is about a request that has been made (`story`), about what is in the folder (`there`, `gone`), or
 * about what a learner has answered (`answer`). Requests have to come in the order of the steps; others may stand between them. A text
 * that begins with "$" is a variable: at its first place it takes what is there, and at all others the same has to be there again.
 * `matching.ts` has all that can stand in a pattern. `lesson.schema.json` says the same to editors.
 *
 * In texts and commands, `{url}` is the address of the registry, `{registry}` the same without "http://", `{as}` the learner, whose
 * repositories begin with that, and `{curl}` is curl with what it needs to say who the learner is.
 *
 * Next: reading_lessons.ts
 *
 * @module
 */

import type { LessonPattern } from "./matching.ts";

/** A lesson. */
export interface Lesson {
  /** Its name in addresses: lower-case letters, digits and "-". */
  readonly id: string;
  /** Its title. */
  readonly title: string;
  /** The minutes that it takes. */
  readonly minutes: number;
  /** The beginning of the ids of the rules that it is about, such as `PUSH-CHUNK`, or one rule. */
  readonly heading?: string;
  /** True if it stands after the lessons of the course, for those who want more. */
  readonly isExtra?: boolean;
  /** What to know, in paragraphs. */
  readonly text: readonly string[];
  /** What to try, once for each client. */
  readonly try: readonly LessonAttempt[];
  /** The goal: what the registry checks. */
  readonly done: readonly LessonStep[];
  /** What to say to somebody who has nearly done it. */
  readonly hints: readonly Hint[];
  /** A word for those who have done it, in paragraphs. */
  readonly after: readonly string[];
  /** What to look at: addresses of the page, such as `/rule/PUSH-CHUNK-10`. */
  readonly see?: readonly string[];
  /** The bug or quirk that the registry can have for this learner, while the lesson goes on. */
  readonly switch?: LessonSwitch;
}

/**
 * Returns the place of a lesson in a list, by its id or its number, which counts from 1; -1 if there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const lessons = [{ id: "knock" }, { id: "blob" }];
 *
 * assertEquals([placeOf(lessons, "blob"), placeOf(lessons, "2"), placeOf(lessons, "3")], [1, 1, -1]);
 * ```
 */
export function placeOf(lessons: readonly Pick<Lesson, "id">[], wanted: string): number {
  return lessons.findIndex(({ id }, at) => id === wanted || String(at + 1) === wanted);
}

/** What to type, with one client. */
export interface LessonAttempt {
  /** The program: `curl`, `skopeo`, `docker` or another one. */
  readonly with: string;
  /** What to type, line by line. Each line is a command of a POSIX shell; a line may need those above it. */
  readonly type: readonly string[];
}

/** A step towards the goal. It has exactly one of `story`, `answer`, `there` and `gone`. */
export interface LessonStep {
  /** What has happened when it is done, in a few words. Needed in `done`, and of no use in hints. */
  readonly say?: string;
  /** A request that looks like this. */
  readonly story?: LessonPattern;
  /** An answer to the question of the lesson that looks like this. */
  readonly answer?: LessonPattern;
  /** Something in the folder that looks like this. */
  readonly there?: LessonPattern;
  /** Nothing in the folder looks like this. */
  readonly gone?: LessonPattern;
  /** The number of such requests, one after the other. Default: 1. */
  readonly times?: number;
}

/** A sentence for somebody who has nearly done it. */
export interface Hint {
  /** The steps that have to be there. */
  readonly when: readonly LessonStep[];
  /** The sentence. */
  readonly say: string;
}

/** A switch of `composing/switches/` that a lesson turns on for one learner. */
export interface LessonSwitch {
  /** Its id, or several, of which the registry takes one. */
  readonly id: string | readonly string[];
  /** True if the learner has to find out which one it is. */
  readonly isHidden?: boolean;
}
