/**
 * The log: where the stories of all threads go.
 *
 *     --log line           each thread prints its own lines
 *     --log story, lesson  ╮  thread 2  ──stories──▶  thread 1: joins the stories of one action, and prints
 *     --log json           ╯
 *
 * The requests of one push come over several connections, and so to several threads. Only one thread can see that they belong
 * together. The other threads send it their stories, at most a thousand at a time, and wait for no answer: if the first thread does not
 * keep up, or nobody reads what it prints, stories are dropped, and the log says how many.
 *
 * Next: grouped_log.ts
 *
 * @module
 */

import { dataOf, formatLine, type Story, type StoryData } from "../story.ts";
import { inTime } from "../waiting.ts";
import type { CommandLine } from "./command_line.ts";
import { missingAsJson, missingAsText, Output } from "./output.ts";

/** The log, as a serving thread sees it. */
export interface Log {
  /** Logs a story, and does not wait for that. */
  readonly tell: (story: Story) => void;
  /** Waits until everything is written, but no longer than some milliseconds. */
  flush(milliseconds: number): Promise<void>;
}

/** The log in the first thread. */
export interface FirstLog extends Log {
  /** Returns a port for another thread, if that thread shall send its stories here. */
  portForThread?(): MessagePort;
}

/** The forms of the log. */
export type LogForm = NonNullable<CommandLine["log"]>;

/** Returns the form of the log: the one of the flag, or else the story on a terminal and single lines elsewhere. */
export function logFormOf({ log }: CommandLine): LogForm {
  return log ?? (Deno.stdout.isTerminal() ? "story" : "line");
}

/** Opens the log of the first thread, or of the only one. Returns `undefined` if there is none. */
export async function openLog(line: CommandLine): Promise<FirstLog | undefined> {
  const form = logFormOf(line);
  if (form === "none" || form === "line") return openLogHere(line);
  // It runs only now: a program that serves without a terminal does not need it.
  const { GroupedLog } = await import("./grouped_log.ts");
  const isTerminal = Deno.stdout.isTerminal();
  const output = new Output(Deno.stdout, {
    missing: form === "json" ? missingAsJson : missingAsText,
    isPainted: isTerminal && !Deno.noColor,
  });
  const log = new GroupedLog(output, form, () => isTerminal ? columnsOfTerminal() : USUAL_COLUMNS);
  return {
    tell: (story) => log.tell(dataOf(story)),
    flush: (milliseconds) => log.flush(milliseconds),
    portForThread() {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data: { stories, dropped } }: MessageEvent<Parcel>) => {
        for (const story of stories) log.tell(story);
        output.miss(dropped);
        port1.postMessage("taken");
      };
      return port2;
    },
  };
}

// What a text has that is printed somewhere else than on a terminal, such as in a file.
const USUAL_COLUMNS = 80;

// A person may change the width at any time, or close the terminal.
function columnsOfTerminal(): number {
  try {
    // Some terminals do not know their width, such as those of `script` and of some containers. They say 0.
    return Deno.consoleSize().columns || USUAL_COLUMNS;
  } catch {
    return USUAL_COLUMNS;
  }
}

/** Opens the log of a thread that prints its own lines. Returns `undefined` if there is none. */
export function openLogHere(line: CommandLine): Log | undefined {
  if (logFormOf(line) === "none") return undefined;
  const output = new Output(Deno.stdout);
  return { tell: (story) => output.print(formatLine(story)), flush: (milliseconds) => output.flush(milliseconds) };
}

// Stories on their way to the first thread.
interface Parcel {
  readonly stories: readonly StoryData[];
  /** The number of stories that are missing, because too many were waiting. */
  readonly dropped: number;
}

// The most stories that wait until the first thread has taken those before. As many may be on their way.
const MOST_WAITING = 1000;

/** The log of a thread that sends its stories to the first one. */
export class LogElsewhere implements Log {
  readonly #port: MessagePort;
  #waiting: Story[] = [];
  #dropped = 0;
  #taken: PromiseWithResolvers<void> | undefined;

  /** `port` leads to the first thread. */
  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = () => {
      const taken = this.#taken;
      this.#taken = undefined;
      if (this.#waiting.length > 0) this.#send();
      taken?.resolve();
    };
  }

  readonly tell = (story: Story): void => {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(story);
    else this.#dropped++;
    if (this.#taken === undefined) this.#send();
  };

  async flush(milliseconds: number): Promise<void> {
    const deadline = Date.now() + milliseconds;
    while (this.#taken !== undefined && Date.now() < deadline) await inTime(this.#taken.promise, deadline - Date.now());
  }

  #send(): void {
    const parcel: Parcel = { stories: this.#waiting.map(dataOf), dropped: this.#dropped };
    [this.#waiting, this.#dropped, this.#taken] = [[], 0, Promise.withResolvers<void>()];
    this.#port.postMessage(parcel);
  }
}
