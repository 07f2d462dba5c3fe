/**
 * The view of a claim: what an attestation or a signature says about an image. Nothing of it is verified, and the page says so.
 *
 * Next: tree.ts
 *
 * @module
 */

import type { StatementFacts } from "../../looking/facts.ts";
import { element, type Markup } from "../markup.ts";
import { json } from "./json.ts";
import { digestOf, formats, linkTo, outside } from "./pieces.ts";

/** Returns a claim. */
export function statementOf(
  {
    warning,
    envelope,
    type,
    predicateType,
    formats: list,
    subjects,
    builder,
    buildType,
    materials,
    certificate,
    logEntries,
    payload,
    broken,
  }: StatementFacts,
): Markup {
  const rows: [string, Markup][] = [
    ["Statement", type && outside(type, type)],
    ["Claim", predicateType && outside(predicateType, predicateType)],
    [
      "Speaks of",
      subjects.length > 0 && element(
        "ul",
        { class: "plain" },
        subjects.map(({ name, digest, link: place }) =>
          element("li", {}, name, " ", place ? linkTo(place) : digest && digestOf(digest))
        ),
      ),
    ],
    ["Built by", builder && outside(builder, builder)],
    ["Kind of build", buildType && outside(buildType, buildType)],
    [
      "Made from",
      materials.length > 0 && element(
        "ul",
        { class: "plain" },
        materials.map(({ uri, digest }) =>
          element("li", {}, element("code", {}, uri), " ", digest && digestOf(digest))
        ),
      ),
    ],
    [
      "Envelope",
      envelope &&
      `${envelope.payloadType}, ${envelope.signatures} ${envelope.signatures === 1 ? "signature" : "signatures"}`,
    ],
    ["Certificate", certificate && "in the bundle"],
    ["Public log", logEntries !== undefined && `${logEntries} entries`],
  ];
  return [
    element("h2", {}, "What it claims"),
    formats(list),
    element("p", { class: "limit" }, warning),
    broken !== undefined && element("p", { class: "fault" }, broken),
    element(
      "dl",
      { class: "facts" },
      rows.map(([name, value]) =>
        value !== undefined && value !== false && value !== "" && [element("dt", {}, name), element("dd", {}, value)]
      ),
    ),
    payload !== undefined && [element("h3", {}, "The claim itself"), json(payload, "the claim", "/payload")],
  ];
}
