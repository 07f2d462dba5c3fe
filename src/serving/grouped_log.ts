/**
 * The log for people: each story at once, and marked with the action that it belongs to.
 *
 *     a ┌ docker/26.1.5 from 127.0.0.1
 *     a │ HEAD  /v2/library/hello/blobs/sha256:9b4e0fd27c1a…   404   0.4 ms   end-2
 *     a │       …
 *     b ┌ pull of library/other:v1 by skopeo/1.9.3
 *     b │ GET   /v2/library/other/manifests/v1   200   0.3 ms   end-3
 *     b │       …
 *     a │ PUT   /v2/library/hello/manifests/latest   201   15 ms   end-7a
 *     a │       …
 *     a └ push of library/hello:latest by docker/26.1.5: 9 requests, 3.2 MiB in, 2 blobs new, 1 shared, 1.2 s
 *
 * Two clients at once mix their requests. No line waits for others of its action, because a person wants to see what happens now. So
 * each action has a letter and a colour, and all of its lines begin with them.
 *
 * As JSON, each story has the id of its action.
 *
 * Next: permissions.ts
 *
 * @module
 */

import { printableJson, shorten } from "../definitions/printable.ts";
import type { Action } from "../stories/action.ts";
import { describeAction, sumOf } from "../stories/action_words.ts";
import { Actions } from "../stories/actions.ts";
import { storyLines, wrapText } from "../stories/lines.ts";
import { DISTINCT, type SpanStyle, type StyledLine } from "../stories/styled.ts";
import type { StoryData } from "../story.ts";
import type { Output } from "./output.ts";

// How an action is marked.
interface Mark {
  readonly letter: string;
  readonly style: SpanStyle;
  /** True if the log has a line about the beginning of the action, and none about its end. */
  isOpen: boolean;
}

// How often the log looks for actions that have become quiet, in milliseconds.
const LOOK_AGAIN = 1000;
// A terminal can be so narrow that nobody could read a story on it.
const FEWEST_COLUMNS = 40;
// The most marks that are remembered. An action that has lost its mark gets another one.
const MOST_MARKS = 1000;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** The log of all threads, in the first one. */
export class GroupedLog {
  readonly #output: Output;
  readonly #form: "story" | "lesson" | "json";
  readonly #columns: () => number;
  readonly #actions = new Actions();
  readonly #marks = new Map<string, Mark>();
  #number = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `columns` returns the width of the terminal. */
  constructor(output: Output, form: "story" | "lesson" | "json", columns: () => number) {
    this.#output = output;
    this.#form = form;
    this.#columns = columns;
  }

  /** Logs a story. */
  tell(story: StoryData): void {
    const { action, joined } = this.#actions.add(story);
    if (this.#form === "json") return this.#output.print(printableJson({ ...story, action: action.id }));
    if (joined !== undefined) {
      this.#close(joined, `a part of ${this.#markOf(action).letter}: ${describeAction(action)}`);
    }
    const mark = this.#markOf(action);
    // If the first request is all of it, there is nothing to group.
    if (!mark.isOpen && action.state !== "done") this.#begin(action);
    const format = { columns: this.#width, lesson: this.#form === "lesson", withoutClient: mark.isOpen };
    this.#print(mark, "│", storyLines(story, format));
    if (action.state === "done") this.#close(action, `${describeAction(action)}: ${sumOf(action)}`);
  }

  /** Waits until everything is written, but no longer than some milliseconds. */
  async flush(milliseconds: number): Promise<void> {
    await this.#output.flush(milliseconds);
  }

  #begin(action: Action): void {
    const mark = this.#markOf(action);
    mark.isOpen = true;
    if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.#look(), LOOK_AGAIN);
      // The program may end meanwhile.
      Deno.unrefTimer(this.#timer);
    }
    const isKnown = action.kind !== "greeting" && action.kind !== "check";
    const from = action.host === undefined ? "" : ` from ${action.host}`;
    this.#printText(mark, "┌", isKnown ? describeAction(action) : `${action.client ?? "somebody"}${from}`);
  }

  #close(action: Action, text: string): void {
    const mark = this.#marks.get(action.id);
    if (!mark?.isOpen) return;
    mark.isOpen = false;
    this.#printText(mark, "└", text);
  }

  #look(): void {
    for (const action of this.#actions.becomeQuiet(Date.now())) {
      this.#close(action, `${describeAction(action)}: ${sumOf(action)}`);
    }
    if (this.#marks.values().some(({ isOpen }) => isOpen)) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #markOf({ id }: Action): Mark {
    const known = this.#marks.get(id);
    if (known !== undefined) return known;
    const number = this.#number++;
    const letter = LETTERS[number % LETTERS.length];
    const mark = { letter, style: DISTINCT[number % DISTINCT.length], isOpen: false };
    this.#marks.set(id, mark);
    if (this.#marks.size > MOST_MARKS) this.#marks.delete(this.#marks.keys().next().value!);
    return mark;
  }

  get #width(): number {
    return Math.max(this.#columns(), FEWEST_COLUMNS) - 4;
  }

  #printText(mark: Mark, sign: string, text: string): void {
    this.#print(mark, sign, wrapText(shorten(text), this.#width));
  }

  #print({ letter, style }: Mark, sign: string, lines: readonly StyledLine[]): void {
    this.#output.print(lines.map((line, index) => [
      [style, `${letter} ${index === 0 ? sign : sign === "└" ? " " : "│"} `],
      ...line,
    ]));
  }
}
