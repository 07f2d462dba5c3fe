/**
 * Telling lessons: from what is known of a learner to facts that can be shown.
 *
 *     learner ──▶ how far each lesson is ──▶ { as: "ana", lesson: …, steps: …, hint: … }      lesson_facts.ts
 *
 * Here the placeholders of a lesson, such as `{url}`, become what this person has to type.
 *
 * Next: over_http.ts
 *
 * @module
 */

import type { Learner, LessonState } from "./learner.ts";
import { type Learners, NAMELESS } from "./learners.ts";
import { type Lesson, placeOf } from "./lesson.ts";
import { samplesFacts } from "./samples/samples.ts";
import type {
  Asker,
  BoardFacts,
  DoneLesson,
  LearnerRow,
  LessonFacts,
  LessonRow,
  LessonsFacts,
  LessonsTeller,
} from "./lesson_facts.ts";

/** Tells how far the learners of a registry are. */
export function tellerOf(learners: Learners): LessonsTeller {
  return {
    async lessons(as, wanted, asker) {
      const learner = learnerFor(learners, as, asker);
      if (learner === undefined) return { refusal: NO_LEARNER, status: 403 };
      return wanted === "" ? await factsOfLessons(learner, asker) : await factsOfLesson(learner, wanted, asker);
    },
    board: (asker) => factsOfBoard(learners, asker),
    samples: samplesFacts,
  };
}

/** What is said if there is no such learner. */
export const NO_LEARNER = "A learner is the beginning of a repository's name, such as ana, and one whom you may see.";

/** Returns the learner whom a person means: the one who is named, the person, or the nameless one. */
export function learnerFor(learners: Learners, as: string | null, asker: Asker): Learner | undefined {
  const wanted = as || asker.user || NAMELESS;
  const learner = maySee(asker, { as: wanted }) ? learners.find(wanted) : undefined;
  if (learner === undefined) return as || wanted === NAMELESS ? undefined : learnerFor(learners, NAMELESS, asker);
  // A teacher with a password, who looks at what a learner does, is not that learner.
  const isOther = asker.user !== undefined && !`${wanted}/`.startsWith(`${asker.user}/`);
  if (asker.host !== undefined && !isOther) learner.isAt(asker.host);
  return learner;
}

function maySee({ maySee }: Asker, { as }: Pick<Learner, "as">): boolean {
  return maySee(`${as}/a`);
}

async function factsOfLessons(learner: Learner, { origin, user }: Asker): Promise<LessonsFacts> {
  const states = await learner.states();
  const lessons = states.map(rowOf);
  return { as: learner.as, origin, user, done: lessons.filter(({ isDone }) => isDone).length, lessons };
}

// With passwords, this follows the text of each lesson: a new terminal does not know the password of the one before.
const ABOUT_PASSWORD =
  "The commands use your password. Type this first in each new terminal, with your own password in place of the dots: `PASSWORD=...`";

async function factsOfLesson(learner: Learner, wanted: string, asker: Asker): Promise<LessonFacts | undefined> {
  const states = await learner.states();
  const at = placeOf(states.map(({ lesson }) => lesson), wanted);
  if (at < 0) return undefined;
  const { lesson, progress, done } = states[at];
  const fill = (text: string) => filled(text, learner.as, asker);
  return {
    as: learner.as,
    origin: asker.origin,
    lesson: rowOf(states[at], at),
    heading: lesson.heading,
    text: [...lesson.text, ...asker.user === undefined ? [] : [ABOUT_PASSWORD]].map(fill),
    try: lesson.try.map(({ with: client, type }) => ({ with: client, type: type.map(fill) })),
    steps: progress.steps,
    done,
    hint: progress.hint && { ...progress.hint, say: fill(progress.hint.say) },
    after: done === undefined ? undefined : lesson.after.map(fill),
    see: (lesson.see ?? []).map(fill),
    switch: switchOf(learner, lesson, done),
    previous: states[at - 1]?.lesson.id,
    next: states[at + 1]?.lesson.id,
  };
}

async function factsOfBoard(learners: Learners, asker: Asker): Promise<BoardFacts> {
  const rows: LearnerRow[] = [];
  for (const learner of learners.all) {
    if (learner.last === undefined || !maySee(asker, learner)) continue;
    const states = await learner.recentStates();
    const done = states.filter(({ done }) => done !== undefined).map(({ lesson }) => lesson.id);
    const at = states.find(({ done, lesson }) => done === undefined && !lesson.isExtra);
    const hint = at?.progress.hint;
    rows.push({
      as: learner.as,
      last: new Date(learner.last).toISOString(),
      done: done.length,
      lessons: done,
      at: at && { id: at.lesson.id, steps: stepsDone(at), of: at.lesson.done.length },
      hint: hint && { number: hint.number, say: filled(hint.say, learner.as, asker) },
    });
  }
  const lessons = learners.lessons.map(({ id, title, isExtra = false }, at) => ({
    number: at + 1,
    id,
    title,
    isExtra,
  }));
  return { lessons, learners: rows };
}

function rowOf(state: LessonState, at: number): LessonRow {
  const { lesson: { id, title, minutes, isExtra = false, done: { length: of } }, done } = state;
  return { number: at + 1, id, title, minutes, isExtra, isDone: done !== undefined, steps: stepsDone(state), of };
}

function stepsDone({ progress }: LessonState): number {
  return progress.steps.filter(({ isDone }) => isDone).length;
}

function switchOf(learner: Learner, lesson: Lesson, done: DoneLesson | undefined): LessonFacts["switch"] {
  if (lesson.switch === undefined) return undefined;
  const { isHidden = false } = lesson.switch;
  const isOn = learner.switch?.lesson === lesson.id;
  return { isOn, isHidden, id: isOn && (!isHidden || done !== undefined) ? learner.switch?.id : undefined };
}

// The placeholders of texts and commands. With passwords, curl has to send one each time.
function filled(text: string, as: string, { origin, user }: Asker): string {
  const values: Readonly<Record<string, string>> = {
    url: origin,
    registry: origin.replace(/^https?:\/\//, ""),
    as,
    curl: user === undefined ? "curl -i" : `curl -i -u "${user}:$PASSWORD"`,
  };
  return text.replace(/\{(url|registry|as|curl)\}/g, (_, name: string) => values[name]);
}
