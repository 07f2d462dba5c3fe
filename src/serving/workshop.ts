/**
 * The workshop of a registry that serves: what `--workshop` puts around it.
 *
 *     client ──▶ samples over HTTP ──▶ lessons over HTTP ──▶ … ──▶ switches of one learner ──▶ registry
 *                                             │                                                   │ stories
 *                                         learners ◀──────────────────────────────────────────────┘
 *
 * What pushes samples stands around the whole registry, because it asks the registry as a client does, and each of its requests has a story.
 *
 * Next: own_lessons.ts
 *
 * @module
 */

import type { AccessWrapper } from "../composing/access.ts";
import type { Disk } from "../disk/disk.ts";
import { reasonOf } from "../disk/reasons.ts";
import type { Settings } from "../options.ts";
import type { Wrapper } from "../registry.ts";
import type { Story } from "../story.ts";
import { Learners } from "../workshop/learners.ts";
import type { LessonsTeller } from "../workshop/lesson_facts.ts";
import type { Lesson } from "../workshop/lesson.ts";
import { LESSONS } from "../workshop/lessons.ts";
import { lessonsOverHttp } from "../workshop/over_http.ts";
import { samplesOverHttp } from "../workshop/samples/over_http.ts";
import { tellerOf } from "../workshop/telling_lessons.ts";
import type { CommandLine } from "./command_line.ts";
import { errors } from "./output.ts";
import { OwnLessons } from "./own_lessons.ts";

/** What a workshop puts around a registry. */
export interface Workshop {
  /** Pushes samples into the whole registry. */
  readonly around: Wrapper;
  /** Answers the addresses of the lessons. */
  readonly outer: Wrapper;
  /** Lets the registry misbehave for one learner. */
  readonly inner: Wrapper;
  /** Takes each story to its learner. */
  readonly tell: (story: Story) => void;
  /** Tells how far the learners are. */
  readonly teller: LessonsTeller;
  /** Writes what learners have done last, before the registry ends. */
  readonly flush: () => Promise<void>;
}

/** Makes the workshop of a command line. */
export function workshopOf(
  line: CommandLine,
  disk: Disk,
  settings: Pick<Settings, "origin" | "allowHost" | "readOnly">,
  access: AccessWrapper | undefined,
): Workshop {
  const complain = (error: unknown) =>
    errors.print(`glassbox: what learners do is in memory only, because the disk does not take it: ${reasonOf(error)}`);
  const learners = new Learners({ disk, lessons: lessonsOf(line), complain });
  return {
    around: samplesOverHttp({ ...settings, disk, access }),
    outer: lessonsOverHttp(learners, { ...settings, disk, access }),
    inner: learners.wrapper,
    tell: learners.tell,
    teller: tellerOf(learners),
    flush: () => learners.flush(),
  };
}

function lessonsOf({ lessons: folder }: CommandLine): () => readonly Lesson[] {
  if (folder === undefined) return () => LESSONS;
  const own = new OwnLessons(folder, (message) => errors.print(`glassbox: ${message}`));
  return () => own.all;
}
