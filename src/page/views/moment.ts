/**
 * The view of time: a slider through the stories, and the folder as it was.
 *
 * Next: story.ts
 *
 * @module
 */

import { formatBytes } from "../../definitions/size.ts";
import { addressOf, addressOfStory } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";
import type { MomentFacts, TimeFacts } from "../moments.ts";
import { clockOf, urlView, withDigests } from "./story_parts.ts";

/** The slider; hidden until there is a request. Without JavaScript, its button goes to the moment. */
export function timeView({ ids, since, moment, isForgotten }: TimeFacts): Markup {
  const forgotten = isForgotten &&
    element("p", { class: "live-status" }, "The moment of this address is not remembered any more. This is now.");
  const step = moment?.step ?? ids.length;
  return [
    forgotten,
    element(
      "form",
      {
        class: "time",
        "aria-label": "Time",
        hidden: ids.length === 0,
        "data-island": "time",
        "data-ids": ids.join(" "),
      },
      element(
        "label",
        {},
        element("span", {}, "Time"),
        element("input", { type: "range", name: "step", min: 1, max: ids.length, value: step }),
      ),
      element("button", { type: "submit" }, "Go there"),
      element(
        "p",
        { class: "time-now" },
        moment === undefined
          ? [
            "Now. Go back to see the folder, its graph and the requests as they were.",
            since !== undefined && [" The oldest request that is remembered came ", timeOf(since), "."],
          ]
          : momentInWords(moment, ids),
      ),
    ),
  ];
}

function momentInWords({ story, step, untold }: MomentFacts, ids: readonly string[]): Markup {
  const at = (step: number) => `/?at=${ids[step - 1]}`;
  return [
    "As it was after request ",
    step,
    " of ",
    ids.length,
    ", ",
    element("a", { href: addressOfStory(story.id) }, story.method, " ", urlView(story.url)),
    ", ",
    timeOf(story.time),
    ". What other programs or people have changed is in no story, so it is shown as it is now. ",
    untold > 0 && `So are ${untold} changes that were too many for a story. `,
    step > 1 && [element("a", { href: at(step - 1), rel: "prev" }, "One request back"), " "],
    step < ids.length && [element("a", { href: at(step + 1), rel: "next" }, "One request on"), " "],
    element("a", { href: "/" }, "Back to now"),
  ];
}

function timeOf(time: string): Markup {
  return ["at ", element("time", { datetime: time }, clockOf(time))];
}

// The most files in the list.
const MOST_FILES = 500;

/** The folder as it was, as a list of its files. What the last story has changed is marked. */
export function folderView({ files, hasMore, story }: MomentFacts): Markup {
  const changed = new Set(story.changes.map(({ path }) => path));
  const rest = files.length - MOST_FILES;
  return element(
    "section",
    { "aria-label": "The folder then" },
    element("h2", {}, "The folder then"),
    files.length === 0 && element("p", {}, "It was empty."),
    element(
      "ul",
      { class: "changes" },
      files.slice(0, MOST_FILES).map(({ path, size, digest }) =>
        element(
          "li",
          { class: changed.has(path) && "new" },
          element("span", { class: "sign", "aria-hidden": "true" }, changed.has(path) ? "+" : ""),
          changed.has(path) && element("span", { class: "visually-hidden" }, "by this request: "),
          element("a", { href: addressOf(path) }, withDigests(path)),
          size !== undefined && ` ${formatBytes(size)}`,
          digest !== undefined && [" → ", withDigests(digest)],
        )
      ),
    ),
    (rest > 0 || hasMore) &&
      element("p", {}, hasMore ? "There were more files than are looked at." : `… and ${rest} more`),
  );
}
