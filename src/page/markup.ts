/**
 * Markup: what a page shows, as a small tree of elements and texts.
 *
 *     element("a", { href: "/rule/PULL-BLOB-08" }, "PULL-BLOB-08")
 *       ├─▶ the server writes it as HTML      <a href="/rule/PULL-BLOB-08">PULL-BLOB-08</a>
 *       └─▶ the browser makes nodes of it     document.createElement("a") …     web/showing.ts
 *
 * A view is a pure function from facts to markup. So each address is whole without JavaScript, and the browser shows the same when
 * something has changed. All that a client has sent is text in this tree, and no way leads from a text to an element. Attributes
 * that could run something do not exist here, and a link leads to this registry or to `https:`. A character that is not drawn, or
 * that turns the text around it, is shown as an escape.
 *
 * Next: panels.ts
 *
 * @module
 */

import { printable } from "../definitions/printable.ts";

/** An element, a text, or several of both. `undefined` and `false` are nothing, so that a view can write `condition && element(…)`. */
export type Markup = Element | string | number | undefined | false | readonly Markup[];

/** An element. */
export interface Element {
  /** Its name, such as `a`. */
  readonly tag: string;
  /** Its attributes. `true` is one without a value; `undefined` and `false` are none. */
  readonly attributes: Attributes;
  /** What is inside of it. */
  readonly children: readonly Markup[];
}

/** The attributes of an element. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

// deno-fmt-ignore
const TAGS = new Set([
  "a", "abbr", "article", "aside", "b", "bdi", "button", "caption", "circle", "code", "dd", "defs", "del", "details", "dialog", "div",
  "dl", "dt", "em", "fieldset", "figcaption", "figure", "footer", "form", "g", "h1", "h2", "h3", "h4", "header", "hr", "i", "img",
  "input", "ins", "kbd", "label", "legend", "li", "line", "main", "mark", "marker", "nav", "ol", "optgroup", "option", "output", "p",
  "path", "pre", "progress", "q", "rect", "s", "samp", "section", "select", "small", "span", "strong", "sub", "summary", "sup", "svg",
  "table", "tbody", "td", "text", "tfoot", "th", "thead", "time", "title", "tr", "ul", "var", "wbr",
]);

const EMPTY = new Set(["hr", "img", "input", "wbr"]);

// The names of attributes that a browser never runs. `style` is not among them: the policy of the page forbids it.
// deno-fmt-ignore
const ATTRIBUTES = new Set([
  "abbr", "action", "alt", "checked", "class", "colspan", "cx", "cy", "d", "datetime", "dir", "disabled", "download", "fill", "for", "height",
  "hidden", "href", "id", "lang", "marker-end", "max", "maxlength", "method", "min", "name", "open", "pattern", "placeholder", "points", "r",
  "readonly", "rel", "required", "role", "rowspan", "rx", "scope", "selected", "spellcheck", "src", "start", "step", "stroke",
  "stroke-dasharray", "tabindex", "target", "title", "transform", "type", "value", "viewBox", "width", "x", "x1", "x2", "y", "y1", "y2",
]);

/**
 * Makes an element.
 *
 * @throws {TypeError} if a page must not have such an element, such an attribute, or such a link.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(toHtml(element("p", { class: "note" }, "1 < 2 & ", element("b", {}, "3"))), '<p class="note">1 &lt; 2 &amp; <b>3</b></p>');
 * assertThrows(() => element("a", { href: "javascript:alert(1)" }), TypeError);
 * ```
 */
export function element(tag: string, attributes: Attributes = {}, ...children: readonly Markup[]): Element {
  if (!TAGS.has(tag)) throw new TypeError(`A page has no <${tag}>`);
  for (const [name, value] of Object.entries(attributes)) {
    if (!ATTRIBUTES.has(name) && !/^(?:aria|data)-[a-z-]+$/.test(name)) throw new TypeError(`A page has no ${name}=`);
    if (["href", "src", "action"].includes(name) && !isSafeLink(value)) {
      throw new TypeError(`A page has no link to ${value}`);
    }
  }
  return { tag, attributes, children };
}

// A link within this registry, such as "/at/library" or "#layers", or to another site with TLS. An image may be written into its link.
function isSafeLink(value: Attributes[string]): boolean {
  return value === undefined || (typeof value === "string" && /^(?:\/(?![/\\])|#|https:\/\/|data:image\/)/.test(value));
}

/** Writes markup as HTML. */
export function toHtml(markup: Markup): string {
  const parts: string[] = [];
  write(markup, parts);
  return parts.join("");
}

function write(markup: Markup, parts: string[]): void {
  if (markup === undefined || markup === false) return;
  if (typeof markup === "string" || typeof markup === "number") return void parts.push(escape(visible(String(markup))));
  if (isList(markup)) return markup.forEach((part) => write(part, parts));
  const { tag, attributes, children } = markup;
  parts.push(`<${tag}`);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    parts.push(value === true ? ` ${name}` : ` ${name}="${escape(visible(String(value)))}"`);
  }
  parts.push(">");
  if (EMPTY.has(tag)) return;
  write(children, parts);
  parts.push(`</${tag}>`);
}

/** Returns true if markup is several ones. */
export function isList(markup: Markup): markup is readonly Markup[] {
  return Array.isArray(markup);
}

/** Returns a text with escapes for what is not drawn. Lines and tabs stay as they are. */
export function visible(text: string): string {
  return text.split(/([\n\t])/).map((part, index) => index % 2 === 0 ? printable(part) : part).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Writes a text so that HTML shows it as it is, also between the quotes of an attribute. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
