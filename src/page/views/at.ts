/**
 * The view of a path: a folder, a repository, a tag, a manifest, a blob, a file in a layer, and all else that `look` finds.
 *
 * Next: repository.ts
 *
 * @module
 */

import { shorten } from "../../definitions/printable.ts";
import type {
  Facts,
  FieldFacts,
  InvalidFacts,
  MissingFacts,
  ReferrersFacts,
  TagFacts,
  UploadFacts,
} from "../../looking/facts.ts";
import { addressOf, addressOfDiff } from "../addresses.ts";
import type { LookedFacts, ThereFacts } from "../looked.ts";
import { element, type Markup } from "../markup.ts";
import { bytesOf } from "./bytes.ts";
import { blob, file } from "./content.ts";
import { json } from "./json.ts";
import { descriptor, manifest, referrers } from "./manifest.ts";
import { commands, digestOf, formats, linkTo, size, time, troubles, way } from "./pieces.ts";
import { tree } from "./tree.ts";
import { folder, repository, subjects, tags, uploads } from "./repository.ts";

/** The title. */
export function titleOf({ look, asked }: LookedFacts): string {
  return shorten(look?.address || asked || "Repositories");
}

/** What is to be seen. */
export function view(facts: LookedFacts): Markup {
  if (hasLook(facts)) {
    const { look } = facts;
    const isWrongWay = look.kind === "missing" || look.kind === "invalid";
    return [
      !isWrongWay && way(look),
      element("h1", {}, headingOf(look)),
      formats(look.formats),
      isWrongWay ? [] : troubles(look),
      body(facts),
      commands(facts.commands),
    ];
  }
  if (facts.tree !== undefined) return [element("h1", {}, shorten(facts.asked)), tree(facts.tree)];
  return [
    element("h1", {}, shorten(facts.asked)),
    element("p", { class: "limit", role: "status" }, facts.stopped),
    element("p", {}, element("a", { href: addressOf(facts.asked) }, "Try again")),
  ];
}

function hasLook(facts: LookedFacts): facts is ThereFacts {
  return facts.look !== undefined;
}

const NAMES: Record<Facts["kind"], string> = {
  folder: "Repositories",
  repository: "Repository",
  tags: "Tags of",
  subjects: "What others refer to in",
  uploads: "Uploads to",
  tag: "Tag",
  manifest: "Manifest",
  field: "A part of",
  blob: "Blob",
  file: "File",
  referrers: "What refers to",
  upload: "Upload",
  missing: "Not there:",
  invalid: "No address:",
};

function headingOf(look: Facts): Markup {
  const of = (text: string): Markup => [`${NAMES[look.kind]} `, element("code", {}, shorten(text))];
  switch (look.kind) {
    case "folder":
      return look.name === "" ? "Repositories" : [`Repositories in `, element("code", {}, look.name)];
    case "tag":
      return of(`${look.name}:${look.tag}`);
    case "manifest":
      return [look.shape === "index" ? "Index " : "Manifest ", element("code", {}, shorten(look.digest))];
    case "blob":
      return [
        look.layer !== undefined ? "Layer " : look.image !== undefined ? "Config " : "Blob ",
        element("code", {}, shorten(look.digest)),
      ];
    case "file":
      return [`${look.row.kind[0].toUpperCase()}${look.row.kind.slice(1)} `, element("code", {}, `/${look.path}`)];
    case "referrers":
      return of(look.digest);
    case "upload":
      return of(look.id);
    case "repository":
    case "tags":
    case "subjects":
    case "uploads":
      return of(look.name);
    default:
      return of(look.address);
  }
}

function body(facts: ThereFacts): Markup {
  const { look } = facts;
  switch (look.kind) {
    case "folder":
      return folder(look);
    case "repository":
      return repository(look);
    case "tags":
      return tags(look);
    case "subjects":
      return subjects(look);
    case "uploads":
      return uploads(look);
    case "tag":
      return tag(look);
    case "manifest":
      return manifest(look);
    case "field":
      return field(look);
    case "blob":
      return blob(look, facts);
    case "file":
      return file(look, facts);
    case "referrers":
      return referrersOf(look);
    case "upload":
      return upload(look);
    case "missing":
      return missing(look);
    case "invalid":
      return invalid(look);
  }
}

function tag({ digest, changed, target, about, name, address }: TagFacts): Markup {
  return [
    element(
      "p",
      { class: "lead" },
      "A tag is a name for people. It points to ",
      digest === undefined ? "nothing" : digestOf(digest, target?.kind === "manifest" ? target.address : undefined),
      changed !== undefined && [", since ", time(changed)],
      ". ",
      element("a", { href: addressOf(name) }, "Other tags"),
      ", ",
      element("a", { href: addressOfDiff(address, "") }, "compare it"),
      ".",
    ),
    about !== undefined && element("p", {}, "By its name, it is about ", linkTo(about), "."),
    target?.kind === "missing" && missing(target),
    target?.kind === "manifest" && [formats(target.formats), troubles(target), manifest(target)],
  ];
}

function field({ fields, descriptor: pointsTo, text, address, pointer }: FieldFacts): Markup {
  return [
    pointsTo !== undefined && descriptor(pointsTo),
    json({ text, isWhole: true, fields }, shorten(address), pointer),
  ];
}

function referrersOf({ subject, referrers: list }: ReferrersFacts): Markup {
  return [
    element(
      "p",
      {},
      subject === undefined
        ? "The subject itself is not here. It may be pushed later."
        : ["The subject: ", linkTo(subject)],
    ),
    referrers(list),
  ];
}

function upload({ size: bytes, used, isGrowing, content }: UploadFacts): Markup {
  return [
    element("p", { class: "lead" }, size(bytes), " so far", used !== undefined && [", last used at ", time(used)], "."),
    element(
      "p",
      {},
      isGrowing ? "A request appends bytes at this moment." : `The next chunk begins at the offset ${bytes}.`,
    ),
    bytesOf(content),
  ];
}

function missing({ text, near }: MissingFacts): Markup {
  return [
    element("p", { class: "lead" }, text),
    near.length > 0
      ? [
        element("p", {}, "Did you mean one of these?"),
        element("ul", {}, near.map((place) => element("li", {}, linkTo(place)))),
      ]
      : element("p", {}, element("a", { href: "/at/" }, "All repositories")),
  ];
}

function invalid({ expected, actual }: InvalidFacts): Markup {
  return element(
    "dl",
    {},
    element("dt", {}, "expected"),
    element("dd", {}, expected),
    element("dt", {}, "got"),
    element("dd", {}, element("code", {}, actual)),
  );
}
