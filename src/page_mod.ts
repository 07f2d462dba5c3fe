/**
 * The page as a library: what another program imports to show its registry in a browser.
 *
 * ```ts
 * import { createRegistry, defaultsOf, memoryDisk, REGISTRY_OPTIONS } from "./mod.ts";
 * import { page, RememberedStories } from "./page_mod.ts";
 *
 * const disk = memoryDisk();
 * const stories = new RememberedStories();
 * const registry = createRegistry({ disk, onStory: stories.tell });
 * const withPage = page({ disk, stories, settings: defaultsOf(REGISTRY_OPTIONS) })(registry);
 * // Deno.serve(withPage);
 * ```
 *
 * Next: samples_mod.ts
 *
 * @module
 */

export { page, type PageOptions } from "./page/page.ts";
export type {
  FolderChanges,
  FolderTold,
  NextStories,
  OpenStories,
  PageContext,
  Person,
  Stories,
  TestOfRule,
  Unreadable,
  WatchedFolder,
} from "./page/context.ts";
export type {
  Asker,
  BoardFacts,
  DoneLesson,
  LearnerRow,
  LessonFacts,
  LessonRow,
  LessonsFacts,
  LessonsTeller,
  NoLessons,
} from "./workshop/lesson_facts.ts";
export type { SampleInfo, SampleKind, SamplesFacts } from "./workshop/sample_facts.ts";
export type { FoundHint, LessonStepProgress } from "./workshop/checking.ts";
export type { LessonAttempt } from "./workshop/lesson.ts";
export type { LiveLimits } from "./page/live.ts";
export {
  type NumberedStory,
  type OtherThreads,
  RememberedStories,
  type StoriesOfOne,
} from "./serving/remembered_stories.ts";
