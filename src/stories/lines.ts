/**
 * The lines of a story, for a person.
 *
 *     PUT   /v2/library/hello/blobs/uploads/0f9c5d3e…?digest=sha256:9b4e0fd27c1a…
 *           201   12 ms   end-6
 *           The client has sent all bytes before, and names their digest now.  …        only in a lesson
 *           Push > Pushing a blob in chunks   src/push/pushing_a_blob_in_chunks.ts
 *           docker/26.1.5   Content-Type: application/octet-stream
 *           + library/hello/sha256:9b4e0fd27c1a…/layer.tar.gz   3.2 MiB
 *           - library/hello/_uploads/0f9c5d3e…/
 *
 * A line that would be wider than the terminal goes on in the next one, between two of its pieces if possible. Nothing is cut off.
 *
 * Next: ../composing/composing.ts
 *
 * @module
 */

import { printable, shorten } from "../definitions/printable.ts";
import { headingOf, HEADINGS, linkTo } from "../spec/headings.ts";
import { answerWords, changeWords, dataOf, shownUrl, type Story, type StoryData } from "../story.ts";
import { plain, type Span, type SpanStyle, type StyledLine, textOf } from "./styled.ts";
import { decidingHeaders } from "./told_story.ts";
import { type Meaning, whyOf } from "./why.ts";

/** How a story is formatted. */
export interface StoryFormat {
  /** The most columns of a line. Default: as many as a line needs. */
  readonly columns?: number;
  /** True to say why the client sent the request, and what the answer means for it. Default: false. */
  readonly lesson?: boolean;
  /** True to leave out the name of the client, for somebody who knows it. Default: false. */
  readonly withoutClient?: boolean;
}

/** Returns a story as several lines, for a person. */
export function formatStory(story: Story | StoryData, format: StoryFormat = {}): string {
  return storyLines("version" in story ? story : dataOf(story), format).map(plain).join("\n");
}

// The columns in front of all lines but the first.
const INDENT = 6;

/** Returns a story as several lines with styles. */
export function storyLines(story: StoryData, format: StoryFormat = {}): StyledLine[] {
  const { columns = Infinity, lesson = false, withoutClient = false } = format;
  const { changes, moreChanges, warnings, refusal } = story;
  const client = withoutClient ? undefined : story.client;
  const why = lesson || refusal !== undefined ? whyOf(story) : undefined;
  const heading = HEADINGS.find(({ title }) => title === story.heading);
  const request = [
    ...client === undefined ? [] : [client],
    ...decidingHeaders(story).map((header) => header.join(": ")),
  ];
  const lines: Piece[][] = [
    ...heading === undefined
      ? []
      : [[piece(heading.title), piece(heading.file, "faint")].filter((piece) => textOf(piece.span) !== "")],
    ...request.length === 0 ? [] : [request.map((text) => piece(shorten(text)))],
    ...changes.map(changeParts),
    ...moreChanges === undefined ? [] : [wordsOf(`… and ${moreChanges} more changes`)],
    ...warnings === undefined ? [] : [wordsOf(`! Warning: ${warnings}`, "careful")],
    ...refusalLines(story, why?.meaning === "normal" ? "careful" : "bad", columns),
  ];
  const prose = (text: string, style?: SpanStyle) => wrap(wordsOf(text, style), columns, INDENT, INDENT);
  return [
    ...wrap(firstLine(story, why?.meaning ?? (story.status < 400 ? "done" : "fault")), columns, 0, INDENT),
    ...lesson ? prose(why!.sentence, "strong") : [],
    ...lines.flatMap((pieces) => wrap(pieces, columns, INDENT, INDENT + 2)),
    ...why?.meaning === "normal" && !lesson ? prose(`(${why.sentence})`) : [],
  ];
}

/** Returns a text as lines of words. */
export function wrapText(text: string, columns: number): StyledLine[] {
  return wrap(wordsOf(text), columns, 0, 0);
}

// A piece of a line, and the number of blanks in front of it. A line breaks there first.
interface Piece {
  readonly span: Span;
  readonly gap: number;
  /** The columns behind it that have to be in the same line. */
  readonly keep?: number;
}

function piece(text: string, style?: SpanStyle, gap = 3): Piece {
  const shown = printable(text);
  return { span: style === undefined ? shown : [style, shown], gap };
}

function wordsOf(text: string, style?: SpanStyle): Piece[] {
  return shorten(text).split(" ").map((word) => piece(word, style, 1));
}

const COLOURS: Readonly<Record<Meaning, SpanStyle>> = { done: "good", normal: "careful", fault: "bad" };

function firstLine(story: StoryData, meaning: Meaning): Piece[] {
  const [status, ...others] = answerWords(story);
  return [
    piece(story.method.padEnd(INDENT - 1), "strong"),
    piece(shownUrl(story.url), "strong", 1),
    { ...piece(status, COLOURS[meaning]), keep: others.join("   ").length + 3 },
    ...others.map((text) => piece(text)),
  ];
}

const SIGNS: Readonly<Record<string, SpanStyle>> = { "+": "good", "~": "careful", "-": "bad", "=": "note" };

function changeParts(change: StoryData["changes"][number]): Piece[] {
  const [path, ...others] = changeWords(change);
  return [piece(change.sign, SIGNS[change.sign]), piece(path, undefined, 1), ...others.map((text) => piece(text))];
}

function refusalLines({ refusal, failure }: StoryData, style: SpanStyle, columns: number): Piece[][] {
  if (failure !== undefined) return failure.split("\n").map((line) => wordsOf(line, "bad"));
  return (refusal?.details ?? []).flatMap(({ rule, expected, actual }) => [
    [
      piece(`! ${refusal!.code}`, style),
      piece(rule),
      // The whole link is longer than most terminals are wide, and half a link is none.
      piece(columns === Infinity ? linkTo(rule) : `spec.md#${headingOf(rule).anchor}`, "faint"),
    ],
    [piece("  expected"), ...wordsOf(expected)],
    [piece("  got     "), ...wordsOf(actual)],
  ]);
}

// Breaks a line where it would become too wide. The first line begins with `indent` blanks, and the others with `hanging` ones.
function wrap(pieces: readonly Piece[], columns: number, indent: number, hanging: number): StyledLine[] {
  const lines: Span[][] = [];
  let line: Span[] = [" ".repeat(indent)];
  let width = indent;
  let isEmpty = true;
  const begin = () => {
    lines.push(line);
    [line, width, isEmpty] = [[" ".repeat(hanging)], hanging, true];
  };
  for (const { span, gap, keep = 0 } of pieces) {
    let text = textOf(span);
    const room = columns - width - gap - keep;
    // What fits in no line may begin in this one.
    if (!isEmpty && isWider(text, room) && (room < LEAST_ROOM || !isWider(text, columns - hanging))) begin();
    if (!isEmpty) line.push(" ".repeat(gap));
    width += isEmpty ? 0 : gap;
    while (isWider(text, columns - width)) {
      const head = headOf(text, columns - width);
      line.push(restyled(span, head));
      text = text.slice(head.length);
      begin();
    }
    line.push(restyled(span, text));
    width += widthOf(text);
    isEmpty = false;
  }
  return [...lines, line];
}

// A text that begins in fewer columns than these would be hard to read.
const LEAST_ROOM = 20;

// The width of a long text takes long, and a client can send a long one.
function isWider(text: string, columns: number): boolean {
  return text.length > 2 * columns || widthOf(text) > columns;
}

function restyled(span: Span, text: string): Span {
  return typeof span === "string" ? text : [span[0], text];
}

// Returns the beginning of a text that fits into a number of columns. It ends where a reader expects a break, if it can.
function headOf(text: string, columns: number): string {
  let head = "";
  let width = 0;
  for (const character of text) {
    width += widthOf(character);
    if (width > columns && head !== "") break;
    head += character;
  }
  const end = Math.max(head.lastIndexOf("?"), head.lastIndexOf("&"), head.lastIndexOf("/"), head.lastIndexOf(","));
  return end > head.length / 2 ? head.slice(0, end) : head;
}

/** Returns the number of columns that a text takes on a terminal. Of a character that may take one or two, it counts two. */
export function widthOf(text: string): number {
  if (!WIDE.test(text)) return text.length;
  const wide = [...text].filter((character) => WIDE.test(character)).length;
  return [...text].length + wide;
}

// Latin, Greek, Cyrillic, and the signs that the registry itself draws take one column each.
const WIDE = /[^ -\u10ff\u2000-\u27ff]/u;
