/**
 * Lessons over HTTP:
 *
 *     GET  /lessons?as=ana           how far ana is
 *     GET  /lessons/chunks?as=ana    one lesson
 *     GET  /board                    how far everybody is
 *     POST /lessons/chunks           {"as": "ana", "do": "reset"}                      begins it again; at /lessons all of them
 *     POST /lessons/detective        {"as": "ana", "do": "switch on"}                  the registry begins to misbehave for ana
 *     POST /lessons/detective        {"as": "ana", "do": "answer", "answer": "API-01"}
 *     POST /lessons/delete           {"as": "ana", "do": "collect garbage"}            for those who cannot run `deno task gc`
 *
 * The page answers `GET` at the same addresses. A user who may push to the repositories of a learner may `POST` for that learner. The
 * answer is the facts of the lesson; for a client that does not ask for JSON, such as curl, it is a few lines of text:
 *
 *     14. Detective: 0 of 1 steps are done.
 *     The registry keeps this rule. …
 *
 * Next: lessons.ts
 *
 * @module
 */

import { RegistryError } from "../api/error_codes.ts";
import type { AccessWrapper } from "../composing/access.ts";
import { refuse } from "../composing/composing.ts";
import type { Disk } from "../disk/disk.ts";
import { collectGarbage } from "../housekeeping/collect_garbage.ts";
import { readSmallJson } from "../http/small_json.ts";
import { withoutSniffing } from "../http/sniffing.ts";
import { parseTarget, type Target } from "../http/target.ts";
import { expectNoForeignPage, hostsForBrowsers } from "../http/web_pages.ts";
import type { Settings } from "../options.ts";
import type { Wrapper } from "../registry.ts";
import type { Learner } from "./learner.ts";
import type { Learners } from "./learners.ts";
import { type Lesson, placeOf } from "./lesson.ts";
import type { Asker, BoardFacts, LessonFacts, LessonsFacts, NoLessons } from "./lesson_facts.ts";
import { learnerFor, NO_LEARNER, tellerOf } from "./telling_lessons.ts";

/** What the lessons need to answer. */
export interface LessonsOverHttpOptions extends Partial<Pick<Settings, "origin" | "allowHost" | "readOnly">> {
  /** The disk of the registry. */
  readonly disk: Disk;
  /** Decides who may do what, such as `access(rules)`. Default: everybody may do everything. */
  readonly access?: AccessWrapper;
}

/** Answers requests about lessons, and passes all others on to the registry. */
export function lessonsOverHttp(learners: Learners, options: LessonsOverHttpOptions): Wrapper {
  const settings = { origin: "", allowHost: [], ...options };
  const hosts = hostsForBrowsers(settings);
  return (registry) => async (request, peer) => {
    const target = parseTarget(request);
    const match = target && /^\/(lessons|board)(?:\/([^/]+))?\/?$/.exec(target.pathname);
    if (!match) return registry(request, peer);
    try {
      expectNoForeignPage(request, target, settings, hosts);
      const visible = await options.access?.visibleTo(request, peer);
      const asker = {
        origin: settings.origin || target.origin,
        user: visible?.user,
        maySee: (name: string) => visible?.includes(name) ?? true,
        host: peer?.remoteAddr.hostname,
      };
      const mayChange = ({ as }: Learner) => visible?.mayPush(`${as}/a`) ?? true;
      const asked = { request, target, kind: match[1], id: match[2], asker, mayChange, ...options };
      const facts = await answer(learners, asked);
      const isText = request.method === "POST" && !/json/i.test(request.headers.get("Accept") ?? "");
      return withoutSniffing(isText ? new Response(inLines(facts)) : Response.json(facts));
    } catch (error) {
      if (error instanceof RegistryError) return refuse(request, error);
      throw error;
    }
  };
}

interface AskedLesson {
  readonly request: Request;
  readonly target: Target;
  readonly kind: string;
  readonly id: string | undefined;
  readonly asker: Asker;
  readonly mayChange: (learner: Learner) => boolean;
  readonly disk: Disk;
  readonly readOnly?: boolean;
}

type Answer = LessonsFacts | LessonFacts | NoLessons | BoardFacts;

async function answer(learners: Learners, asked: AskedLesson): Promise<Answer> {
  const { request: { method }, target, kind, id, asker } = asked;
  const isRead = method === "GET" || method === "HEAD";
  const allowed = kind === "board" ? "GET" : "GET, POST";
  if (!isRead && !(kind === "lessons" && method === "POST")) {
    throw new RegistryError("UNSUPPORTED", { rule: "API-01", expected: allowed, actual: method }, {
      headers: { Allow: allowed },
    });
  }
  const teller = tellerOf(learners);
  if (kind === "board") return await teller.board(asker);
  const wanted = isRead ? { as: new URLSearchParams(target.search).get("as") } : await readSmallJson(asked.request);
  const { as = null } = wanted;
  if (as !== null && typeof as !== "string") throw refusal(400, '"as" with a learner, such as ana', JSON.stringify(as));
  const learner = learnerFor(learners, as, asker);
  if (learner === undefined) throw refusal(403, NO_LEARNER, `as=${as}`);
  if (!isRead) await change(learners, learner, wanted, asked);
  return await teller.lessons(learner.as, id ?? "", asker) ?? noSuchLesson(learners, id);
}

// For somebody who has typed a command: what is new, and no more.
function inLines(facts: Answer): string {
  if ("refusal" in facts) return `${facts.refusal}\n`;
  if ("learners" in facts) return `${facts.learners.length} learners\n`;
  if ("lessons" in facts) return `${facts.done} of ${facts.lessons.length} lessons are done.\n`;
  const { lesson: { number, title, of }, steps, hint, after = [], switch: ofLesson } = facts;
  const lines = [
    `${number}. ${title}: ${steps.filter(({ isDone }) => isDone).length} of ${of} steps are done.`,
    ...(ofLesson === undefined ? [] : [`Its switch is ${ofLesson.isOn ? "on" : "off"}.`]),
    ...(hint === undefined ? [] : [hint.say]),
    ...after,
  ];
  return `${lines.join("\n\n")}\n`;
}

// What a client can do with a lesson.
const ACTIONS = ["reset", "switch on", "switch off", "answer", "collect garbage"];

async function change(
  learners: Learners,
  learner: Learner,
  wanted: Readonly<Record<string, unknown>>,
  { id, disk, mayChange, readOnly = false }: AskedLesson,
): Promise<void> {
  if (!mayChange(learner)) throw refusal(403, `a user who may push to ${learner.as}/…`, "one who may not");
  const lesson: Lesson | undefined = learners.lessons[placeOf(learners.lessons, id ?? "")];
  if (id !== undefined && lesson === undefined) noSuchLesson(learners, id);
  const action = wanted.do;
  if (action === "reset") return learners.reset(learner, lesson === undefined ? learners.lessons : [lesson]);
  if (action === "collect garbage" && readOnly) throw refusal(403, "no change: this registry is read-only", action);
  if (action === "collect garbage") return await collectFor(learner, disk);
  if (lesson === undefined || typeof action !== "string" || !ACTIONS.includes(action)) {
    throw refusal(400, `"do" with one of ${ACTIONS.join(", ")}`, JSON.stringify(action) ?? "nothing");
  }
  if (action !== "answer") return learners.turn(learner, lesson, action === "switch on");
  if (typeof wanted.answer !== "string" || wanted.answer.length > 200) {
    throw refusal(
      400,
      '"answer" with a text of at most 200 letters',
      JSON.stringify(wanted.answer)?.slice(0, 80) ?? "nothing",
    );
  }
  learners.answer(learner, lesson, wanted.answer.trim());
}

// What has just been pushed goes, too: in a lesson nobody waits for an hour.
async function collectFor({ as }: Learner, disk: Disk): Promise<void> {
  for await (const _ of collectGarbage(disk, { grace: 0, prefix: `${as}/` }));
}

function noSuchLesson({ lessons }: Learners, id = ""): never {
  throw refusal(404, `one of ${lessons.map(({ id }) => id).join(", ")}`, id);
}

function refusal(status: 400 | 403 | 404, expected: string, actual: string): RegistryError {
  return new RegistryError(status === 403 ? "DENIED" : "UNSUPPORTED", { rule: "API-01", expected, actual }, { status });
}
