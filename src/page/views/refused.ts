/**
 * The view of a refusal: what a person sees who may not see anything, or has not logged in.
 *
 * Next: ../own_files.ts
 *
 * @module
 */

import { addressOfLogin } from "../addresses.ts";
import { element, type Markup } from "../markup.ts";

/** The facts of a refusal. */
export interface RefusedFacts {
  /** The status of the answer. */
  readonly status: number;
  /** What was expected. */
  readonly expected: string;
  /** What was there. */
  readonly actual: string;
  /** Where the person wants to go. */
  readonly to: string;
}

/** The title. */
export function titleOf({ status }: RefusedFacts): string {
  return status === 401 ? "Log in" : "Refused";
}

/** What is to be seen. */
export function view(facts: RefusedFacts): Markup {
  const { status, expected, actual, to } = facts;
  return [
    element("h1", {}, titleOf(facts)),
    status === 401
      ? element("p", {}, "This registry asks for a name and a password. Without them, this address shows nothing.")
      : element("p", {}, "The registry has refused this request."),
    element(
      "dl",
      { class: "refusal" },
      element("dt", {}, "expected"),
      element("dd", {}, expected),
      element("dt", {}, "got"),
      element("dd", {}, actual),
    ),
    element(
      "p",
      { class: "toolbar" },
      status === 401 && element("a", { href: addressOfLogin(to) }, "Log in"),
      element("a", { href: "/" }, "To the beginning"),
    ),
  ];
}
