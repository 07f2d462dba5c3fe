/**
 * The facts of lessons: what the page, the terminal and programs show of them.
 *
 *     GET /lessons?as=ana          { as: "ana", lessons: [{ number: 1, id: "knock", title: "Knock", isDone: true, … }, …], … }
 *     GET /lessons/knock?as=ana    { as: "ana", lesson: { title, text, try, … }, steps: [{ say, isDone }], hint: { say }, … }
 *     GET /board                   { lessons: [{ id, title }], learners: [{ as: "ana", done: 3, at: "layer", hint: { say }, … }] }
 *
 * All texts are complete: the placeholders of a lesson, such as `{url}`, are filled in.
 *
 * Next: sample_facts.ts
 *
 * @module
 */

import type { FoundHint, LessonStepProgress } from "./checking.ts";
import type { SamplesFacts } from "./sample_facts.ts";
import type { LessonAttempt } from "./lesson.ts";

/** Tells how far learners are. */
export interface LessonsTeller {
  /**
   * Returns the facts of all lessons if `wanted` is empty, or of the lesson with this id or number; `undefined` if there is none. `as`
   * is the learner; `null` means the person who asks.
   */
  lessons(as: string | null, wanted: string, asker: Asker): Promise<LessonsFacts | LessonFacts | NoLessons | undefined>;
  /** Returns the facts of the board: the learners whom a person may see. */
  board(asker: Asker): Promise<BoardFacts>;
  /** Returns what there is to know of all samples. */
  samples(): SamplesFacts;
}

/** Why there are no lessons to see. */
export interface NoLessons {
  /** The reason, in a sentence. */
  readonly refusal: string;
  /** The status of the answer. */
  readonly status: 403 | 404;
}

/** A lesson that is done. */
export interface DoneLesson {
  /** When, in milliseconds since 1970. */
  readonly time: number;
  /** For each step, the id of the story that has done it; `null` for one about the folder. */
  readonly by: readonly (string | null)[];
}

/** The person who asks, and the address that this person has for the registry. */
export interface Asker {
  /** The address of the registry, such as `http://127.0.0.1:5080`. */
  readonly origin: string;
  /** The name that a password has proven; `undefined` if there is none. */
  readonly user?: string;
  /** Returns true if this person may see a repository. */
  readonly maySee: (name: string) => boolean;
  /** The address of this person's machine. */
  readonly host?: string;
}

/** The facts of `/lessons`. */
export interface LessonsFacts {
  /** The learner. */
  readonly as: string;
  /** The address of the registry. */
  readonly origin: string;
  /** The name that a password has proven; `undefined` if there is none. */
  readonly user?: string;
  /** The number of lessons that are done. */
  readonly done: number;
  /** The lessons, in their order. */
  readonly lessons: readonly LessonRow[];
}

/** A lesson in a list. */
export interface LessonRow {
  /** Its number, from 1 on. */
  readonly number: number;
  /** Its id. */
  readonly id: string;
  /** Its title. */
  readonly title: string;
  /** The minutes that it takes. */
  readonly minutes: number;
  /** True if it stands after the course. */
  readonly isExtra: boolean;
  /** True if it is done. */
  readonly isDone: boolean;
  /** The number of its steps that are done now. */
  readonly steps: number;
  /** The number of its steps. */
  readonly of: number;
}

/** The facts of one lesson. */
export interface LessonFacts {
  /** The learner. */
  readonly as: string;
  /** The address of the registry. */
  readonly origin: string;
  /** The lesson, with its number. */
  readonly lesson: LessonRow;
  /** The beginning of the ids of its rules. */
  readonly heading?: string;
  /** What to know, in paragraphs. */
  readonly text: readonly string[];
  /** What to type, for each client. */
  readonly try: readonly LessonAttempt[];
  /** The steps, and which are done. */
  readonly steps: readonly LessonStepProgress[];
  /** When it was done, and by which stories. */
  readonly done?: DoneLesson;
  /** The hint that fits what was done last. */
  readonly hint?: FoundHint;
  /** A word for those who have done it; absent until then. */
  readonly after?: readonly string[];
  /** Addresses to look at. */
  readonly see: readonly string[];
  /** What the registry does wrong in this lesson; `id` is absent if the learner has to find out, and has not yet. */
  readonly switch?: { readonly isOn: boolean; readonly id?: string; readonly isHidden: boolean };
  /** The ids of the lessons around it. */
  readonly previous?: string;
  /** The next one. */
  readonly next?: string;
}

/** The facts of `/board`. */
export interface BoardFacts {
  /** The lessons, in their order. */
  readonly lessons: readonly Pick<LessonRow, "number" | "id" | "title" | "isExtra">[];
  /** The learners who have done something, in the order of their names. */
  readonly learners: readonly LearnerRow[];
}

/** A learner on the board. */
export interface LearnerRow {
  /** The learner. */
  readonly as: string;
  /** The time of the last request, as an ISO text. */
  readonly last: string;
  /** The number of lessons that are done. */
  readonly done: number;
  /** The ids of those. */
  readonly lessons: readonly string[];
  /** The first lesson of the course that is not done: there the learner works. */
  readonly at?: { readonly id: string; readonly steps: number; readonly of: number };
  /** The hint that fits what was done last in that lesson. */
  readonly hint?: Pick<FoundHint, "number" | "say">;
}
