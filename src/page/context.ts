/**
 * The context of a page: what it shows the facts of.
 *
 *     { disk, root: "testdata", version: "0.1.0", stories, maySee, … }
 *
 * Next: guarding.ts
 *
 * @module
 */

import type { Disk } from "../disk/disk.ts";
import type { StoryData } from "../story.ts";

/** The stories of a registry, as the page gets them. */
export interface Stories {
  /** Returns the last stories of all threads, the oldest first; 1,000 at most. */
  recent(): Promise<readonly StoryData[]>;
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

/** What a page shows the facts of. */
export interface PageContext {
  /** The disk of the registry. The page only reads. */
  readonly disk: Disk;
  /** The folder of the disk, as a person has written it; `undefined` if it is in memory. */
  readonly root?: string;
  /** The version of Glassbox. */
  readonly version: string;
  /** The stories. */
  readonly stories: Stories;
  /** Returns the tests of this registry that name rules; `undefined` if this program may not read them. */
  readonly tests?: () => Promise<readonly TestOfRule[] | undefined>;
  /** Returns true if the person who looks may see a repository. */
  readonly maySee: (name: string) => Promise<boolean>;
}
