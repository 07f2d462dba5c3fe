/**
 * The document around a panel: what every address of the page has.
 *
 *     <!DOCTYPE html>
 *     <title>library/hello - Glassbox</title>
 *     <body data-panel="at">
 *       <nav> … </nav>
 *       <main> the view of the panel </main>
 *
 * Next: markup.ts
 *
 * @module
 */

import { element, escape, type Markup, toHtml, visible } from "./markup.ts";
import { addressOfLogin } from "./addresses.ts";
import type { Person, Unreadable } from "./context.ts";
import type { Shown } from "./panels.ts";
import { unreadableView } from "./views/unreadable.ts";

/** What stands around a panel. */
export interface Frame {
  /** The version of Glassbox. */
  readonly version: string;
  /** The address that the person has opened: a path and a query. */
  readonly address: string;
  /** The person who looks; `undefined` if nobody can log in here. */
  readonly person?: Person;
  /** True if there are lessons. */
  readonly hasLessons?: boolean;
  /** True for a person who may see nothing: the modules of the page would only ask for what is refused. */
  readonly isRefused?: boolean;
  /** What cannot be read. */
  readonly unreadable?: readonly Unreadable[];
}

// The ways to the panels. Each is the current one in the panels that it names.
const WAYS: readonly { readonly text: string; readonly address: string; readonly panels: readonly string[] }[] = [
  { text: "Live", address: "/", panels: ["home", "story"] },
  { text: "Repositories", address: "/at/", panels: ["at", "diff"] },
  { text: "Rules", address: "/rule/", panels: ["rule"] },
  { text: "Source", address: "/source/", panels: ["source"] },
  { text: "Lessons", address: "/lessons", panels: ["lessons", "lesson", "board", "samples", "guide"] },
];

const SCRIPT = `<script type="module" src="/web/page/web/main.ts"></script>`;

/** Returns the HTML of a panel. */
export function documentOf({ panel, title, markup }: Omit<Shown, "facts">, frame: Frame): string {
  const body = [
    element("a", { class: "skip", href: "#main" }, "Go to the content"),
    element(
      "header",
      {},
      element("a", { href: "/", class: "name" }, "Glassbox"),
      element(
        "nav",
        { "aria-label": "Panels" },
        element(
          "ul",
          {},
          WAYS.filter(({ address }) => frame.hasLessons || address !== "/lessons").map(({ text, address, panels }) =>
            element(
              "li",
              {},
              element("a", { href: address, "aria-current": panels.includes(panel) && "true" }, text),
            )
          ),
        ),
      ),
      personView(frame),
    ),
    element("div", { id: "unreadable" }, unreadableView(frame.unreadable)),
    element("main", { id: "main", tabindex: -1 }, markup),
    element("footer", {}, `Glassbox ${frame.version}.${frame.hasLessons ? "" : " This page only reads."}`),
  ];
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(visible(title))} - Glassbox</title>
<link rel="icon" href="/web/page/web/icon.svg">
<link rel="stylesheet" href="/web/page/web/page.css">
<link rel="stylesheet" href="/web/page/web/graph.css">
<link rel="stylesheet" href="/web/page/web/look.css">
<link rel="stylesheet" href="/web/page/web/lessons.css">
${frame.isRefused ? "" : SCRIPT}
</head>
<body data-panel="${escape(panel)}">
${toHtml(body)}
</body>
</html>
`;
}

// A browser sends a password only after it was asked for one. Where everybody may see something, nothing asks but the address of this link.
function personView({ person, address }: Frame): Markup {
  if (person === undefined) return undefined;
  const { user } = person;
  return element(
    "p",
    { class: "person" },
    user === undefined ? element("a", { href: addressOfLogin(address) }, "Log in") : [
      "You are ",
      element("b", {}, user),
      ". ",
      element("a", { href: addressOfLogin(address, user) }, "Be someone else"),
    ],
  );
}
