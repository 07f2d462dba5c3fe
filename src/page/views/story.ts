/**
 * The view of one story.
 *
 * Next: home.ts
 *
 * @module
 */

import { formatBytes } from "../../definitions/size.ts";
import { HEADINGS, SPEC } from "../../spec/headings.ts";
import { addressOfSource, addressOfStory } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";
import type { ForgottenFacts, StoryFacts, StoryInBrief } from "../stories.ts";
import { changesView, refusalView, urlView, withDigests } from "./story_parts.ts";

/** The title. */
export function titleOf(facts: StoryFacts | ForgottenFacts): string {
  return "story" in facts ? `${facts.story.method} ${facts.story.url}` : "A story that is not remembered";
}

/** What is to be seen. */
export function view(facts: StoryFacts | ForgottenFacts): Markup {
  return "story" in facts ? storyInFull(facts) : forgottenView(facts);
}

function storyInFull({ story, why, curl, action, before, after }: StoryFacts): Markup {
  const { method, url, status, milliseconds, time, changes, moreChanges, warnings, peer, userAgent } = story;
  const heading = HEADINGS.find(({ title }) => title === story.heading);
  return [
    element("h1", { class: "request" }, method, " ", urlView(url)),
    element(
      "p",
      { class: "answer" },
      element("span", { class: `status ${why.meaning}` }, status),
      ` after ${milliseconds} ms, at `,
      element("time", { datetime: time }, time),
    ),
    element("p", { class: "why" }, withDigests(why.sentence)),
    refusalView(story),
    warnings !== undefined && element("p", { class: "warning" }, `Warning: ${warnings}`),
    section(
      "Changes",
      changes.length === 0
        ? element("p", {}, "This request has changed nothing on disk.")
        : changesView(changes, moreChanges, 1000),
    ),
    section(
      "Client",
      facts([
        ["says of itself", userAgent ?? "nothing"],
        [
          "address",
          peer === undefined ? "not known" : `${peer.host}${peer.port === undefined ? "" : ` port ${peer.port}`}`,
        ],
        ["has sent", formatBytes(story.bytesIn)],
        ["has got", story.bytesOut === undefined ? "not known before the end" : formatBytes(story.bytesOut)],
      ]),
    ),
    section("Headers of the request", facts(Object.entries(story.headers ?? {}), "none that matter")),
    section("Headers of the answer", facts(Object.entries(story.answerHeaders ?? {}), "none that matter")),
    section(
      "Where it is decided",
      heading === undefined
        ? element(
          "p",
          {},
          "The request was answered before its row of the spec's table was found, or the spec does not know it.",
        )
        : element(
          "p",
          {},
          heading.file !== "" && [element("a", { href: addressOfSource(heading.file) }, heading.file), ", under "],
          element("a", { href: `${SPEC}#${heading.anchor}`, rel: "noreferrer" }, heading.title),
          story.endpoint !== undefined && `, ${story.endpoint} of the spec's table`,
        ),
    ),
    section(
      "Send it again",
      element("pre", { class: "curl", id: "curl", tabindex: 0 }, element("code", {}, curl)),
      element(
        "p",
        { class: "quiet" },
        "This is for a shell such as bash. A password or a token is in no story, so curl asks for it.",
      ),
    ),
    section(
      "Its action",
      element("p", {}, element("b", {}, withDigests(action.title)), ` ${action.sum}`),
      element("ol", { class: "brief" }, action.stories.map((other) => briefView(other, other.id === story.id))),
    ),
    element(
      "nav",
      { "aria-label": "Stories before and after", class: "neighbours" },
      element("p", {}, before === undefined ? "No story before it is remembered." : ["Before: ", linkToStory(before)]),
      element("p", {}, after === undefined ? "No story came after it." : ["After: ", linkToStory(after)]),
    ),
  ];
}

function forgottenView({ id, wasTold, remembered, since }: ForgottenFacts): Markup {
  return [
    element("h1", {}, "A story that is not remembered"),
    element(
      "p",
      {},
      wasTold
        ? ["The registry has told the story ", element("code", {}, id), ", and does not remember it any more."]
        : ["The registry knows no story ", element("code", {}, id), ". Perhaps it has started again since."],
    ),
    element(
      "p",
      {},
      "Each thread remembers its last 1,000 stories. ",
      since === undefined ? "At the moment there is none." : [
        `At the moment there are ${remembered}, and the oldest one is of `,
        element("time", { datetime: since }, since),
        ".",
      ],
    ),
    element("p", {}, element("a", { href: "/" }, "The stories that are remembered")),
  ];
}

function section(title: string, ...content: readonly Markup[]): Markup {
  return element("section", {}, element("h2", {}, title), content);
}

function facts(rows: readonly (readonly [name: string, value: string])[], none = ""): Markup {
  if (rows.length === 0) return element("p", {}, none);
  return element(
    "dl",
    { class: "facts" },
    rows.map(([name, value]) => [element("dt", {}, name), element("dd", {}, withDigests(value))]),
  );
}

function briefView(story: StoryInBrief, isThis: boolean): Markup {
  return element("li", {}, linkToStory(story, isThis), ` ${story.status}`);
}

function linkToStory({ id, method, url }: StoryInBrief, isThis = false): Markup {
  return element(
    "a",
    { href: addressOfStory(id), "aria-current": isThis && "true" },
    method,
    " ",
    urlView(url),
  );
}
