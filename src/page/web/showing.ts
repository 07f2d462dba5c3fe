/**
 * Showing: makes what the browser shows the same as some markup.
 *
 *     before   <ol> <li>a</li> <li>b</li> </ol>
 *     markup   <ol> <li>a</li> <li>c</li> <li>d</li> </ol>
 *     so       one text is changed, and one element is new; the first one stays as it is
 *
 * What is the same stays. So a link keeps the focus, a list its place, and a screen reader says only what is new. Children with a
 * `data-key` are found by it, so that a new first one moves nobody. Texts become texts, and never HTML.
 *
 * Next: ../../mod.ts
 *
 * @module
 */

import { type Element as MarkupElement, isList, type Markup, visible } from "../markup.ts";

const SVG = "http://www.w3.org/2000/svg";

/** Makes the children of a node the same as some markup. */
export function show(node: Element, markup: Markup): void {
  const wanted = flat(markup);
  const keyed = new Map<string, Element>();
  for (const child of node.children) {
    const key = child.getAttribute("data-key");
    if (key !== null) keyed.set(key, child);
  }
  let at: ChildNode | null = node.firstChild;
  for (const part of wanted) {
    const key = typeof part === "string" ? undefined : part.attributes["data-key"];
    const known = key === undefined ? undefined : keyed.get(String(key));
    if (known !== undefined && known !== at) {
      node.insertBefore(known, at);
      at = known;
    }
    const before = at;
    at = at?.nextSibling ?? null;
    const made = known !== undefined || key === undefined ? become(before, part) : undefined;
    if (made !== undefined) continue;
    // Nothing here can become this part, so it is new.
    const fresh = create(part, node.namespaceURI === SVG);
    if (before !== null && key === undefined) before.replaceWith(fresh);
    else {
      node.insertBefore(fresh, before);
      at = before;
    }
  }
  while (at !== null) {
    const next: ChildNode | null = at.nextSibling;
    at.remove();
    at = next;
  }
}

// Lets a node become a part of the markup. Returns `undefined` if it cannot.
function become(node: ChildNode | null, part: string | MarkupElement): ChildNode | undefined {
  if (node === null) return undefined;
  if (typeof part === "string") {
    if (node.nodeType !== Node.TEXT_NODE) return undefined;
    if (node.nodeValue !== part) node.nodeValue = part;
    return node;
  }
  if (!(node instanceof Element) || node.localName !== part.tag) return undefined;
  if (node.getAttribute("data-key") !== (part.attributes["data-key"] ?? null)) return undefined;
  // A module of its own shows what is in an island.
  if (node.hasAttribute("data-island")) return node;
  setAttributes(node, part);
  show(node, part.children);
  return node;
}

/** Makes a new node of a part of markup. */
export function create(part: string | MarkupElement, isInSvg = false): ChildNode {
  if (typeof part === "string") return document.createTextNode(part);
  const isSvg = isInSvg || part.tag === "svg";
  const node = isSvg ? document.createElementNS(SVG, part.tag) : document.createElement(part.tag);
  setAttributes(node, part);
  for (const child of flat(part.children)) node.append(create(child, isSvg));
  return node;
}

// What a person has opened stays open: `open` is set only once.
function setAttributes(node: Element, { attributes }: MarkupElement): void {
  const isNew = node.attributes.length === 0;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false || (name === "open" && !isNew)) continue;
    const text = value === true ? "" : visible(String(value));
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
  for (const name of node.getAttributeNames()) {
    const value = attributes[name];
    if ((value === undefined || value === false) && name !== "open" && name !== "style") node.removeAttribute(name);
  }
}

// Texts that stand side by side are one text for the browser.
function flat(markup: Markup, parts: (string | MarkupElement)[] = []): (string | MarkupElement)[] {
  if (markup === undefined || markup === false) return parts;
  if (isList(markup)) {
    for (const part of markup) flat(part, parts);
  } else if (typeof markup === "object") parts.push(markup);
  else {
    const last = parts.at(-1);
    if (typeof last === "string") parts[parts.length - 1] = last + visible(String(markup));
    else if (markup !== "") parts.push(visible(String(markup)));
  }
  return parts;
}
