/**
 * Learners: who has done what.
 *
 *     PUT /v2/ana/hello/manifests/v1   ──▶ story ──▶ ana      the repositories of ana begin with "ana/"
 *     GET /v2/                         ──▶ story ──▶ all learners who work from the same address, or the nameless one
 *
 * What a learner does counts for all lessons at the same time: nobody has to begin one. So their order is free, and nothing is lost if a
 * page is closed.
 *
 * A lesson can have a switch: a registry that misbehaves. It is on for the repositories of one learner only, so others in the same room
 * do not notice.
 *
 * Next: telling_lessons.ts
 *
 * @module
 */

import { questionOf } from "../composing/composing.ts";
import { parseName } from "../definitions/name.ts";
import type { Disk } from "../disk/disk.ts";
import type { Registry } from "../registry.ts";
import { dataOf, type Story, type StoryData } from "../story.ts";
import { type ANSWER_FIELDS, happeningOf } from "./happenings.ts";
import { Learner, type LearnerOptions } from "./learner.ts";
import type { Lesson } from "./lesson.ts";
import { learnersOn } from "./remembered.ts";
import { SAMPLES_AGENT } from "./samples/pushing.ts";
import { Things } from "./things.ts";

/** The learner who has given no name. */
export const NAMELESS = "learner";

// Clients ask for /v2/…, and people also for /v1/ and //v2/. All others are requests of the page.
const OF_A_CLIENT = /^\/+v\d/i;

// The most learners that are in memory at a time.
const MOST_LEARNERS = 500;

// The most learners of one address that a request without a repository counts for. Each of them costs a look and a file. In a class behind
// a proxy all have one address, and anybody can ask for the lessons of any number of learners.
const MOST_OF_ADDRESS = 40;

// The longest prefix: the names of repositories need room behind it.
const LONGEST_PREFIX = 100;

/** What learners need. */
export interface LearnersOptions {
  /** The disk of the registry. */
  readonly disk: Disk;
  /** Returns the lessons that there are now. */
  readonly lessons: () => readonly Lesson[];
  /** Gets the error, once, if the disk does not take what learners have done. Default: nobody hears of it. */
  readonly complain?: (error: unknown) => void;
}

/** The learners of a registry. */
export class Learners {
  readonly #options: LearnersOptions;
  readonly #ofLearner: LearnerOptions;
  readonly #known = new Map<string, Learner>();
  #answers = 0;
  #hasComplained = false;

  /** Finds the learners of earlier runs. */
  constructor(options: LearnersOptions) {
    this.#options = options;
    this.#ofLearner = { ...options, things: new Things(options.disk), complain: (error) => this.#complain(error) };
    for (const as of this.#remembered()) this.find(as);
    this.find(NAMELESS);
  }

  /** The lessons that there are. */
  get lessons(): readonly Lesson[] {
    return this.#options.lessons();
  }

  /** All learners, in the order of their names. */
  get all(): readonly Learner[] {
    return [...this.#known.values()].sort((a, b) => a.as < b.as ? -1 : 1);
  }

  /** Gives a story to the learners whose work it is. */
  readonly tell = (story: Story): void => {
    // A sample that somebody pushes with a button is not that person's work.
    if (!OF_A_CLIENT.test(story.url) || story.client === SAMPLES_AGENT) return;
    const data = dataOf(story);
    for (const learner of this.#whose(data)) learner.note(happeningOf(data, `${learner.as}/`));
  };

  #whose({ url, repository, peer, status }: StoryData): readonly Learner[] {
    const all = [...this.#known.values()];
    const here = all.filter((learner) => learner.worksFrom(peer?.host));
    // A request that no endpoint answers has no repository. But the learner's prefix is in its path all the same.
    const named = repository ?? url.slice("/v2/".length);
    const owners = all.filter(({ as }) => named.startsWith(`${as}/`));
    if (owners.length === 0 && repository === undefined) {
      // With passwords, everybody has a name. A client that has not told it yet is nobody on the board.
      const others = status === 401 ? [] : [this.find(NAMELESS)!];
      // Those who have asked for their lessons last stand at the end.
      return here.length > 0 ? here.slice(-MOST_OF_ADDRESS) : others;
    }
    // Somebody may have knocked at the repository of another one. That one has not done it.
    if (status === 401 || status === 403) return owners.filter((owner) => here.includes(owner));
    if (peer !== undefined) { for (const owner of owners) owner.isAt(peer.host); }
    return owners;
  }

  /** Returns a learner. Returns `undefined` if no repository can have such a prefix. */
  find(as: string): Learner | undefined {
    const known = this.#known.get(as);
    if (known === undefined && (parseName(as) === undefined || as.length > LONGEST_PREFIX)) return undefined;
    if (known === undefined && this.#known.size >= MOST_LEARNERS) this.#forgetOne();
    const learner = known ?? new Learner(as, this.#ofLearner);
    // The one that was asked for last stands at the end.
    this.#known.delete(as);
    this.#known.set(as, learner);
    return learner;
  }

  // A folder that cannot be read stops no lesson.
  #remembered(): readonly string[] {
    try {
      return learnersOn(this.#options.disk);
    } catch (error) {
      this.#complain(error);
      return [];
    }
  }

  #complain(error: unknown): void {
    if (!this.#hasComplained) this.#options.complain?.(error);
    this.#hasComplained = true;
  }

  // First somebody goes who has done nothing: a name costs nothing, and otherwise one client could lock all others out. Then the one
  // who has not been asked for the longest. What that one has done is in a file, and is found again.
  #forgetOne(): void {
    const others = [...this.#known.values()].filter(({ as }) => as !== NAMELESS);
    this.#known.delete((others.find(({ isEmpty }) => isEmpty) ?? others[0]).as);
  }

  /**
   * Notes the answer of a learner to the question of a lesson. It is right if it names a rule that the registry breaks. `isOn` in it is
   * false if the learner has not turned on the switch of the lesson.
   */
  answer(learner: Learner, lesson: Lesson, answer: string): void {
    const isOn = learner.switch?.lesson === lesson.id;
    const isRight = isOn && learner.breaks.includes(answer);
    const item: Record<typeof ANSWER_FIELDS[number], unknown> = { lesson: lesson.id, answer, isOn, isRight };
    learner.note({ id: `answer-${++this.#answers}`, time: this.#options.disk.now(), is: "answer", item });
  }

  /** Begins a lesson again for a learner, or all of them. */
  reset(learner: Learner, lessons: readonly Lesson[]): void {
    learner.reset(lessons.map(({ id }) => id), this.#options.disk.now());
  }

  /** Turns the switch of a lesson on or off for a learner. Of several, the registry takes one. */
  turn(learner: Learner, lesson: Lesson, isOn: boolean): void {
    const ids = [lesson.switch?.id ?? []].flat();
    const id = ids[Math.floor(Math.random() * ids.length)];
    learner.turn(isOn && id !== undefined ? { lesson: lesson.id, id } : undefined);
  }

  /** Writes what is not on disk yet, before the registry ends. */
  async flush(): Promise<void> {
    // If the disk fails, nothing can be done about it any more.
    await Promise.allSettled(this.all.map((learner) => learner.flush()));
  }

  /** Puts the switches of the learners around a registry. */
  readonly wrapper = (registry: Registry): Registry => {
    const behind = new WeakMap<Learner, Registry>();
    return (request, peer) => {
      const learner = this.#learnerWithSwitch(request);
      if (learner === undefined) return registry(request, peer);
      if (!behind.has(learner)) behind.set(learner, learner.switches.wrapper(registry));
      return behind.get(learner)!(request, peer);
    };
  };

  #learnerWithSwitch(request: Request): Learner | undefined {
    const having = [...this.#known.values()].filter((learner) => learner.switch !== undefined);
    const name = having.length === 0 ? undefined : questionOf(request)?.texts.name;
    return having.find(({ as }) => name?.startsWith(`${as}/`));
  }
}
