/**
 * What can happen while an exercise runs: the learner saves the file, presses a key, or ends the program.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { changesIn } from "../watching.ts";

/** Something that happens. */
export type Event = "change" | "hint" | "solution" | "end";

const KEYS: Readonly<Record<string, Event>> = { h: "hint", s: "solution", q: "end", "\x03": "end", "\x04": "end" };

// With these a person, a closed terminal or a service manager ends a program.
const ENDS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Yields what happens, in order, until the program ends or the caller wants no more. `hasKeys` says that a person sits at a terminal:
 * then keys count at once, and not only with the next Enter.
 */
export async function* eventsOf(path: string, hasKeys: boolean): AsyncGenerator<Event, void> {
  const { readable, writable } = new TransformStream<Event, Event>({}, { highWaterMark: 100 });
  const writer = writable.getWriter();
  // What comes after the end is of no interest.
  const tell = (event: Event) => void writer.write(event).catch(() => {});
  const end = () => tell("end");
  for (const signal of ENDS) Deno.addSignalListener(signal, end);
  watch(path, tell);
  if (hasKeys) readKeys(tell);
  try {
    yield* readable;
  } finally {
    for (const signal of ENDS) Deno.removeSignalListener(signal, end);
    if (hasKeys) Deno.stdin.setRaw(false);
  }
}

async function watch(path: string, tell: (event: Event) => void): Promise<void> {
  const name = basename(path);
  for await (const changed of changesIn([{ folder: dirname(path), recursive: false }], /\.ts$/)) {
    if (basename(changed) === name) tell("change");
  }
}

async function readKeys(tell: (event: Event) => void): Promise<void> {
  // Ctrl-C stays a signal where the terminal can do that.
  Deno.stdin.setRaw(true, { cbreak: Deno.build.os !== "windows" });
  const bytes = new Uint8Array(16);
  for (let length; (length = await Deno.stdin.read(bytes)) !== null;) {
    for (const key of new TextDecoder().decode(bytes.subarray(0, length))) {
      if (Object.hasOwn(KEYS, key)) tell(KEYS[key]);
    }
  }
}
