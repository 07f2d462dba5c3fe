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
 * of the registry, nor do those that it imports. So a browser can load it, too.
 *
 * Next: action.ts
 *
 * @module
 */

import type { StoryData } from "../story.ts";
import { type Action, Course } from "./action.ts";
import { clientOf, digestIn, type Doing, doingOf, isManifest, isManifestPush, isTag, sessionOf } from "./doing.ts";

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
// The most connections of an action, and the most of its sessions, by which it is found.
const MOST_CONNECTIONS = 1000;
const MOST_SESSIONS = 1000;

// A story that has just come, and by what its action is found.
interface Clues {
  readonly story: StoryData;
  readonly doing: Doing;
  readonly client: string;
  readonly connection: string | undefined;
  readonly time: number;
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
    const { peer } = story;
    const connection = peer?.port === undefined ? undefined : `${peer.host} ${peer.port}`;
    const time = Date.parse(story.time);
    const clues = { story, doing: doingOf(story), client: clientOf(story), connection, time };
    this.#number++;
    this.#forget(time);
    const found = this.#find(clues);
    const course = found ?? this.#begin(clues);
    this.#note(course, clues);
    const source = this.#sourceOf(course, clues);
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
      if (course.sessions.size > 0 && now - course.last < FORGOTTEN) continue;
      this.#running.delete(course);
      this.#quiet.add(course);
      if (course.action.state === "done") continue;
      course.action.state = "quiet";
      quiet.push(course.action);
    }
    return quiet;
  }

  #find(clues: Clues): Course | undefined {
    const { story, doing, client, connection } = clues;
    const bySession = story.session === undefined ? undefined : this.#ofSession.get(story.session);
    if (bySession !== undefined) return bySession;
    const byConnection = connection === undefined ? undefined : this.#ofConnection.get(connection);
    if (byConnection?.client === client && fits(byConnection, clues, true)) return byConnection;
    // A greeting on a new connection is the beginning of something.
    if (doing === "greets" || doing === "does something else") return undefined;
    const courses = this.#ofClient.get(client) ?? [];
    const fitting = courses.filter((course) => fits(course, clues, false))
      .sort((a, b) => b.lastNumber - a.lastNumber);
    const same = fitting.find(({ action: { from, to } }) => (from ?? to) !== undefined);
    const greeting = fitting.find(({ action: { from, to } }) => (from ?? to) === undefined);
    if (same === undefined || greeting === undefined) return same ?? greeting;
    return greeting.firstNumber < same.lastNumber || goesOn(same, story) ? same : greeting;
  }

  #begin({ story, client, time }: Clues): Course {
    const course = new Course(story, client, time, this.#number);
    this.#ofClient.set(client, [...(this.#ofClient.get(client) ?? []).slice(1 - MOST_OF_CLIENT), course]);
    return course;
  }

  #note(course: Course, { story, doing, connection, time }: Clues): void {
    this.#renew(course);
    if (connection !== undefined && course.connections.size < MOST_CONNECTIONS) {
      course.connections.add(connection);
      this.#ofConnection.set(connection, course);
    }
    const session = sessionOf(story);
    if (session !== undefined) this.#noteSession(course, session, story);
    course.add(story, doing, time, this.#number);
  }

  #noteSession(course: Course, session: string, { method, status }: StoryData): void {
    if (method === "POST" && course.sessions.size < MOST_SESSIONS) {
      course.sessions.add(session);
      this.#ofSession.set(session, course);
    } else if ((method === "PUT" || method === "DELETE") && status < 400 && course.sessions.delete(session)) {
      this.#ofSession.delete(session);
    }
  }

  // Returns the pull whose content a push sends on, if there is one. A pull that was over before the push began is another command.
  #sourceOf(course: Course, { story, time }: Clues): Course | undefined {
    const { to, from } = course.action;
    if (to === undefined || from !== undefined || story.status >= 400) return undefined;
    const sources = story.changes.map(({ sameAs = "" }) => sameAs.split("/sha")[0]).filter((name) => name !== "");
    const digest = digestIn(story);
    return this.#ofClient.get(course.client)?.find((other) =>
      other.action.kind === "pull" && time - other.last < QUIET && other.lastNumber > course.firstNumber &&
      (sources.includes(other.action.from!.repository) || (digest !== undefined && other.pulled.has(digest)))
    );
  }

  // Makes a course a part of another one.
  #join(whole: Course, part: Course): void {
    this.#drop(part);
    whole.join(part);
    for (const connection of part.connections) this.#ofConnection.set(connection, whole);
    for (const session of part.sessions) this.#ofSession.set(session, whole);
    this.#renew(whole);
  }

  // Makes a course the last one that has got a story.
  #renew(course: Course): void {
    this.#quiet.delete(course);
    this.#running.delete(course);
    this.#running.add(course);
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

// Returns true if a story can belong to an action. `isSure`: it came over the same connection.
function fits(course: Course, { story, doing, time }: Clues, isSure: boolean): boolean {
  const { action: { state, from, to }, does } = course;
  const { repository } = story;
  const age = time - course.last;
  if (age > (isSure || course.sessions.size > 0 ? FORGOTTEN : OLD)) return false;
  // After its end, an action goes on only with other tags for the manifest, or with a look at it.
  if (state === "done") {
    const isAboutIt = to !== undefined && to.repository === repository && to.digest === digestIn(story);
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
