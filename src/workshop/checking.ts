/**
 * Checking: how far has somebody come in a lesson? A pure function of what this learner has done and of what is in the folder.
 *
 *     steps        POST 202 $s     PATCH 202 $s   twice                PUT 201 $s      the blob is there
 *     happenings   … POST 202 a …  PATCH 202 a …  PATCH 416 a …
 *     ──▶ { isDone: false, steps: [{ say: "You open a session", isDone: true, by: "f3a9c1-12" }, { …, isDone: false }, …] }
 *
 * The first request that fits is not always the right one: somebody opens two sessions and goes on with the second. So the search
 * goes back and tries another one. It ends after a fixed number of tries, whatever a lesson asks.
 *
 * Next: happenings.ts
 *
 * @module
 */

import type { Lesson, LessonStep } from "./lesson.ts";
import { type Bindings, type Item, matches } from "./matching.ts";

/** Something that a learner has done: a request, or an answer to the question of a lesson. */
export interface Happening {
  /** The id of its story, or one of its own. */
  readonly id: string;
  /** The time, in milliseconds since 1970. */
  readonly time: number;
  /** What it is; a step names the same. */
  readonly is: "story" | "answer";
  /** Its fields, for patterns. */
  readonly item: Item;
}

/** How far somebody has come in a lesson. */
export interface LessonProgress {
  /** True if all steps are done. */
  readonly isDone: boolean;
  /** The steps. */
  readonly steps: readonly LessonStepProgress[];
  /** The hint, if there is one that fits. */
  readonly hint?: FoundHint;
}

/** A hint that fits what somebody has done. */
export interface FoundHint {
  /** Its number in the lesson, from 1 on. */
  readonly number: number;
  /** The sentence. */
  readonly say: string;
  /** The id of the story that it is about. */
  readonly by?: string;
}

/** How far somebody has come in a step. */
export interface LessonStepProgress {
  /** What has happened when it is done. */
  readonly say: string;
  /** True if it is done. */
  readonly isDone: boolean;
  /** The id of what has done it: the story of the request. */
  readonly by?: string;
}

// The most comparisons for one list of steps. A lesson needs some hundreds.
const MOST_TRIES = 20_000;

/**
 * Returns how far somebody has come in a lesson. `happenings` are what this learner has done, the oldest first; `things` are what is in
 * the folder below the learner's prefix.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const done = [{ say: "You knock", story: { endpoint: "end-1", status: 200 } }];
 * const happening = { id: "f3a9c1-1", time: 0, is: "story", item: { endpoint: "end-1", status: 200 } } as const;
 *
 * assertEquals(check({ done, hints: [] }, [], []).isDone, false);
 * assertEquals(check({ done, hints: [] }, [happening], []), {
 *   isDone: true,
 *   steps: [{ say: "You knock", isDone: true, by: "f3a9c1-1" }],
 * });
 * ```
 */
export function check(
  { done, hints }: Pick<Lesson, "done" | "hints">,
  happenings: readonly Happening[],
  things: readonly Item[],
): LessonProgress {
  const { by, isWhole: isDone, last } = search(done, happenings, things);
  const steps = done.map(({ say = "" }, index): LessonStepProgress => {
    const id = by[index];
    return { say, isDone: index < by.length, ...(id === undefined ? {} : { by: id }) };
  });
  if (isDone) return { isDone, steps };
  const hint = newestHint(hints, happenings, things, last);
  return hint === undefined ? { isDone, steps } : { isDone, steps, hint };
}

// What was done last matters most: a mistake before the last step that is done has been mended, unless the folder still shows it. Of two
// hints about the same request, the first one of the lesson counts.
function newestHint(
  hints: Lesson["hints"],
  happenings: readonly Happening[],
  things: readonly Item[],
  lastOfSteps: number,
): FoundHint | undefined {
  const found = hints.flatMap(({ when, say }, index) => {
    const { isWhole, last, by } = search(when, happenings, things, true);
    const id = by.findLast((id) => id !== undefined);
    const isOld = last < lastOfSteps && when.every(({ there, gone }) => there === undefined && gone === undefined);
    return isWhole && !isOld
      ? [{ last, hint: { number: index + 1, say, ...(id === undefined ? {} : { by: id }) } }]
      : [];
  });
  return found.reduce((best, one) => one.last > best.last ? one : best, found[0])?.hint;
}

interface FoundWay {
  // For each step that is done, the id of what has done it.
  readonly by: readonly (string | undefined)[];
  readonly isWhole: boolean;
  // The place of the last happening in it; -1 if there is none.
  readonly last: number;
}

// Returns the way through the steps that comes farthest. Of several whole ones it is the first, or the one that ends last.
function search(
  steps: readonly LessonStep[],
  happenings: readonly Happening[],
  things: readonly Item[],
  isNewest = false,
): FoundWay {
  let best: FoundWay = { by: [], isWhole: steps.length === 0, last: -1 };
  let tries = 0;
  const isEnd = () => tries > MOST_TRIES || (best.isWhole && !isNewest);

  const walk = (by: readonly (string | undefined)[], last: number, bindings: Bindings): void => {
    const isWhole = by.length === steps.length;
    if (by.length > best.by.length || (isWhole && last > best.last)) best = { by, isWhole, last };
    if (isWhole) return;
    const step = steps[by.length];
    const thing = step.there ?? step.gone;
    if (thing !== undefined) {
      const ways = things.flatMap((item) => (tries++, [...matches(thing, item, bindings)]));
      if (step.gone !== undefined && ways.length === 0) walk([...by, undefined], last, bindings);
      if (step.there !== undefined) { for (const way of ways) isEnd() || walk([...by, undefined], last, way); }
      return;
    }
    for (const { at, way } of occurrences(step, last, bindings)) {
      if (isEnd()) return;
      walk([...by, happenings[at].id], at, way);
    }
  };

  // Yields the places where a step is done, as often as it has to be.
  function* occurrences(
    { story, answer, times = 1 }: LessonStep,
    last: number,
    bindings: Bindings,
  ): Generator<{ at: number; way: Bindings }> {
    for (let at = last + 1; at < happenings.length && !isEnd(); at++) {
      tries++;
      const { is, item } = happenings[at];
      if (is !== (story === undefined ? "answer" : "story")) continue;
      for (const way of matches(story ?? answer ?? {}, item, bindings)) {
        if (times === 1) yield { at, way };
        else yield* occurrences({ story, answer, times: times - 1 }, at, way);
      }
    }
  }

  walk([], -1, {});
  return best;
}
