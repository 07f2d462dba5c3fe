/**
 * The view of the live stories: actions, and in each of them its requests.
 *
 *     ▾ push of library/hello:latest by docker/26.1.5       9 requests, 3.2 MiB in, 2 blobs new, 1 shared, 1.2 s
 *         HEAD  /v2/library/hello/blobs/sha256:9b4e…   404   0.4 ms
 *               The client asks whether the repository has this blob. It has not, so …
 *         …
 *
 * The server writes it once. In the browser, `web/live.ts` adds each story when it comes, with the same functions.
 *
 * Next: story_parts.ts
 *
 * @module
 */

import { counted, formatMilliseconds } from "../../definitions/size.ts";
import { HEADINGS } from "../../spec/headings.ts";
import { describeAction, sumOf } from "../../stories/action_words.ts";
import type { Action } from "../../stories/action.ts";
import { whyOf } from "../../stories/why.ts";
import type { Change } from "../../disk/disk.ts";
import type { StoryData } from "../../story.ts";
import { addressOf, addressOfSource, addressOfStory } from "../addresses.ts";
import { Feed, type FeedAction, filtered, isEmpty, LANES, type StoryFilter } from "../feed.ts";
import { element, type Markup } from "../markup.ts";
import { changesView, clockOf, refusalView, urlView, withDigests } from "./story_parts.ts";

/** The facts of the live stories. */
export interface LiveFacts {
  /** The stories, the oldest first. */
  readonly stories: readonly StoryData[];
  /** What is not shown. */
  readonly filter: StoryFilter;
}

/** The most requests of one action that are shown. The newest ones are. */
export const MOST_SHOWN = 250;

/** The live stories as a part of a page. Those of a moment in the past stay as they are. */
export function liveView({ stories, filter }: LiveFacts, isNow = true): Markup {
  const actions = new Feed(stories).actions.map((action) => filtered(action, filter)).filter(({ stories }) =>
    stories.length > 0
  );
  return element(
    "section",
    { class: "live", "aria-label": "Live stories", "data-island": isNow && "live" },
    filterForm(filter),
    element("p", { role: "status", class: "live-status", "data-key": "status" }),
    element(
      "div",
      { role: "log", "aria-label": "Stories", class: "feed", "data-key": "log" },
      element("p", { class: "feed-empty", hidden: actions.length > 0 }, nothingYet(filter)),
      element("ol", { class: "actions" }, actions.map((action, index) => actionView(action, index < 3))),
    ),
  );
}

/** Says that there is nothing to see, and why. */
export function nothingYet(filter: StoryFilter): string {
  return isEmpty(filter)
    ? "No client has sent a request yet. Push or pull something, and it is here at once."
    : "None of the stories that are remembered passes the filter.";
}

// A form that works without JavaScript, too: it asks for the home page with a query.
function filterForm(filter: StoryFilter): Markup {
  const input = (name: keyof StoryFilter, text: string, attributes = {}) =>
    element(
      "label",
      {},
      element("span", {}, text),
      element("input", { name, value: filter[name], maxlength: 300, spellcheck: "false", ...attributes }),
    );
  return element(
    "form",
    { role: "search", "aria-label": "Filter of the stories", class: "live-tools", action: "/", "data-key": "filter" },
    element(
      "details",
      { open: !isEmpty(filter) },
      element("summary", {}, "Filter"),
      element(
        "div",
        { class: "fields" },
        input("text", "Text", { type: "search" }),
        element(
          "label",
          {},
          element("span", {}, "Method"),
          element(
            "select",
            { name: "method" },
            ["", "GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"].map((method) =>
              element("option", { value: method, selected: method === filter.method }, method === "" ? "any" : method)
            ),
          ),
        ),
        input("status", "Status", { placeholder: "404 or 4xx" }),
        input("repository", "Repository"),
        input("client", "Client"),
        element("button", { type: "submit" }, "Show"),
        !isEmpty(filter) && element("a", { href: "/" }, "Show all"),
      ),
    ),
  );
}

/** An action: a line that opens, and its requests. */
export function actionView(action: FeedAction, isOpen: boolean): Markup {
  const { id } = action.action;
  return element(
    "li",
    { "data-key": id, class: `action lane-${action.lane % LANES}` },
    element(
      "details",
      { open: isOpen },
      element("summary", {}, summaryView(action)),
      element("div", { class: "outcome" }, outcomeView(action)),
      element("ol", { class: "stories" }, action.stories.slice(-MOST_SHOWN).map((story) => storyView(story, action))),
    ),
  );
}

// The word for a state. An action that is done needs none. One that is quiet has sent nothing for some seconds: most clients end so, but
// a push ends with a manifest.
function stateOf({ state, kind }: Action): string | undefined {
  if (state === "running") return "running";
  return state === "quiet" && (kind === "push" || kind === "copy") ? "stopped before its last manifest" : undefined;
}

// Each lane has a shape as well as a colour.
const SHAPES = "●■▲◆★✚";

/** The line of an action. */
export function summaryView({ action, lane }: FeedAction): Markup {
  const state = stateOf(action);
  return [
    element("span", { class: "lane", "aria-hidden": "true" }, SHAPES[lane % LANES]),
    element("span", { class: `kind kind-${action.kind}` }, withDigests(describeAction(action))),
    " ",
    element("span", { class: "sum" }, sumOf(action)),
    " ",
    element("time", { datetime: action.begun, class: "quiet" }, clockOf(action.begun)),
    state !== undefined && [" ", element("span", { class: `state state-${action.state}` }, state)],
  ];
}

/** What an action has made in the end, and a way to it. While it is running, nothing: of many requests it would take long each time. */
export function outcomeView({ action: { to, from, state, requests }, stories, hidden = 0 }: FeedAction): Markup {
  const held = hidden > 0 &&
    element("p", { class: "quiet" }, `The filter shows ${stories.length} of ${counted(requests, "request")}.`);
  if (state === "running") return held;
  const { made, moreChanges } = madeBy(stories);
  const about = to ?? from;
  const tag = about?.tags.at(-1);
  const subject = about === undefined || (tag ?? about.digest) === undefined
    ? undefined
    : tag === undefined
    ? { name: `${about.repository}@${about.digest}`, path: `${about.repository}/${about.digest}` }
    : { name: `${about.repository}:${tag}`, path: `${about.repository}/_tags/${tag}` };
  const count = (wanted: Change["sign"], one: string, many: string) => {
    const found = made.filter(({ sign }) => sign === wanted).length;
    return found === 0 ? [] : [`${found} ${found === 1 ? one : many}`];
  };
  const others = [...new Set(made.map(({ sameAs }) => sameAs?.replace(/\/[^/]*:.*$/, "")))].filter((other) => other);
  const sharedWith = others.length === 0 ? "" : ` with ${others.slice(0, 3).join(", ")}`;
  const parts = [
    ...count("+", "file made", "files made"),
    ...count("~", "file changed", "files changed"),
    ...count("-", "file removed", "files removed"),
    ...count("=", `file shared${sharedWith}`, `files shared${sharedWith}`),
  ];
  return [
    held,
    subject !== undefined &&
    element("p", {}, "Look at ", element("a", { href: addressOf(subject.path) }, withDigests(subject.name))),
    made.length > 0 &&
    element(
      "details",
      { "data-key": "made" },
      element("summary", {}, parts.join(", ")),
      changesView(made, moreChanges, MOST_MADE),
    ),
  ];
}

// What is left of all changes together. The files of upload sessions are only on their way.
function madeBy(stories: readonly StoryData[]): { readonly made: readonly Change[]; readonly moreChanges: number } {
  const made = new Map<string, Change>();
  let moreChanges = 0;
  for (const { changes, moreChanges: more = 0 } of stories) {
    moreChanges += more;
    for (const change of changes) {
      const { sign, path } = change;
      if (path.includes("/_uploads/")) continue;
      const before = made.get(path)?.sign;
      if (sign === "-" && (before === "+" || before === "=")) made.delete(path);
      else made.set(path, sign === "~" && before === "+" ? { ...change, sign: "+" } : change);
    }
  }
  return { made: [...made.values()], moreChanges };
}

const MOST_MADE = 50;

/** A request: its line, why it was sent, what it has changed, and why it was refused. */
export function storyView(story: StoryData, { stories }: Pick<FeedAction, "stories">): Markup {
  const { id, method, url, status, milliseconds, session, warnings, changes, moreChanges } = story;
  const { sentence, meaning } = whyOf(story);
  const heading = HEADINGS.find(({ title }) => title === story.heading);
  return element(
    "li",
    { "data-key": id, class: `story ${meaning}` },
    element(
      "p",
      { class: "line" },
      element(
        "a",
        { href: addressOfStory(id) },
        element("b", { class: "method" }, method),
        " ",
        element("span", { class: "url" }, urlView(url)),
      ),
      " ",
      element("span", { class: `status ${meaning}` }, status),
      " ",
      element("span", { class: "quiet" }, formatMilliseconds(milliseconds)),
      session !== undefined && [" ", sessionView(session, stories)],
    ),
    element("p", { class: "why" }, withDigests(sentence)),
    changes.length + (moreChanges ?? 0) > 0 && changesView(changes, moreChanges),
    refusalView(story),
    warnings !== undefined && element("p", { class: "warning" }, `Warning: ${warnings}`),
    heading !== undefined && heading.file !== "" &&
      element("p", { class: "quiet from" }, element("a", { href: addressOfSource(heading.file) }, heading.title)),
  );
}

// The requests of one upload session have the same number and colour, among the sessions of their action.
function sessionView(session: string, stories: readonly StoryData[]): Markup {
  const sessions = [...new Set(stories.map(({ session }) => session).filter((session) => session !== undefined))];
  const number = sessions.indexOf(session) + 1;
  return element("span", { class: `session session-${number % LANES}`, title: session }, `⇡ upload ${number}`);
}
