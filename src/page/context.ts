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
  /** Returns true if the person who looks may see a repository. */
  readonly maySee: (name: string) => Promise<boolean>;
}
