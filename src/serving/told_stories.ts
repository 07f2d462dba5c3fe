/**
 * The stories that a registry has told, for a test that asks for them.
 *
 *     const mark = registry.mark();                                          3 stories so far
 *     … a client pushes …
 *     registry.storiesSince(mark)                                            the client's requests
 *     await registry.story(({ status }) => status === 429, { within: 1000 }) the next one that fits
 *
 * Next: certificate.ts
 *
 * @module
 */

import { dataOf, formatLine, type Story, type StoryData } from "../story.ts";

// The most stories that are remembered. A test that runs for long would fill the memory.
const MOST = 10_000;

// The most stories that the error of a test shows.
const MOST_SHOWN = 20;

/** The stories of one registry. */
export class ToldStories {
  #told: { readonly data: StoryData; readonly line: string }[] = [];
  // The stories that are not remembered any more.
  #forgotten = 0;
  readonly #waiting = new Set<(data: StoryData) => void>();

  /** The number of stories so far. */
  get number(): number {
    return this.#forgotten + this.#told.length;
  }

  /** Adds a story. */
  add(story: Story): void {
    const data = dataOf(story);
    this.#told.push({ data, line: formatLine(story) });
    // All at once: to take away the first of many takes long.
    if (this.#told.length === 2 * MOST) this.#forgotten += this.#told.splice(0, MOST).length;
    for (const tell of [...this.#waiting]) tell(data);
  }

  /** Returns the stories since a mark, the oldest first; the last 10,000 at most. */
  since(mark: number): StoryData[] {
    return this.#since(mark).map(({ data }) => data);
  }

  #since(mark: number) {
    return this.#told.slice(Math.max(0, mark - this.#forgotten)).slice(-MOST);
  }

  /**
   * Returns the first story since a mark that fits. If there is none yet, waits for it for some milliseconds.
   *
   * @throws {Error} if none comes in time.
   */
  wait(fits: (story: StoryData) => boolean, milliseconds: number, mark: number): Promise<StoryData> {
    const told = this.since(mark).find(fits);
    if (told !== undefined) return Promise.resolve(told);
    return new Promise((resolve, reject) => {
      const tell = (data: StoryData) => {
        try {
          if (!fits(data)) return;
          resolve(data);
        } catch (error) {
          reject(error);
        }
        end();
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`no such story within ${milliseconds} ms; ${this.#describe(mark)}`));
      }, milliseconds);
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(tell);
      };
      this.#waiting.add(tell);
    });
  }

  #describe(mark: number): string {
    const lines = this.#since(mark).map(({ line }) => line);
    if (lines.length === 0) return "there was no request";
    const more = lines.length > MOST_SHOWN ? ` (the last ${MOST_SHOWN} of ${lines.length})` : "";
    return [`these requests came${more}:`, ...lines.slice(-MOST_SHOWN)].join("\n  ");
  }
}
