/**
 * The facts of a rule of the spec.
 *
 *     GET /rule/PUSH-CHUNK-10
 *     { rule: { id: "PUSH-CHUNK-10", keyword: "MUST", requirement: "…" }, heading: { title: "Push > Pushing a blob in chunks", … } }
 *
 * Next: views/rule.ts
 *
 * @module
 */

import { type Heading, HEADINGS, SPEC } from "../spec/headings.ts";
import type { PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";
import { readOwnFile } from "./own_files.ts";

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
}

/** The facts of a rule. */
export interface RuleFacts {
  /** The rule. */
  readonly rule: RuleRow;
  /** The heading under which it stands. */
  readonly heading: Heading;
  /** The link to the spec. */
  readonly spec: string;
}

/** Returns the facts of a rule; `undefined` if there is none with this id. */
export async function factsOfRule({ rest }: PageAddress, _context: PageContext): Promise<RuleFacts | undefined> {
  const rule = (await allRules()).find(({ id }) => id === rest.toUpperCase());
  const heading = rule && HEADINGS.find(({ rules }) => rules === rule.id.slice(0, rule.id.lastIndexOf("-")));
  return rule && heading && { rule, heading, spec: `${SPEC}#${heading.anchor}` };
}

async function allRules(): Promise<readonly RuleRow[]> {
  const text = await readOwnFile("spec/requirements.tsv");
  const [names, ...rows] = (text ?? "").trimEnd().split("\n").map((line) => line.split("\t"));
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]]))) as unknown as RuleRow[];
}
