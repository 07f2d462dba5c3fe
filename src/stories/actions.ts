/**
 * Actions: the stories that belong together, as what a person calls one thing.
 *
 *     GET   /v2/                                        ╮
 *     HEAD  /v2/library/hello/blobs/sha256:9b4e…   404  │
 *     POST  /v2/library/hello/blobs/uploads/       202  │
 *     PATCH /v2/library/hello/blobs/uploads/0f9c…  202  ├─  push of library/hello:latest by docker/26.1.5: 6 requests, 3.2 MiB in, …
 *     PUT   /v2/library/hello/blobs/uploads/0f9c…  201  │
 *     PUT   /v2/library/hello/manifests/latest     201  ╯
 *
 * Nothing in the protocol says that requests belong together, so this is a guess from what a story has. It goes from what is sure to
 * what is likely:
 *
 *     the upload session      a client that knows its URL has opened it
 *     the connection          host and port of the client: one program, and nearly always one thing after the other. But docker and
 *                             skopeo use another connection for each request.
 *     the same repository     of the same client: host and User-Agent
 *     the greeting            a GET of /v2/ has no repository. It belongs to the first request after it of the same client.
 *     the content             a client that pushes what it has just pulled copies it: two actions become one
 *
 * So two pushes at once by two programs of one kind on one machine stay apart if they push to different repositories. If they push to
 * the same one, only their sessions and the connections that they began with tell them apart; a new connection counts for the action
 * that was busy last.
 *
 * An action ends with the manifest that gets a tag or has a subject, with a delete, or with a list. A pull has no such end, because
 * only the client knows what it still needs. Such an action ends when it has been quiet for a while, and goes on if more comes.
 *
 * Stories go in one by one, as they are told. The time for one does not depend on the number of stories before it. This file needs nothing
 * of the registry, and a browser can load it, too.
 *
 * Next: action_words.ts
 *
 * @module
 */

import type { StoryData } from "../story.ts";
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

/** A story that was added, and its action. */
export interface Added {
  /** The action. It has the story now. */
  readonly action: Action;
  /** True if this is the first story of the action. */
  readonly isFirst: boolean;
  /** The action that turned out to be a part of this one just now. */
  readonly joined?: Action;
}

// Times without a story, in milliseconds. After the first one an action is quiet; but if it has an open upload session, its bytes come
// with one long request. After the second one, only what is sure goes on with it, and after the third one nothing does.
const QUIET = 5_000;
const OLD = 60_000;
const FORGOTTEN = 5 * 60_000;
// The most actions that are remembered, and the most of one client that a story without a known connection may belong to.
const MOST_REMEMBERED = 1000;
const MOST_OF_CLIENT = 8;
// The most tags, and the most digests or ids of a list.
const MOST_TAGS = 100;
const MOST_LISTED = 1000;

// What a request does. A row that is not here does something else: it is refused, or it is no row of the spec.
const DOES: Readonly<Record<string, Doing>> = {
  "GET end-1": "greets",
  "HEAD end-1": "greets",
  "GET end-2": "reads",
  "GET end-3": "reads",
  "HEAD end-2": "checks",
  "HEAD end-3": "checks",
  "DELETE end-9": "deletes",
  "DELETE end-10": "deletes",
  "GET end-8a": "lists",
  "GET end-8b": "lists",
  "GET end-12a": "lists",
  "GET end-12b": "lists",
  "GET catalog": "lists",
};
const PUSHES = new Set([
  "end-4a",
  "end-4b",
  "end-4c",
  "end-5",
  "end-6",
  "end-7a",
  "end-7b",
  "end-11",
  "end-13",
  "end-14",
]);

type Doing = "greets" | "logs in" | "reads" | "checks" | "writes" | "deletes" | "lists" | "does something else";

// An action as it grows.
type Growing = { -readonly [Field in keyof Action]: Action[Field] };

// What this file knows of an action, besides the action itself.
interface Course {
  readonly action: Growing;
  readonly client: string;
  readonly connections: Set<string>;
  readonly sessions: Set<string>;
  /** The digests and tags of what it has pulled. */
  readonly pulled: Set<string>;
  /** The digests that are in one of its lists. */
  readonly known: Set<string>;
  readonly does: Set<Doing>;
  /** The number of sessions that wait for bytes. */
  openSessions: number;
  /** The time of its last story, in milliseconds since 1970. */
  last: number;
  /** The numbers of its first story and of its last one among all stories. */
  readonly firstNumber: number;
  lastNumber: number;
}

/** Joins stories to actions. */
export class Actions {
  // The courses in the order of their last stories. Those in `#quiet` have been announced.
  readonly #running = new Set<Course>();
  readonly #quiet = new Set<Course>();
  readonly #ofSession = new Map<string, Course>();
  readonly #ofConnection = new Map<string, Course>();
  readonly #ofClient = new Map<string, Course[]>();
  #number = 0;

  /** Adds the next story, and returns its action. */
  add(story: StoryData): Added {
    const time = Date.parse(story.time);
    this.#number++;
    this.#forget(time);
    const { userAgent = "", peer } = story;
    const client = `${peer?.host ?? ""} ${userAgent}`;
    const connection = peer?.port === undefined ? undefined : `${peer.host} ${peer.port}`;
    const doing = doingOf(story);
    const found = this.#find(story, doing, client, connection, time);
    const course = found ?? this.#begin(story, client, time);
    this.#note(course, story, doing, connection, time);
    const source = this.#sourceOf(course, story, time);
    if (source === undefined) return { action: course.action, isFirst: found === undefined };
    this.#join(source, course);
    return { action: source.action, isFirst: false, joined: course.action };
  }

  /**
   * Returns the actions that have become quiet. `now` is the time in milliseconds since 1970. A program calls this from time to time;
   * `add` does not wait for it.
   */
  becomeQuiet(now: number): Action[] {
    const quiet: Action[] = [];
    for (const course of this.#running) {
      if (now - course.last < QUIET) break;
      if (course.openSessions > 0 && now - course.last < FORGOTTEN) continue;
      this.#running.delete(course);
      this.#quiet.add(course);
      if (course.action.state === "done") continue;
      course.action.state = "quiet";
      quiet.push(course.action);
    }
    return quiet;
  }

  #find(
    story: StoryData,
    doing: Doing,
    client: string,
    connection: string | undefined,
    time: number,
  ): Course | undefined {
    const { session } = story;
    const bySession = session === undefined ? undefined : this.#ofSession.get(session);
    if (bySession !== undefined) return bySession;
    const byConnection = connection === undefined ? undefined : this.#ofConnection.get(connection);
    if (byConnection?.client === client && fits(byConnection, story, doing, time, true)) return byConnection;
    // A greeting on a new connection is the beginning of something.
    if (doing === "greets" || doing === "does something else") return undefined;
    const courses = this.#ofClient.get(client) ?? [];
    const fitting = courses.filter((course) => fits(course, story, doing, time, false))
      .sort((a, b) => b.lastNumber - a.lastNumber);
    const same = fitting.find(({ action: { from, to } }) => (from ?? to) !== undefined);
    const greeting = fitting.find(({ action: { from, to } }) => (from ?? to) === undefined);
    if (same === undefined || greeting === undefined) return same ?? greeting;
    return greeting.firstNumber < same.lastNumber || goesOn(same, story) ? same : greeting;
  }

  #begin(story: StoryData, client: string, time: number): Course {
    const begun = time - story.milliseconds;
    const action: Growing = {
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
      begun: new Date(begun).toISOString(),
      lastAnswer: story.time,
      milliseconds: 0,
      state: "running",
    };
    const sets = { connections: new Set<string>(), sessions: new Set<string>(), pulled: new Set<string>() };
    const numbers = { firstNumber: this.#number, lastNumber: this.#number };
    const course = {
      action,
      client,
      ...sets,
      ...numbers,
      known: new Set<string>(),
      does: new Set<Doing>(),
      openSessions: 0,
      last: time,
    };
    this.#ofClient.set(client, [...(this.#ofClient.get(client) ?? []).slice(1 - MOST_OF_CLIENT), course]);
    return course;
  }

  #note(course: Course, story: StoryData, doing: Doing, connection: string | undefined, time: number): void {
    const { action } = course;
    // To add it again makes it the last one.
    for (const courses of [this.#running, this.#quiet]) courses.delete(course);
    this.#running.add(course);
    course.last = Math.max(course.last, time);
    course.lastNumber = this.#number;
    course.does.add(doing);
    if (connection !== undefined && course.connections.size < MOST_LISTED) {
      course.connections.add(connection);
      this.#ofConnection.set(connection, course);
    }
    const session = sessionOf(story);
    if (session !== undefined) this.#noteSession(course, session, story);

    put(action.stories, story.id);
    action.requests++;
    if (story.status >= 400 && whyOf(story).meaning === "fault") action.refusals++;
    action.bytesIn += story.bytesIn;
    action.bytesOut += story.bytesOut ?? 0;
    if (story.time > action.lastAnswer) action.lastAnswer = story.time;
    action.milliseconds = Date.parse(action.lastAnswer) - Date.parse(action.begun);
    noteSubject(course, story, doing);
    noteContent(course, story, doing);
    action.kind = kindOf(course);
    action.state = isEnd(story, doing) ? "done" : "running";
  }

  #noteSession(course: Course, session: string, { method, status }: StoryData): void {
    if (method === "POST" && course.sessions.size < MOST_LISTED) {
      course.openSessions++;
      course.sessions.add(session);
      this.#ofSession.set(session, course);
    } else if ((method === "PUT" || method === "DELETE") && status < 400 && course.sessions.delete(session)) {
      course.openSessions--;
      this.#ofSession.delete(session);
    }
  }

  // Returns the pull whose content a push sends on, if there is one. A pull that was over before the push began is another command.
  #sourceOf(course: Course, story: StoryData, time: number): Course | undefined {
    const { to, from } = course.action;
    if (to === undefined || from !== undefined || story.status >= 400) return undefined;
    const sources = story.changes.map(({ sameAs = "" }) => sameAs.split("/sha")[0]).filter((name) => name !== "");
    const digest = story.reference?.includes(":") ? story.reference : story.answerHeaders?.["Docker-Content-Digest"];
    return this.#ofClient.get(course.client)?.find((other) =>
      other.action.kind === "pull" && time - other.last < QUIET && other.lastNumber > course.firstNumber &&
      (sources.includes(other.action.from!.repository) || (digest !== undefined && other.pulled.has(digest)))
    );
  }

  // Makes a course a part of another one.
  #join(whole: Course, part: Course): void {
    const [action, other] = [whole.action, part.action];
    this.#drop(part);
    for (const connection of part.connections) whole.connections.add(connection);
    for (const session of part.sessions) whole.sessions.add(session);
    for (const doing of part.does) whole.does.add(doing);
    whole.openSessions += part.openSessions;
    whole.last = Math.max(whole.last, part.last);
    whole.lastNumber = part.lastNumber;
    put(action.parts, other.id);
    for (const id of other.stories) put(action.stories, id);
    for (const kind of ["blobs", "manifests"] as const) {
      for (const list of ["new", "shared"] as const) {
        for (const digest of other[kind][list]) putDigest(whole, action[kind][list], digest);
      }
    }
    for (const count of ["requests", "refusals", "bytesIn", "bytesOut"] as const) action[count] += other[count];
    action.to = other.to;
    if (other.begun < action.begun) action.begun = other.begun;
    if (other.lastAnswer > action.lastAnswer) action.lastAnswer = other.lastAnswer;
    action.milliseconds = Date.parse(action.lastAnswer) - Date.parse(action.begun);
    action.kind = kindOf(whole);
    action.state = other.state;
    for (const connection of part.connections) this.#ofConnection.set(connection, whole);
    for (const session of part.sessions) this.#ofSession.set(session, whole);
    this.#quiet.delete(whole);
    this.#running.delete(whole);
    this.#running.add(whole);
  }

  // Forgets the oldest courses.
  #forget(now: number): void {
    for (const courses of [this.#quiet, this.#running]) {
      for (const course of courses) {
        const isFull = this.#quiet.size + this.#running.size >= MOST_REMEMBERED;
        if (!isFull && now - course.last < FORGOTTEN) break;
        this.#drop(course);
      }
    }
  }

  #drop(course: Course): void {
    this.#running.delete(course);
    this.#quiet.delete(course);
    for (const connection of course.connections) {
      if (this.#ofConnection.get(connection) === course) this.#ofConnection.delete(connection);
    }
    for (const session of course.sessions) this.#ofSession.delete(session);
    const others = this.#ofClient.get(course.client)?.filter((other) => other !== course) ?? [];
    if (others.length === 0) this.#ofClient.delete(course.client);
    else this.#ofClient.set(course.client, others);
  }
}

function doingOf({ method, endpoint, url }: StoryData): Doing {
  if (endpoint === undefined) return /^\/token(?:$|\?)/.test(url) ? "logs in" : "does something else";
  // A row of GET answers HEAD as well if there is no row of HEAD.
  return PUSHES.has(endpoint)
    ? "writes"
    : DOES[`${method} ${endpoint}`] ?? DOES[`GET ${endpoint}`] ?? "does something else";
}

/** Returns the session that a request opens or uses. */
function sessionOf({ session, status, answerHeaders }: StoryData): string | undefined {
  return session ??
    (status === 202 ? /\/blobs\/uploads\/([^/?]+)/.exec(answerHeaders?.Location ?? "")?.[1] : undefined);
}

function digestOf({ reference, answerHeaders }: StoryData): string | undefined {
  return answerHeaders?.["Docker-Content-Digest"] ?? (reference?.includes(":") ? reference : undefined);
}

// Returns true if a story can belong to an action. `isSure`: it came over the same connection.
function fits(course: Course, story: StoryData, doing: Doing, time: number, isSure: boolean): boolean {
  const { action: { state, from, to }, does } = course;
  const { repository } = story;
  const age = time - course.last;
  if (age > (isSure || course.openSessions > 0 ? FORGOTTEN : OLD)) return false;
  // After its end, an action goes on only with other tags for the manifest, or with a look at it.
  if (state === "done") {
    const isAboutIt = to !== undefined && to.repository === repository && to.digest === digestOf(story);
    return isAboutIt && age < QUIET && (isManifestPush(story) || (isSure && doing === "checks"));
  }
  if (doing === "logs in") return age < QUIET;
  const hasOnlyGreeted = (from ?? to) === undefined && !does.has("lists");
  // Some clients greet before each step.
  if (doing === "greets") return isSure && age < QUIET;
  if (doing === "does something else") return isSure && hasOnlyGreeted;
  if (hasOnlyGreeted) return true;
  if (repository === undefined) return does.has(doing);
  if (repository !== from?.repository && repository !== to?.repository) {
    // A copy reads from one repository, and writes to another one.
    const isCopy = doing === "reads" ? from === undefined || !does.has("reads") : to === undefined && does.has("reads");
    return isSure && isCopy && doing !== "deletes" && doing !== "lists";
  }
  if (doing === "reads" && !isSure && does.has("lists")) return false;
  // To pull the same tag again is a new action. So is another tag, unless it comes over the same connection.
  if (doing === "reads" && isManifest(story) && isTag(story.reference)) {
    return !course.pulled.has(story.reference) &&
      (isSure || from === undefined || !from.tags.some((tag) => tag !== story.reference));
  }
  if (doing === "deletes") return !does.has("writes");
  if (doing === "lists") return isSure || !(does.has("writes") || does.has("reads"));
  return true;
}

// A client that greets begins something. But another program may have greeted while this action goes on: a push is not done yet, and
// no pull begins with a blob.
function goesOn({ does }: Course, { endpoint, method }: StoryData): boolean {
  return does.has("writes") || (endpoint === "end-2" && method === "GET");
}

function isManifest({ endpoint = "" }: StoryData): boolean {
  return ["end-3", "end-7a", "end-7b", "end-9"].includes(endpoint);
}

function isManifestPush({ endpoint, status }: StoryData): boolean {
  return (endpoint === "end-7a" || endpoint === "end-7b") && status < 300;
}

function isTag(reference: string | undefined): reference is string {
  return reference !== undefined && !reference.includes(":");
}

function noteSubject({ action, does, pulled }: Course, story: StoryData, doing: Doing): void {
  const { repository, reference, answerHeaders } = story;
  if (repository === undefined) return;
  if (doing === "writes" || doing === "deletes") {
    // It has looked for the content first, and not read it.
    if (action.to === undefined && !does.has("reads") && !does.has("lists")) delete action.from;
    action.to = noted(action.to, repository);
  } else if (action.from === undefined || action.from.repository === repository) {
    if (action.to?.repository !== repository || doing === "reads") action.from = noted(action.from, repository);
  } else if (doing === "reads" && action.to === undefined) {
    [action.to, action.from] = [action.from, noted(undefined, repository)];
  } else {
    action.to = noted(action.to, repository);
  }
  if (doing === "reads" && story.status < 400) {
    for (const text of [digestOf(story), reference]) {
      if (text !== undefined && pulled.size < MOST_LISTED) pulled.add(text);
    }
  }
  const isWritten = doing === "writes" || doing === "deletes" || action.from?.repository !== repository;
  const subject = (isWritten ? action.to : action.from) as { -readonly [Field in keyof Subject]: Subject[Field] };
  if (!isManifest(story)) return;
  const tags = [...isTag(reference) ? [reference] : [], ...answerHeaders?.["OCI-Tag"]?.split(", ") ?? []];
  for (const tag of tags) if (!subject.tags.includes(tag)) put(subject.tags, tag, MOST_TAGS);
  const digest = digestOf(story);
  if (digest !== undefined) subject.digest = digest;
}

function noted(subject: Subject | undefined, repository: string): Subject {
  return subject ?? { repository, tags: [] };
}

function noteContent(course: Course, story: StoryData, doing: Doing): void {
  const { status, changes } = story;
  const digest = digestOf(story);
  if (digest === undefined || status >= 300 || (doing !== "writes" && doing !== "checks")) return;
  // A session that is open has no content yet.
  if (doing === "writes" && status !== 201) return;
  const isNew = changes.some(({ sign, path }) => sign === "+" && path.split("/").at(-2) === digest);
  const { [isManifest(story) ? "manifests" : "blobs"]: { [isNew ? "new" : "shared"]: list } } = course.action;
  putDigest(course, list, digest);
}

function putDigest({ known }: Course, list: readonly string[], digest: string): void {
  if (known.has(digest) || known.size >= 4 * MOST_LISTED) return;
  known.add(digest);
  put(list, digest);
}

function put(list: readonly string[], text: string, most = MOST_LISTED): void {
  if (list.length < most) (list as string[]).push(text);
}

function kindOf({ action: { from, to }, does, pulled }: Course): ActionKind {
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

function isEnd(story: StoryData, doing: Doing): boolean {
  const { status, endpoint, reference, answerHeaders = {} } = story;
  if (isManifestPush(story)) return isTag(reference) || "OCI-Tag" in answerHeaders || "OCI-Subject" in answerHeaders;
  if (doing === "lists") return status === 200 && !endpoint?.startsWith("end-12") && !("Link" in answerHeaders);
  return doing === "does something else" || (doing === "deletes" && status < 300);
}
