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

import { element, escape, toHtml, visible } from "./markup.ts";
import type { Shown } from "./panels.ts";

// The ways to the panels. Each is the current one in the panels that it names.
const WAYS: readonly { readonly text: string; readonly address: string; readonly panels: readonly string[] }[] = [
  { text: "Live", address: "/", panels: ["home", "story"] },
  { text: "Repositories", address: "/at/", panels: ["at", "diff"] },
  { text: "Rules", address: "/rule/", panels: ["rule"] },
  { text: "Source", address: "/source/", panels: ["source"] },
];

/** Returns the HTML of a panel. */
export function documentOf({ panel, title, markup }: Shown, version: string): string {
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
          WAYS.map(({ text, address, panels }) =>
            element(
              "li",
              {},
              element("a", { href: address, "aria-current": panels.includes(panel) && "true" }, text),
            )
          ),
        ),
      ),
    ),
    element("main", { id: "main", tabindex: -1 }, markup),
    element("footer", {}, `Glassbox ${version}. This page only reads.`),
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
<script type="module" src="/web/page/web/main.ts"></script>
</head>
<body data-panel="${escape(panel)}">
${toHtml(body)}
</body>
</html>
`;
}
