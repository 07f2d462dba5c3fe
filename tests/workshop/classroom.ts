/**
 * A classroom: a registry with a workshop, in this process, for tests of who is how far.
 *
 *     const room = classroom({ lessons: [KNOCK] });
 *     await room.send("GET", "/v2/", { from: "10.0.0.2" });
 *     assertEquals((await room.facts("/lessons")).done, 1);
 *
 * @module
 */

import type { AccessRule } from "../../src/access/access_rule.ts";
import { access } from "../../src/composing/access.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import type { Disk } from "../../src/disk/disk.ts";
import { createRegistry } from "../../src/registry.ts";
import { Learners } from "../../src/workshop/learners.ts";
import type { Lesson } from "../../src/workshop/lesson.ts";
import { lessonsOverHttp } from "../../src/workshop/over_http.ts";

/** What a test sends, and who it is. */
export interface SentFrom {
  /** The address of the machine. */
  readonly from?: string;
  /** The user; the password is the name again. */
  readonly user?: string;
  /** The body: an object is sent as JSON. */
  readonly body?: object | string;
  /** More headers. */
  readonly headers?: Record<string, string>;
}

/** A lesson with what it must have, and with these fields. */
export function lessonWith(fields: Partial<Lesson> & Pick<Lesson, "id">): Lesson {
  return { title: fields.id, minutes: 1, text: ["text"], try: [], done: [], hints: [], after: ["after"], ...fields };
}

/** The first lesson: somebody asks for `/v2/`. */
export const KNOCK: Lesson = lessonWith({
  id: "knock",
  done: [{ say: "You knock", story: { endpoint: "end-1", status: 200 } }],
});

/** A lesson about a blob. */
export const BLOB: Lesson = lessonWith({
  id: "blob",
  text: ["Push to {url}/v2/{as}/blob."],
  done: [{ say: "You push", story: { endpoint: "end-4b", status: 201 } }, {
    say: "It is there",
    there: { is: "blob", repository: "blob" },
  }],
  hints: [{ when: [{ story: { code: "DIGEST_INVALID" } }], say: "Another digest, {as}." }],
});

/** A lesson with a switch: the learner names the rule that the registry breaks. */
export const DETECTIVE: Lesson = lessonWith({
  id: "detective",
  done: [{ say: "You name the rule", answer: { isRight: true } }],
  hints: [{ when: [{ answer: { isRight: false } }], say: "Another one." }],
  switch: { id: ["chunk-201"], isHidden: true },
});

/** Starts one. */
export function classroom(
  { lessons = [KNOCK, BLOB], rules, disk = memoryDisk(), complain, readOnly }: {
    lessons?: readonly Lesson[];
    rules?: readonly AccessRule[];
    disk?: Disk;
    complain?: (error: unknown) => void;
    readOnly?: boolean;
  } = {},
) {
  const users = { isPassword: (user: string, password: string) => Promise.resolve(user === password) };
  const wrapper = rules && access(rules, { users });
  const learners = new Learners({ disk, lessons: () => lessons, complain });
  const registry = createRegistry({
    disk,
    wrappers: [
      lessonsOverHttp(learners, { disk, access: wrapper, readOnly }),
      ...wrapper === undefined ? [] : [wrapper],
      learners.wrapper,
    ],
    onStory: learners.tell,
  });
  const send = (method: string, path: string, { from = "10.0.0.1", user, body, headers = {} }: SentFrom = {}) => {
    const text = typeof body === "object" ? JSON.stringify(body) : body;
    const request = new Request(`http://localhost${path}`, {
      method,
      body: text,
      headers: {
        ...(typeof body === "object" ? { "Content-Type": "application/json", Accept: "application/json" } : {}),
        ...(text === undefined ? {} : { "Content-Length": String(new TextEncoder().encode(text).length) }),
        ...(user === undefined ? {} : { Authorization: `Basic ${btoa(`${user}:${user}`)}` }),
        ...headers,
      },
    });
    return registry(request, { remoteAddr: { hostname: from } });
  };
  const facts = async (path: string, sent: SentFrom = {}) => await (await send("GET", path, sent)).json();
  return { disk, learners, send, facts };
}
