/**
 * The view of the samples: what each is for, and a button that pushes it.
 *
 * Next: board.ts
 *
 * @module
 */

import type { NoLessons } from "../../workshop/lesson_facts.ts";
import type { SampleInfo, SampleKind, SamplesFacts } from "../../workshop/sample_facts.ts";
import { element, type Markup } from "../markup.ts";
import { noLessonsView } from "./lessons.ts";
import { prose } from "./prose.ts";

/** The facts: the samples, and where a button pushes them to. */
export interface SamplesPageFacts extends SamplesFacts {
  /** The beginning of the names of their repositories. */
  readonly to: string;
}

/** The title. */
export function titleOf(): string {
  return "Samples";
}

const HEADINGS: Readonly<Record<SampleKind, string>> = {
  good: "Good ones",
  refused: "Refused ones",
  broken: "Broken ones",
  damaged: "Damaged ones",
};

/** What is to be seen. */
export function view(facts: SamplesPageFacts | NoLessons): Markup {
  if ("refusal" in facts) return noLessonsView(facts);
  const { samples, kinds, to } = facts;
  return [
    element("h1", {}, "Samples"),
    element(
      "p",
      {},
      "Small images and other artifacts to look at. Their digests never change. A button pushes one below ",
      element("code", {}, `${to}/`),
      ". In a terminal, ",
      element("code", {}, `deno task samples --to ${to} NAME`),
      " does the same on the machine of the registry.",
    ),
    element("p", { role: "status", class: "told", "data-key": "told" }),
    (Object.keys(HEADINGS) as SampleKind[]).map((kind) => [
      element("h2", {}, HEADINGS[kind]),
      element("p", {}, kinds[kind]),
      element("dl", { class: "samples" }, samples.filter((sample) => sample.kind === kind).map((one) => row(one, to))),
    ]),
  ];
}

function row({ name, purpose, meets }: SampleInfo, to: string): Markup {
  return [
    element("dt", {}, element("code", {}, name)),
    element(
      "dd",
      {},
      element("button", {
        type: "button",
        class: "needs-script",
        "data-sample": name,
        "data-to": to,
        "aria-label": `Push ${name}`,
      }, "Push"),
      " ",
      element("span", {}, prose(purpose), meets !== undefined && [" It meets: ", element("q", {}, meets)]),
    ),
  ];
}
