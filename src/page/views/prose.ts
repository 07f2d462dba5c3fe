/**
 * Prose: texts with marks, as the lessons and the guides have them, become markup.
 *
 *     "A digest is `sha256:…`, and **never** changes."
 *     ──▶ ["A digest is ", <code>sha256:…</code>, ", and ", <b>never</b>, " changes."]
 *
 * It knows what our own texts need of Markdown (https://spec.commonmark.org/): headings, paragraphs, lists, tables, code, bold and stressed
 * words, and links. Everything else stays as it is written.
 *
 * Next: lessons.ts
 *
 * @module
 */

import { element, type Markup } from "../markup.ts";

const MARKS = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^()\s]+)\)/g;

/** Returns one paragraph: code, bold and stressed words, and links. `linkOf` says where a link of the text leads to on this page. */
export function prose(text: string, linkOf: (target: string) => string | undefined = ownLink): Markup {
  const parts: Markup[] = [];
  let end = 0;
  for (const { 0: whole, 1: code, 2: bold, 3: stressed, 4: label, 5: target, index } of text.matchAll(MARKS)) {
    parts.push(text.slice(end, index));
    end = index + whole.length;
    const href = target === undefined ? undefined : linkOf(target);
    if (code !== undefined) parts.push(element("code", {}, code));
    else if (bold !== undefined) parts.push(element("b", {}, prose(bold, linkOf)));
    else if (stressed !== undefined) parts.push(element("em", {}, prose(stressed, linkOf)));
    else parts.push(href === undefined ? label : element("a", { href }, label));
  }
  return [...parts, text.slice(end)];
}

// Addresses of this page, and those of other sites with TLS.
function ownLink(target: string): string | undefined {
  return /^(?:\/(?![/\\])|#|https:\/\/)/.test(target) ? target : undefined;
}

/** Returns a text of several blocks. The first heading of the text becomes one of this level. */
export function proseBlocks(
  text: string,
  level: 1 | 2 = 1,
  linkOf: (target: string) => string | undefined = ownLink,
): Markup {
  const lines = text.split("\n");
  const blocks: Markup[] = [];
  const take = (isPart: (line: string) => boolean): string[] => {
    const end = lines.findIndex((line) => !isPart(line));
    return lines.splice(0, end < 0 ? lines.length : end);
  };
  const inline = (part: string) => prose(part, linkOf);
  while (lines.length > 0) {
    const [line] = lines;
    const [, marks, title] = /^(#{1,4}) (.*)$/.exec(line) ?? [];
    if (line.trim() === "") lines.shift();
    else if (title !== undefined) {
      lines.shift();
      blocks.push(element(`h${Math.min(4, marks.length + level - 1)}`, { id: anchorOf(title) }, inline(title)));
    } else if (line.startsWith("```")) {
      lines.shift();
      const code = take((line) => !line.startsWith("```"));
      lines.shift();
      blocks.push(element("pre", { tabindex: 0 }, code.join("\n")));
    } else if (/^(?:[-*]|\d+\.) /.test(line)) {
      const items = joinItems(take((line) => /^(?:[-*]|\d+\.) |^ {2,}\S/.test(line)));
      const name = /^\d/.test(line) ? "ol" : "ul";
      blocks.push(element(name, {}, items.map((item) => element("li", {}, inline(item)))));
    } else if (line.startsWith("|")) {
      blocks.push(tableOf(take((line) => line.startsWith("|")).map(cellsOf), inline));
    } else {
      const paragraph = take((line) => line.trim() !== "" && !/^(?:#{1,4} |```|\||(?:[-*]|\d+\.) )/.test(line));
      // A line that begins like something else, and is not, is a paragraph.
      blocks.push(element("p", {}, inline((paragraph.length > 0 ? paragraph : [lines.shift()!]).join(" "))));
    }
  }
  return blocks;
}

// An item goes on in lines that are indented.
function joinItems(lines: readonly string[]): string[] {
  const items: string[] = [];
  for (const line of lines) {
    if (/^(?:[-*]|\d+\.) /.test(line)) items.push(line.replace(/^(?:[-*]|\d+\.) +/, ""));
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  return items;
}

function cellsOf(line: string): string[] {
  return line.replace(/^\||\|\s*$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

// The second row of a table has dashes only.
function tableOf([head, , ...rows]: readonly (readonly string[])[], inline: (text: string) => Markup): Markup {
  const row = (tag: string, cells: readonly string[]) =>
    element(
      "tr",
      {},
      cells.map((cell) =>
        // The first column may have no name.
        tag === "th" && cell !== "" ? element("th", { scope: "col" }, inline(cell)) : element("td", {}, inline(cell))
      ),
    );
  return element(
    "div",
    { class: "wide", tabindex: 0 },
    element(
      "table",
      {},
      element("thead", {}, row("th", head)),
      element("tbody", {}, rows.map((cells) => row("td", cells))),
    ),
  );
}

function anchorOf(title: string): string {
  return title.toLowerCase().replace(/[^\w\s-]/g, "").trim().replace(/\s+/g, "-");
}
