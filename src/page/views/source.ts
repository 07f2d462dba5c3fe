/**
 * The view of a source file, and of the list of all.
 *
 * Comments are set apart from code. An import, the id of a rule and the next file of the tour are links.
 *
 * Next: prose.ts
 *
 * @module
 */

import { RULE_ID } from "../../spec/headings.ts";
import { addressOfRule, addressOfSource } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";
import type { SourceFacts, SourceListFacts } from "../sources.ts";

/** The title. */
export function titleOf(facts: SourceFacts | SourceListFacts): string {
  return "folders" in facts ? "Sources" : facts.file;
}

/** What is to be seen. */
export function view(facts: SourceFacts | SourceListFacts): Markup {
  return "folders" in facts ? viewOfList(facts) : viewOfFile(facts);
}

function viewOfList({ folders }: SourceListFacts): Markup {
  return [
    element("h1", {}, "Sources"),
    element(
      "p",
      {},
      "All of this registry, in the order in which you can read it. A file of a chapter is named after its heading in the spec.",
    ),
    folders.map(({ folder, sources }) =>
      element(
        "section",
        { "aria-label": folder },
        element("h2", {}, folder),
        element(
          "ul",
          { class: "sources" },
          sources.map(({ file, title, heading, lines }) =>
            element(
              "li",
              {},
              element("a", { href: addressOfSource(file) }, file.slice(folder.length + 1)),
              element("span", { class: "what" }, ` ${title}`),
              element("small", {}, ` ${lines} lines`, heading !== undefined && `, ${heading}`),
            )
          ),
        ),
      )
    ),
  ];
}

function viewOfFile({ file, title, headings, previous, next, lines }: SourceFacts): Markup {
  let isComment = false;
  return [
    element("h1", {}, file),
    element("p", {}, title),
    headings.length > 0 && element(
      "p",
      {},
      "Implements ",
      headings.map(({ title, rules }, at) => [at > 0 && ", ", element("a", { href: `/rule/#${rules}` }, title)]),
      ".",
    ),
    tour("Tour", previous, next),
    element(
      "ol",
      { class: "source", "aria-label": "Lines" },
      lines.map((line, at) => {
        isComment ||= /^\s*\/\*/.test(line);
        const markup = isComment ? commentary(line, file) : code(line, file);
        if (line.includes("*/")) isComment = false;
        return element("li", { id: `L${at + 1}` }, element("code", {}, markup));
      }),
    ),
    tour("Tour, behind the lines", previous, next),
  ];
}

function tour(label: string, previous: string | undefined, next: string | undefined): Markup {
  return element(
    "nav",
    { "aria-label": label, class: "tour" },
    previous !== undefined && element("a", { href: addressOfSource(previous), rel: "prev" }, `← ${previous}`),
    " ",
    next !== undefined && element("a", { href: addressOfSource(next), rel: "next" }, `${next} →`),
    " ",
    element("a", { href: "/source/" }, "all sources"),
  );
}

function code(line: string, file: string): Markup {
  const at = line.search(/(?<=^|\s)\/\//);
  const [before, comment] = at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at)];
  return [withLinks(before, file), comment !== "" && commentary(comment, file)];
}

function commentary(text: string, file: string): Markup {
  return element("i", { class: "comment" }, withLinks(text, file));
}

// An import or the next file; a rule; a source by its path in the project; a link to another site.
const LINKS = new RegExp(
  [
    /(?<=from "|import "|import\("|Next: )(?<relative>\.?[\w./-]+\.ts)/.source,
    `(?<rule>${RULE_ID.source})`,
    /(?<source>\bsrc\/[\w/-]+\.ts)/.source,
    /(?<site>https:\/\/[^\s)"'`<>]+[\w/])/.source,
  ].join("|"),
  "g",
);

function withLinks(text: string, file: string): Markup {
  const parts: Markup[] = [];
  let end = 0;
  for (const { index, 0: found, groups } of text.matchAll(LINKS)) {
    parts.push(text.slice(end, index), element("a", { href: addressFor(groups!, file) }, found));
    end = index + found.length;
  }
  return [...parts, text.slice(end)];
}

function addressFor({ relative, rule, source, site }: Record<string, string | undefined>, file: string): string {
  if (rule !== undefined) return addressOfRule(rule);
  if (site !== undefined) return site;
  return addressOfSource(source ?? new URL(relative!, `file:///${file}`).pathname.slice(1));
}
