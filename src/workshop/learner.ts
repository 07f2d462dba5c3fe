/**
 * A learner: what somebody has done, and how far that leads.
 *
 *     note     { id: "f3a9c1-12", is: "story", item: { method: "GET", endpoint: "end-1", … } }
 *     states   [{ lesson: { id: "knock", … }, progress: { isDone: true, steps: … }, done: { time: …, by: ["f3a9c1-12"] } }, …]
 *
 * A look at the lessons costs some work, so several requests that come together get one. What is new then is written to a file.
 *
 * Next: remembered.ts
 *
 * @module
 */

import { createSwitches, type Switches } from "../composing/switches/switches.ts";
import type { Disk } from "../disk/disk.ts";
import { LongWork } from "../giving_way.ts";
import { check, type Happening, type LessonProgress } from "./checking.ts";
import type { Lesson } from "./lesson.ts";
import type { DoneLesson } from "./lesson_facts.ts";
import { nothingRemembered, readRemembered, type Remembered, writeRemembered } from "./remembered.ts";
import { SWITCHES_OF_LEARNERS, type SwitchOfLearner } from "./switches_of_learners.ts";
import type { Things } from "./things.ts";

// The most requests of a learner that are remembered. A lesson needs about ten.
const MOST_HAPPENINGS = 300;

// A learner works from one machine, or from two. More addresses than this are those of somebody who plays with them.
const MOST_HOSTS = 20;

// For this time the board shows the last look at those who do nothing. In milliseconds.
const RECENT = 10_000;

// Several requests come together, and are looked at together. In milliseconds.
const GATHER = 200;

/** A lesson, and how far somebody is in it. */
export interface LessonState {
  /** The lesson. */
  readonly lesson: Lesson;
  /** How far it is now. */
  readonly progress: LessonProgress;
  /** When it was done, if it was; it stays done. */
  readonly done?: DoneLesson;
}

/** What a learner needs. */
export interface LearnerOptions {
  /** The disk of the registry. */
  readonly disk: Disk;
  /** Reads what is in the folder of the learner. */
  readonly things: Things;
  /** Returns the lessons that there are now. */
  readonly lessons: () => readonly Lesson[];
  /** Gets the error if what the learner has done cannot be written. Default: nobody hears of it. */
  readonly complain?: (error: unknown) => void;
}

/** One learner. */
export class Learner {
  /** The prefix of the repositories, without the slash, such as `ana`. */
  readonly as: string;
  /** The switches that are on for this learner. */
  readonly switches: Switches = createSwitches();
  readonly #disk: Disk;
  readonly #things: Things;
  readonly #lessons: () => readonly Lesson[];
  readonly #complain: (error: unknown) => void;
  readonly #remembered: Remembered;
  readonly #hosts = new Set<string>();
  #isChanged = false;
  #turn: Promise<unknown> = Promise.resolve();
  #next: Promise<readonly LessonState[]> | undefined;
  // The last look, unless something was noted since it began.
  #seen: { readonly last?: readonly LessonState[]; readonly at: number } = { at: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Reads what an earlier run has remembered. */
  constructor(as: string, { disk, things, lessons, complain = () => {} }: LearnerOptions) {
    this.as = as;
    this.#disk = disk;
    this.#things = things;
    this.#lessons = lessons;
    this.#complain = complain;
    this.#remembered = this.#read();
    const id = this.#remembered.switch?.id;
    if (id !== undefined) this.switches.on(id, { repository: `${as}/` });
  }

  /** The time of what was done last, in milliseconds since 1970; `undefined` if nothing was. */
  get last(): number | undefined {
    return this.#remembered.happenings.at(-1)?.time;
  }

  /** True if nobody would miss what is remembered. */
  get isEmpty(): boolean {
    return this.last === undefined && this.switch === undefined && Object.keys(this.#remembered.done).length === 0;
  }

  /** Notes an address that the learner works from. */
  isAt(host: string): void {
    this.#hosts.delete(host);
    this.#hosts.add(host);
    const [first] = this.#hosts;
    if (this.#hosts.size > MOST_HOSTS) this.#hosts.delete(first);
  }

  /** Returns true if the learner works from an address. */
  worksFrom(host: string | undefined): boolean {
    return host !== undefined && this.#hosts.has(host);
  }

  /** The switch that is on. */
  get switch(): SwitchOfLearner | undefined {
    return this.#remembered.switch;
  }

  /** The rules that the registry breaks for this learner at the moment. */
  get breaks(): readonly string[] {
    return SWITCHES_OF_LEARNERS.find(({ id }) => id === this.switch?.id)?.breaks ?? [];
  }

  /** Notes what the learner has done, and looks soon how far that leads. */
  note(happening: Happening): void {
    const { happenings } = this.#remembered;
    happenings.push(happening);
    if (happenings.length > MOST_HAPPENINGS) happenings.shift();
    this.#change();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // If the disk fails, the next look tells it.
      this.states().catch(() => {});
    }, GATHER);
  }

  /** Turns on a switch for the repositories of this learner, or all off. What the learner has answered before was about another fault. */
  turn(to: SwitchOfLearner | undefined): void {
    this.switches.clear();
    this.#remembered.switch = to;
    if (to !== undefined) {
      this.switches.on(to.id, { repository: `${this.as}/` });
      this.#remembered.happenings = this.#remembered.happenings.filter(({ is, item }) =>
        is !== "answer" || item.lesson !== to.lesson
      );
    }
    this.#change();
  }

  /** Begins lessons again. What is in the repositories stays. */
  reset(ids: readonly string[], now: number): void {
    if (this.switch !== undefined && ids.includes(this.switch.lesson)) this.turn(undefined);
    for (const id of ids) {
      delete this.#remembered.done[id];
      this.#remembered.since[id] = now;
    }
    this.#change();
  }

  /** Returns the same as `states`; if nothing was noted since the last look, it may be that look, for some seconds. */
  recentStates(): Promise<readonly LessonState[]> {
    const { last } = this.#seen;
    return last !== undefined && performance.now() - this.#seen.at < RECENT ? Promise.resolve(last) : this.states();
  }

  /** Returns how far each lesson is. What is done now is remembered. */
  states(): Promise<readonly LessonState[]> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // A look that has not begun sees everything until now. So all who ask meanwhile get the same one.
    if (this.#next !== undefined) return this.#next;
    const states = this.#turn.then(() => {
      this.#next = undefined;
      return this.#look();
    });
    this.#next = states;
    this.#turn = states.catch(() => {});
    return states;
  }

  /** Writes what is not on disk yet. */
  async flush(): Promise<void> {
    if (this.#isChanged) await this.states();
  }

  #change(): void {
    this.#isChanged = true;
    this.#seen = { at: 0 };
  }

  async #look(): Promise<readonly LessonState[]> {
    const seen = this.#seen = { at: performance.now() };
    const states = await this.#lookNow();
    if (seen === this.#seen) this.#seen = { ...seen, last: states };
    return states;
  }

  async #lookNow(): Promise<readonly LessonState[]> {
    const { done, since } = this.#remembered;
    const work = new LongWork();
    // One request may be the work of many learners. After each look at one of them, other requests go on.
    await work.giveWay();
    const happenings = [...this.#remembered.happenings];
    const things = await this.#things.below(`${this.as}/`);
    const states: LessonState[] = [];
    for (const lesson of this.#lessons()) {
      if (work.isLong()) await work.giveWay();
      const known = done[lesson.id];
      const from = since[lesson.id] ?? 0;
      const progress = known === undefined
        ? check(lesson, happenings.filter(({ time }) => time >= from), things)
        : progressOfDone(lesson, known);
      if (progress.isDone && known === undefined) {
        done[lesson.id] = { time: this.#disk.now(), by: progress.steps.map(({ by = null }) => by) };
        this.#isChanged = true;
      }
      states.push({ lesson, progress, done: done[lesson.id] });
    }
    if (this.#isChanged) await this.#write();
    return states;
  }

  // What cannot be read now is taken over by the first write that can.
  #read(): Remembered {
    try {
      return readRemembered(this.#disk, this.as);
    } catch (error) {
      this.#complain(error);
      return nothingRemembered();
    }
  }

  async #write(): Promise<void> {
    this.#isChanged = false;
    try {
      await writeRemembered(this.#disk, this.as, this.#remembered);
    } catch (error) {
      // The lessons go on in memory. The next look tries again.
      this.#isChanged = true;
      this.#complain(error);
    }
  }
}

// What is done stays done, whatever happens later in the folder.
function progressOfDone({ done: steps }: Lesson, { by }: DoneLesson): LessonProgress {
  return {
    isDone: true,
    steps: steps.map(({ say = "" }, at) => ({ say, isDone: true, ...(by[at] ? { by: by[at] } : {}) })),
  };
}
