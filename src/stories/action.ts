/**
 * An action, and what it becomes with each of its stories.
 *
 *     HEAD  /v2/library/hello/blobs/sha256:9b4e…   404   check of library/hello
 *     POST  /v2/library/hello/blobs/uploads/       202   push to library/hello
 *     PUT   /v2/library/hello/blobs/uploads/0f9c…  201   push to library/hello, 1 blob new
 *     PUT   /v2/library/hello/manifests/latest     201   push of library/hello:latest, 1 blob new, done
 *
 * Its kind follows from all that its requests did, so a check may become a push. It is about two things at most: the content that it
 * reads, and the content that it pushes or deletes. With both, it is a copy.
 *
 * Next: doing.ts
 *
 * @module
 */

import type { StoryData } from "../story.ts";
import { digestIn, type Doing, isEnd, isManifest, isTag } from "./doing.ts";
import { whyOf } from "./why.ts";

/** What a person calls an action. A `greeting` asks only for the API, a `check` only whether something is there. */
export type ActionKind = "push" | "pull" | "copy" | "delete" | "list" | "check" | "greeting" | "other";

/** The content that an action is about. */
export interface Subject {
  /** The name of the repository. */
  readonly repository: string;
  /** The tags, in the order in which they came; the first 100 of them. */
  readonly tags: readonly string[];
  /** The digest of the last manifest. */
  readonly digest?: string;
}

/** What an action found out about one kind of content. Each is a list of digests; the first 1,000 of them. */
export interface NewAndShared {
  /** What the registry did not have before. */
  readonly new: readonly string[];
  /** What it had already: a HEAD has found it, it was mounted, or it was sent although it was there. */
  readonly shared: readonly string[];
}

/** An action: some stories, and what they are together. It is plain data, and it changes when a story is added. */
export interface Action {
  /** Its id: that of its first story. */
  readonly id: string;
  /** What a person calls it. */
  readonly kind: ActionKind;
  /** The client's name, such as `docker/26.1.5`. */
  readonly client?: string;
  /** The address of the client. */
  readonly host?: string;
  /** What it reads: pulls, lists or looks for. */
  readonly from?: Subject;
  /** What it pushes or deletes. */
  readonly to?: Subject;
  /** The ids of its stories; the first 1,000 of them. */
  readonly stories: readonly string[];
  /** The ids of actions that turned out to be parts of this one. */
  readonly parts: readonly string[];
  /** The number of requests. */
  readonly requests: number;
  /** The number of refusals and failures, without those that belong to its work, such as the 404 of a HEAD before a push. */
  readonly refusals: number;
  /** The bytes that the client has sent. */
  readonly bytesIn: number;
  /** The bytes that the registry has sent, as far as its answers say how many these are. */
  readonly bytesOut: number;
  /** Layers and configs. */
  readonly blobs: NewAndShared;
  /** Manifests and indexes. */
  readonly manifests: NewAndShared;
  /** The time at which its first request came, as in `2026-11-21T10:15:02.123Z`. */
  readonly begun: string;
  /** The time of its last answer. */
  readonly lastAnswer: string;
  /** The time from the one to the other, in milliseconds. */
  readonly milliseconds: number;
  /** `running`; `done` with its last request; or `quiet`: no more came, and it may have been all. */
  readonly state: "running" | "done" | "quiet";
}

// The most tags, and the most digests or ids of a list.
const MOST_TAGS = 100;
const MOST_LISTED = 1000;

// An action as it grows.
type Growing = { -readonly [Field in keyof Action]: Action[Field] };

/** The course of an action: the action as it grows, and what else is known of it. */
export class Course {
  /** The action. It changes with each story. */
  readonly action: Growing;
  /** The client, as `clientOf` returns it. */
  readonly client: string;
  /** The number of its first story among all stories. */
  readonly firstNumber: number;
  /** The number of its last story. */
  lastNumber: number;
  /** The time of its last story, in milliseconds since 1970. */
  last: number;
  /** The connections over which its stories came. */
  readonly connections = new Set<string>();
  /** The upload sessions that wait for bytes. */
  readonly sessions = new Set<string>();
  /** What its requests did. */
  readonly does = new Set<Doing>();
  /** The digests and tags of what it has pulled. */
  readonly pulled = new Set<string>();
  // The digests that are in one of its lists.
  readonly #known = new Set<string>();

  /** Begins an action. Its first story is not in it yet. `time` is the story's, and `number` its place among all stories. */
  constructor(story: StoryData, client: string, time: number, number: number) {
    this.client = client;
    this.firstNumber = number;
    this.lastNumber = number;
    this.last = time;
    this.action = {
      id: story.id,
      kind: "other",
      ...story.client !== undefined && { client: story.client },
      ...story.peer !== undefined && { host: story.peer.host },
      stories: [],
      parts: [],
      requests: 0,
      refusals: 0,
      bytesIn: 0,
      bytesOut: 0,
      blobs: { new: [], shared: [] },
      manifests: { new: [], shared: [] },
      begun: new Date(time - story.milliseconds).toISOString(),
      lastAnswer: story.time,
      milliseconds: 0,
      state: "running",
    };
  }

  /** Adds a story. */
  add(story: StoryData, doing: Doing, time: number, number: number): void {
    const { action } = this;
    this.last = Math.max(this.last, time);
    this.lastNumber = number;
    this.does.add(doing);
    put(action.stories, story.id);
    action.requests++;
    if (story.status >= 400 && whyOf(story).meaning === "fault") action.refusals++;
    action.bytesIn += story.bytesIn;
    action.bytesOut += story.bytesOut ?? 0;
    if (story.time > action.lastAnswer) action.lastAnswer = story.time;
    this.#addSubject(story, doing);
    this.#addContent(story, doing);
    this.#sumUp();
    action.state = isEnd(story, doing) ? "done" : "running";
  }

  /** Adds all of another action, which is a part of this one. */
  join(part: Course): void {
    const [{ action }, { action: other }] = [this, part];
    for (const connection of part.connections) this.connections.add(connection);
    for (const session of part.sessions) this.sessions.add(session);
    for (const doing of part.does) this.does.add(doing);
    this.last = Math.max(this.last, part.last);
    this.lastNumber = part.lastNumber;
    put(action.parts, other.id);
    for (const id of other.stories) put(action.stories, id);
    for (const kind of ["blobs", "manifests"] as const) {
      for (const list of ["new", "shared"] as const) {
        for (const digest of other[kind][list]) this.#putDigest(action[kind][list], digest);
      }
    }
    for (const count of ["requests", "refusals", "bytesIn", "bytesOut"] as const) action[count] += other[count];
    // The part is the push of a copy, and this is its pull.
    action.to = other.to;
    if (other.begun < action.begun) action.begun = other.begun;
    if (other.lastAnswer > action.lastAnswer) action.lastAnswer = other.lastAnswer;
    this.#sumUp();
    action.state = other.state;
  }

  #sumUp(): void {
    const { action } = this;
    action.milliseconds = Date.parse(action.lastAnswer) - Date.parse(action.begun);
    action.kind = this.#kind();
  }

  #kind(): ActionKind {
    const { action: { from, to }, does, pulled } = this;
    if (does.has("writes")) {
      const isCopy = from !== undefined && does.has("reads") &&
        (from.repository !== to?.repository || pulled.has(to?.digest ?? ""));
      return isCopy ? "copy" : "push";
    }
    if (does.has("deletes")) return "delete";
    if (does.has("reads")) return "pull";
    if (does.has("lists")) return "list";
    if (does.has("checks")) return "check";
    return does.has("greets") || does.has("logs in") ? "greeting" : "other";
  }

  #addSubject(story: StoryData, doing: Doing): void {
    const { action, does, pulled } = this;
    const { repository, reference, answerHeaders } = story;
    if (repository === undefined) return;
    if (doing === "writes" || doing === "deletes") {
      // It has looked for the content first, and not read it.
      if (action.to === undefined && !does.has("reads") && !does.has("lists")) delete action.from;
      action.to ??= { repository, tags: [] };
    } else if (action.from === undefined || action.from.repository === repository) {
      if (action.to?.repository !== repository || doing === "reads") action.from ??= { repository, tags: [] };
    } else if (doing === "reads" && action.to === undefined) {
      [action.to, action.from] = [action.from, { repository, tags: [] }];
    } else {
      action.to ??= { repository, tags: [] };
    }
    if (doing === "reads" && story.status < 400) {
      for (const text of [digestIn(story), reference]) {
        if (text !== undefined && pulled.size < MOST_LISTED) pulled.add(text);
      }
    }
    const isWritten = doing === "writes" || doing === "deletes" || action.from?.repository !== repository;
    const subject = (isWritten ? action.to : action.from) as { -readonly [Field in keyof Subject]: Subject[Field] };
    if (!isManifest(story)) return;
    const tags = [...isTag(reference) ? [reference] : [], ...answerHeaders?.["OCI-Tag"]?.split(", ") ?? []];
    for (const tag of tags) if (!subject.tags.includes(tag)) put(subject.tags, tag, MOST_TAGS);
    const digest = digestIn(story);
    if (digest !== undefined) subject.digest = digest;
  }

  #addContent(story: StoryData, doing: Doing): void {
    const { status, changes } = story;
    const digest = digestIn(story);
    if (digest === undefined || status >= 300 || (doing !== "writes" && doing !== "checks")) return;
    // A session that is open has no content yet.
    if (doing === "writes" && status !== 201) return;
    const isNew = changes.some(({ sign, path }) => sign === "+" && path.split("/").at(-2) === digest);
    const { [isManifest(story) ? "manifests" : "blobs"]: { [isNew ? "new" : "shared"]: list } } = this.action;
    this.#putDigest(list, digest);
  }

  #putDigest(list: readonly string[], digest: string): void {
    if (this.#known.has(digest) || this.#known.size >= 4 * MOST_LISTED) return;
    this.#known.add(digest);
    put(list, digest);
  }
}

function put(list: readonly string[], text: string, most = MOST_LISTED): void {
  if (list.length < most) (list as string[]).push(text);
}
