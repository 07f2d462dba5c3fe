/**
 * A file that is read again when it changes: the passwords and the rules.
 *
 *     request ──▶ the last look is a second old?  ──▶ stat  ──▶ another file, time or size?  ──▶ read ──▶ parse
 *                                                                                                       │ wrong
 *                                                              what was read before holds on  ◀─────────┘ and the log says why
 *
 * Each thread looks by itself, so no thread waits for another one. Several processes may share the file.
 *
 * Next: token_key.ts
 *
 * @module
 */

import { type Identity, identityOf, isSame } from "../disk/identity.ts";
import { A_WHILE } from "../disk/memory.ts";
import { reasonOf } from "../disk/reasons.ts";

/** The time between two looks at a file, in milliseconds. */
export const LOOK_AGAIN = 1000;

// The facts that change with the file, and whether they are old enough: see `A_WHILE`.
interface Seen {
  readonly identity: Identity;
  readonly time: number;
  readonly size: number;
  readonly isSettled: boolean;
}

/** A file, and the value of its last text that was right. */
export class ReloadedFile<Value> {
  readonly #path: string;
  readonly #parse: (text: string) => Value;
  readonly #tell: (message: string) => void;
  readonly #read: (path: string) => string;
  #value: Value;
  #text: string;
  #seen: Seen | undefined;
  #lookedAt = -Infinity;
  #complaint = "";

  /**
   * Takes the text that the file had at the start. `tell` gets a line if the file has changed. `read` reads it then, and may throw.
   *
   * @throws what `parse` throws if that text is wrong.
   */
  constructor(
    path: string,
    text: string,
    parse: (text: string) => Value,
    tell: (message: string) => void,
    read: (path: string) => string = Deno.readTextFileSync,
  ) {
    this.#path = path;
    this.#read = read;
    this.#text = text;
    this.#parse = parse;
    this.#tell = tell;
    this.#value = parse(text);
  }

  /** The value that holds now. Looks at the file if the last look is some time ago. */
  get value(): Value {
    if (performance.now() - this.#lookedAt >= LOOK_AGAIN) this.look();
    return this.#value;
  }

  /** Looks at the file now, and returns the value that holds. */
  look(): Value {
    this.#lookedAt = performance.now();
    try {
      const seen = seenAt(this.#path);
      if (this.#seen !== undefined && isUnchanged(this.#seen, seen)) return this.#value;
      const text = this.#read(this.#path);
      this.#seen = seen;
      // The file may also have got another name or time only.
      if (text === this.#text && this.#complaint === "") return this.#value;
      this.#text = text;
      this.#value = this.#parse(text);
      this.#complaint = "";
      this.#tell(`uses ${this.#path} as it is now`);
    } catch (error) {
      this.#complain(reasonOf(error));
    }
    return this.#value;
  }

  // Says the same thing only once.
  #complain(reason: string): void {
    if (reason !== this.#complaint) {
      this.#tell(`cannot use ${this.#path} as it is now, and goes on with what was in it before: ${reason}`);
    }
    this.#complaint = reason;
  }
}

function seenAt(path: string): Seen {
  const info = Deno.statSync(path);
  const time = info.mtime?.getTime() ?? 0;
  return { identity: identityOf(info), time, size: info.size, isSettled: Date.now() - time > A_WHILE };
}

function isUnchanged(before: Seen, now: Seen): boolean {
  return before.isSettled && before.time === now.time && before.size === now.size &&
    isSame(before.identity, now.identity);
}
