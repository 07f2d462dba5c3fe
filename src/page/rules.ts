/**
 * The facts of a rule of the spec, and of the list of all.
 *
 *     GET /rule/?filter=chunk      { filter: "chunk", headings: [{ title: "Push > Pushing a blob in chunks", rules: […] }], … }
 *     GET /rule/PUSH-CHUNK-10      { rule: { id: "PUSH-CHUNK-10", keyword: "MUST", … }, heading: …, sources: […], tests: […], stories: […] }
 *
 * Next: views/rule.ts
 *
 * @module
 */

import { type Heading, HEADINGS, SPEC } from "../spec/headings.ts";
import type { StoryData } from "../story.ts";
import type { PageAddress } from "./addresses.ts";
import type { PageContext, TestOfRule } from "./context.ts";
import { ownSources, readOwnFile } from "./own_files.ts";
import { maySeeStory } from "./seeing.ts";
import type { StoryInBrief } from "./stories.ts";

/** A row of `src/spec/requirements.tsv`. */
export interface RuleRow {
  /** Its id, such as `PUSH-CANCEL-01`. */
  readonly id: string;
  /** `MUST`, `MUST NOT`, `SHOULD`, `SHOULD NOT`, `MAY`, or `IMPLIED`. */
  readonly keyword: string;
  /** The side that it binds: `registry`, `client` or `both`. */
  readonly actor: string;
  /** The rule, in one sentence. */
  readonly requirement: string;
  /** How one sees that it is kept. */
  readonly observable: string;
  /** The rows of the table of endpoints that it is about, such as `end-4a,end-6`. */
  readonly endpoint: string;
  /** The version of the spec that has it first. */
  readonly since: string;
  /** The number of its line in the spec. */
  readonly line: string;
  /** The reason why no test names it; empty if a test has to. */
  readonly untested: string;
}

/** A story that touched a rule. */
export interface StoryOfRule extends StoryInBrief {
  /** The time of its answer. */
  readonly time: string;
  /** What a client got, if it broke the rule. */
  readonly broken?: { readonly expected: string; readonly actual: string };
}

/** The facts of a rule. */
export interface RuleFacts {
  /** The rule. */
  readonly rule: RuleRow;
  /** The heading under which it stands. */
  readonly heading: Heading;
  /** The link to the heading in the spec. */
  readonly spec: string;
  /** The link to the line in the spec. */
  readonly specLine: string;
  /** The sources that cite it, each with the numbers of the lines. */
  readonly sources: readonly { readonly file: string; readonly lines: readonly number[] }[];
  /** The tests that name it; absent if this program may not read the tests. */
  readonly tests?: readonly TestOfRule[];
  /** The last stories that followed its heading, the newest first: those that broke it, and the others. */
  readonly stories: {
    readonly broken: readonly StoryOfRule[];
    readonly kept: readonly StoryOfRule[];
    readonly total: number;
  };
  /** The rules before and after it, and all of its heading. */
  readonly neighbours: { readonly previous?: string; readonly next?: string; readonly heading: readonly RuleRow[] };
}

/** The facts of the list of rules. */
export interface RuleListFacts {
  /** The text that a rule has to have; empty for all rules. */
  readonly filter: string;
  /** The number of all rules, and of those that are shown. */
  readonly total: number;
  /** The number of rules that are shown. */
  readonly shown: number;
  /** The headings with their rules. */
  readonly headings: readonly { readonly heading: Heading; readonly rules: readonly RuleRow[] }[];
}

// The most stories of each kind that a rule shows.
const MOST_STORIES = 20;

/** Returns the facts of a rule or of the list; `undefined` if there is no rule with this id. */
export async function factsOfRule(
  { rest, query }: PageAddress,
  context: PageContext,
): Promise<RuleFacts | RuleListFacts | undefined> {
  const rules = await allRules();
  if (rest === "") return listOf(rules, query.get("filter") ?? "");
  const at = rules.findIndex(({ id }) => id === rest.toUpperCase());
  const rule = rules[at];
  const heading = rule && HEADINGS.find(({ rules }) => rules === headingOf(rule.id));
  if (heading === undefined) return undefined;
  return {
    rule,
    heading,
    spec: `${SPEC}#${heading.anchor}`,
    specLine: `${SPEC}?plain=1#L${rule.line}`,
    sources: await sourcesThatCite(rule.id),
    tests: (await context.tests?.())?.filter(({ rules }) => rules.includes(rule.id)),
    stories: await storiesOf(rule.id, heading, context),
    neighbours: {
      previous: rules[at - 1]?.id,
      next: rules[at + 1]?.id,
      heading: rules.filter(({ id }) => headingOf(id) === heading.rules),
    },
  };
}

/** Returns all rules, in the order of the spec. */
export async function allRules(): Promise<readonly RuleRow[]> {
  const text = await readOwnFile("spec/requirements.tsv");
  const [names, ...rows] = (text ?? "").trimEnd().split("\n").map((line) => line.split("\t"));
  const fields = names.map((name) => name === "not tested because" ? "untested" : name);
  return rows.map((row) => Object.fromEntries(fields.map((field, at) => [field, row[at] ?? ""])) as unknown as RuleRow);
}

function headingOf(id: string): string {
  return id.slice(0, id.lastIndexOf("-"));
}

function listOf(all: readonly RuleRow[], filter: string): RuleListFacts {
  const words = filter.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const rules = all.filter((rule) => {
    const text = Object.values(rule).join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const byHeading = Map.groupBy(rules, ({ id }) => headingOf(id));
  const headings = HEADINGS.filter((heading) => byHeading.has(heading.rules))
    .map((heading) => ({ heading, rules: byHeading.get(heading.rules)! }));
  return { filter, total: all.length, shown: rules.length, headings };
}

// The files in src/spec/ are about all rules: an id in them is an example.
async function sourcesThatCite(id: string): Promise<RuleFacts["sources"]> {
  const citation = new RegExp(`(?<![\\w-])${id}(?![\\w])`);
  const sources = (await ownSources()).filter(({ file, text }) => !file.startsWith("src/spec/") && text.includes(id));
  return sources.map(({ file, text }) => ({
    file,
    lines: text.split("\n").flatMap((line, at) => citation.test(line) ? [at + 1] : []),
  })).filter(({ lines }) => lines.length > 0);
}

async function storiesOf(
  id: string,
  heading: Heading,
  context: PageContext,
): Promise<RuleFacts["stories"]> {
  const broken: StoryOfRule[] = [];
  const kept: StoryOfRule[] = [];
  let total = 0;
  for (const story of (await context.stories.recent()).toReversed()) {
    const refused = story.refusal?.details.find(({ rule }) => rule === id);
    if (refused === undefined && story.heading !== heading.title) continue;
    if (!maySeeStory(context, story)) continue;
    total++;
    const list = refused === undefined ? kept : broken;
    if (list.length < MOST_STORIES && (refused !== undefined || story.refusal === undefined)) {
      list.push(rowOf(story, refused));
    }
  }
  return { broken, kept, total };
}

function rowOf(
  { id, time, method, url, status }: StoryData,
  refused?: { expected: string; actual: string },
): StoryOfRule {
  return { id, time, method, url, status, broken: refused && { expected: refused.expected, actual: refused.actual } };
}
