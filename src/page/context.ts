/**
 * The context of a page: what it shows the facts of.
 *
 *     { disk, root: "testdata", version: "0.1.0", stories, maySee, … }
 *
 * Next: unreadable.ts
 *
 * @module
 */

import type { Change, Disk } from "../disk/disk.ts";
import type { StoryData } from "../story.ts";
import type { LessonsTeller } from "../workshop/lesson_facts.ts";

/** The stories of a registry, as the page gets them. */
export interface Stories {
  /** Returns the last stories of all threads, the oldest first; 1,000 at most. */
  recent(): Promise<readonly StoryData[]>;
  /** Calls `wake` when there is something new, until somebody closes what this returns. */
  open(wake: () => void): Promise<OpenStories>;
  /** Is aborted when the registry ends. Then nobody tells more. */
  readonly ended: AbortSignal;
}

/** A test of this registry that names rules. */
export interface TestOfRule {
  /** Its file. */
  readonly file: string;
  /** The number of its line. */
  readonly line: number;
  /** Its name, without the rules in front. */
  readonly name: string;
  /** The rules in its name. */
  readonly rules: readonly string[];
}

/** The stories for somebody who listens. */
export interface OpenStories {
  /** Returns the stories behind a mark, the oldest first; `most` at most. The mark of somebody who has seen nothing is empty. */
  after(mark: string, most: number): NextStories;
  /** Ends it. */
  close(): void;
}

/** The stories behind a mark. */
export interface NextStories {
  /** The stories, the oldest first. */
  readonly stories: readonly StoryData[];
  /** The mark behind them. */
  readonly mark: string;
  /** The number of stories between both marks that nobody remembers any more. */
  readonly missed: number;
  /** True if the registry has started again since. Nobody knows what it has told before. */
  readonly hasRestarted: boolean;
}

/** The folder of a registry: tells what others change there. */
export interface WatchedFolder {
  /**
   * Calls `tell` with the changes that other programs or people have made in the folder, until somebody calls what this returns.
   * What the registry itself changes is in its stories, and is not told here.
   */
  watch(tell: (told: FolderTold) => void): () => void;
}

/** Changes that no story has, or why nobody can see them at the moment; the empty text says that they can be seen again. */
export type FolderTold = FolderChanges | { readonly blind: string };

/** Changes that no story has. */
export interface FolderChanges {
  /** The changes, or the first of very many. */
  readonly changes: readonly Change[];
  /** About how many changes are not told, by the name of the repository; an empty name is for what is in none. */
  readonly untold?: ReadonlyMap<string, number>;
}

/** A person who looks at a registry with passwords. */
export interface Person {
  /** The name of the user; `undefined` if the person has not logged in. */
  readonly user: string | undefined;
}

/** A file or folder that cannot be read. */
export interface Unreadable {
  /** Its path on disk, which is empty for the root. */
  readonly path: string;
  /** The reason, in a few words. */
  readonly because: string;
}

/** What a page shows the facts of. */
export interface PageContext {
  /** The disk of the registry. The page only reads. What cannot be read is left out. */
  readonly disk: Disk;
  /** What was left out so far. */
  readonly unreadable?: readonly Unreadable[];
  /** The folder of the disk, as a person has written it; `undefined` if it is in memory. */
  readonly root?: string;
  /** The version of Glassbox. */
  readonly version: string;
  /** The stories. */
  readonly stories: Stories;
  /** Returns the tests of this registry that name rules; `undefined` if this program may not read them. */
  readonly tests?: () => Promise<readonly TestOfRule[] | undefined>;
  /** The folder, as others change it; `undefined` if nobody else can, because it is in memory. */
  readonly folder?: WatchedFolder;
  /** Tells how far the learners of a workshop are; `undefined` if there is no workshop. */
  readonly teller?: LessonsTeller;
  /** The address of the machine of the person who looks, if it is known. */
  readonly host?: string;
  /** Returns true if the person who looks may see a repository. */
  readonly maySee: (name: string) => boolean;
  /** The person who looks; `undefined` if nobody can log in here. */
  readonly person?: Person;
  /** True if this person may see every repository, and so also what belongs to none. */
  readonly maySeeAll: boolean;
  /** Answers calls about the inside of layers, in another thread or in this one: plain data both ways, see `inside.ts`. */
  readonly inside: (call: unknown) => Promise<unknown>;
  /** The address of this registry as the person has it, such as `http://127.0.0.1:5080`. */
  readonly origin: string;
  /** Is aborted when the person goes away. */
  readonly signal?: AbortSignal;
}
