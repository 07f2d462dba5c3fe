/**
 * Parts of a story that several views show: its URL, what was changed on disk, and why the request was refused.
 *
 *     + library/hello/sha256:9b4e…/layer.tar.gz   3.2 MiB
 *     DIGEST_INVALID   PUSH-SINGLE-03   expected sha256:9b4e…   got sha256:fcde…
 *
 * Next: moment.ts
 *
 * @module
 */

import { formatBytes } from "../../definitions/size.ts";
import type { Change } from "../../disk/disk.ts";
import type { StoryData } from "../../story.ts";
import { addressOf, addressOfRule } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";

/** What was changed on disk: the first changes, and the number of the others. */
export function changesView(changes: readonly Change[], more = 0, most = MOST_CHANGES): Markup {
  return element(
    "ul",
    { class: "changes" },
    changes.slice(0, most).map(changeView),
    changes.length + more > most && element("li", {}, `… and ${changes.length + more - most} more`),
  );
}

const MOST_CHANGES = 20;

const SIGNS = { "+": "new", "~": "changed", "-": "removed", "=": "same" } as const;
const WORDS = { "+": "new", "~": "changed", "-": "removed", "=": "a second name" } as const;

function changeView({ sign, path, size, sameAs }: Change): Markup {
  return element(
    "li",
    { class: SIGNS[sign] },
    element("span", { class: "sign", "aria-hidden": "true" }, sign),
    element("span", { class: "visually-hidden" }, `${WORDS[sign]}: `),
    " ",
    element("a", { href: addressOf(path.replace(/\/$/, "")) }, withDigests(path)),
    size !== undefined && ` ${formatBytes(size)}`,
    sameAs !== undefined && [" as ", element("a", { href: addressOf(sameAs) }, withDigests(sameAs))],
  );
}

/** Why the registry has refused a request, or failed. */
export function refusalView({ refusal, failure }: StoryData): Markup {
  if (failure !== undefined) return failureView(failure);
  return refusal?.details.map(({ rule, expected, actual }) =>
    element(
      "dl",
      { class: "refusal" },
      element("dt", {}, refusal.code),
      element("dd", {}, element("a", { href: addressOfRule(rule) }, rule)),
      element("dt", {}, "expected"),
      element("dd", {}, withDigests(expected)),
      element("dt", {}, "got"),
      element("dd", {}, withDigests(actual)),
    )
  );
}

// The first line of a failure says what it is. The others are for those who know the source.
function failureView(failure: string): Markup {
  const [first, ...others] = failure.split("\n");
  return element(
    "details",
    { class: "refusal failure" },
    element("summary", {}, first),
    others.length > 0 && element("pre", {}, others.join("\n")),
  );
}

/** A URL as people read it: with ":" where most clients write "%3A". */
export function urlView(url: string): Markup {
  return withDigests(url.replace(/%3A/gi, ":"));
}

/** A text with its digests. An eye sees their first digits; a search, a screen reader and a copy have them whole. */
export function withDigests(text: string): Markup {
  const parts = text.split(/((?:sha256|sha512):[0-9a-f]{12})([0-9a-f]{20,})/);
  if (parts.length === 1) return text;
  return parts.map((part, at) => {
    if (at % 3 === 0) return part;
    return at % 3 === 1 && element("span", { class: "digest" }, part, element("span", {}, parts[at + 1]));
  });
}

/** The time of day of a time, in UTC. */
export function clockOf(time: string): string {
  return time.slice(11, 19);
}
