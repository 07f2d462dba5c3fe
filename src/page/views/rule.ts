/**
 * The view of a rule, and of the list of all.
 *
 * Next: ../sources.ts
 *
 * @module
 */

import { addressOfRule, addressOfSource, addressOfStory } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";
import type { RuleFacts, RuleListFacts, RuleRow, StoryOfRule } from "../rules.ts";
import { clockOf } from "./story_parts.ts";

/** The title. */
export function titleOf(facts: RuleFacts | RuleListFacts): string {
  return "rule" in facts ? facts.rule.id : "Rules";
}

/** What is to be seen. */
export function view(facts: RuleFacts | RuleListFacts): Markup {
  return "rule" in facts ? viewOfRule(facts) : viewOfList(facts);
}

function viewOfList({ filter, total, shown, headings }: RuleListFacts): Markup {
  return [
    element("h1", {}, "Rules"),
    element(
      "p",
      {},
      `The spec has ${total} rules, each in one sentence of our own words. Each leads to the spec, to the sources and tests that name it, `,
      "and to the requests that touched it.",
    ),
    element(
      "form",
      { role: "search", class: "filter" },
      element("label", { for: "filter" }, "Only rules with these words: "),
      element("input", { id: "filter", name: "filter", type: "search", value: filter, placeholder: "MUST chunk" }),
      " ",
      element("button", {}, "Show"),
    ),
    filter !== "" &&
    element("p", { role: "status" }, `${shown} of ${total} rules. `, element("a", { href: "/rule/" }, "Show all")),
    headings.map(({ heading, rules }) =>
      element(
        "section",
        { id: heading.rules, "aria-label": heading.title },
        element("h2", {}, heading.title),
        heading.file !== "" && element("p", {}, element("a", { href: addressOfSource(heading.file) }, heading.file)),
        rulesAsList(rules),
      )
    ),
  ];
}

function rulesAsList(rules: readonly RuleRow[], current?: string): Markup {
  return element(
    "ul",
    { class: "rules" },
    rules.map(({ id, keyword, actor, requirement }) =>
      element(
        "li",
        {},
        element("a", { href: addressOfRule(id), "aria-current": id === current ? "page" : undefined }, id),
        " ",
        element("b", {}, keyword),
        ` (${actor}) ${requirement}`,
      )
    ),
  );
}

function viewOfRule({ rule, heading, spec, specLine, sources, tests, stories, neighbours }: RuleFacts): Markup {
  return [
    element("h1", {}, rule.id),
    element(
      "p",
      { class: "rule" },
      element("b", {}, rule.keyword),
      ` (binds ${rule.actor === "both" ? "both sides" : `the ${rule.actor}`}): `,
      rule.requirement,
    ),
    element(
      "nav",
      { "aria-label": "Neighbours", class: "tour" },
      neighbours.previous !== undefined &&
        element("a", { href: addressOfRule(neighbours.previous), rel: "prev" }, `← ${neighbours.previous}`),
      " ",
      neighbours.next !== undefined &&
        element("a", { href: addressOfRule(neighbours.next), rel: "next" }, `${neighbours.next} →`),
      " ",
      element("a", { href: "/rule/" }, "all rules"),
    ),
    element(
      "dl",
      {},
      element("dt", {}, "Seen by"),
      element("dd", {}, rule.observable),
      element("dt", {}, "Heading"),
      element("dd", {}, element("a", { href: `/rule/#${heading.rules}` }, heading.title)),
      element("dt", {}, "Spec"),
      element(
        "dd",
        {},
        element("a", { href: spec, rel: "noreferrer" }, "the heading"),
        ", ",
        element("a", { href: specLine, rel: "noreferrer" }, `line ${rule.line}`),
        `, since version ${rule.since}`,
      ),
      element("dt", {}, "Endpoints"),
      element("dd", {}, rule.endpoint.replaceAll(",", ", ")),
      heading.file !== "" && [
        element("dt", {}, "Source"),
        element("dd", {}, element("a", { href: addressOfSource(heading.file) }, heading.file)),
      ],
    ),
    element("h2", {}, "Sources that cite it"),
    sources.length === 0 ? element("p", {}, "No source names this rule.") : element(
      "ul",
      {},
      sources.map(({ file, lines }) =>
        element(
          "li",
          {},
          lines.map((line, at) => [
            at > 0 && ", ",
            element("a", { href: addressOfSource(file, line) }, at === 0 ? `${file}, line ${line}` : line),
          ]),
        )
      ),
    ),
    element("h2", {}, "Tests that name it"),
    viewOfTests(rule, tests),
    element("h2", {}, "Stories that touched it"),
    viewOfStories(stories),
    element("h2", {}, "Under the same heading"),
    rulesAsList(neighbours.heading, rule.id),
  ];
}

function viewOfTests({ id, untested }: RuleRow, tests: RuleFacts["tests"]): Markup {
  if (tests === undefined) {
    return element(
      "p",
      {},
      "This program may not read the tests. ",
      element("code", {}, `deno task rule ${id}`),
      " lists them.",
    );
  }
  if (tests.length === 0) return element("p", {}, untested === "" ? "No test names this rule." : `None: ${untested}`);
  return element(
    "ul",
    {},
    tests.map(({ file, line, name }) => element("li", {}, `${name} `, element("small", {}, `${file}:${line}`))),
  );
}

function viewOfStories({ broken, kept, total }: RuleFacts["stories"]): Markup {
  if (total === 0) return element("p", {}, "No request that is remembered came to this rule.");
  return [
    element("h3", {}, "Broken"),
    broken.length === 0 ? element("p", {}, "By no request.") : element(
      "ul",
      { class: "stories" },
      broken.map((story) =>
        element(
          "li",
          {},
          requestOf(story),
          element(
            "dl",
            {},
            element("dt", {}, "expected"),
            element("dd", {}, story.broken!.expected),
            element("dt", {}, "got"),
            element("dd", {}, story.broken!.actual),
          ),
        )
      ),
    ),
    element("h3", {}, "Not broken"),
    element("p", {}, "These requests followed the heading of this rule, and were not refused."),
    kept.length === 0
      ? element("p", {}, "None.")
      : element("ul", { class: "stories" }, kept.map((story) => element("li", {}, requestOf(story)))),
  ];
}

function requestOf({ id, time, method, url, status }: StoryOfRule): Markup {
  return [
    element("a", { href: addressOfStory(id) }, element("code", {}, `${method} ${url}`)),
    ` ${status} `,
    element("time", { datetime: time }, clockOf(time)),
  ];
}
