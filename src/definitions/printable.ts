/**
 * Printable text: what others have sent, as it may be shown to a person.
 *
 *     a media type with a command for the terminal      application/x␛[2J        application/x\u{1b}[2J
 *     a tag that turns the text around it               v1<U+202E>gpj.           v1\u{202e}gpj.
 *
 * A terminal obeys control characters: they clear the screen, change its title, or overwrite the line above. Other characters
 * show a text in another order than it has (https://trojansource.codes), or are not to be seen at all. Anybody who may push can
 * write them into a manifest, an address or a header. So everything that the registry prints, logs, or repeats in a refusal
 * goes through one of the first two functions. A digest has 64 digits, and nobody reads them all: the third one shortens it.
 *
 * Next: name.ts
 *
 * @module
 */

// Control characters, marks of direction and other marks that are not drawn, separators of lines, halves of characters.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

// Nearly every line has only letters of ASCII, and what the registry itself draws. To see that takes a fifth of the time.
const USUAL = /^[ -~…─-▿]*$/;

/**
 * Returns a text on one line. It has an escape such as `\u{1b}` for each character that is not drawn.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(printable("a\x1b[2Jb\n\u202e"), String.raw`a\u{1b}[2Jb\u{a}\u{202e}`);
 * ```
 */
export function printable(text: string): string {
  return replaceHidden(text, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/**
 * Returns a value as JSON on one line. It has an escape such as `\u001b` for each character that is not drawn.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(printableJson({ a: "\x9b\u{e0001}" }), String.raw`{"a":"\u009b\udb40\udc01"}`);
 * ```
 */
export function printableJson(value: unknown): string {
  return replaceHidden(JSON.stringify(value), (character) => character.split("").map(escape).join(""));
}

/**
 * Shortens the digests and UUIDs in a text to their first characters, for people.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(shorten("sha256:" + "2c26b46b68ff".padEnd(64, "0")), "sha256:2c26b46b68ff…");
 * ```
 */
export function shorten(text: string): string {
  // It looks back at a fixed number of characters. With `[a-z0-9]+` in front, a long text would take seconds.
  return text
    .replace(/(?<=[a-z0-9][:-][0-9a-f]{12})[0-9a-f]{52,}/g, "…")
    .replace(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "$1…");
}

/** Returns the first line of an error's message, as it may be printed. */
export function oneLine(error: unknown): string {
  return printable((error instanceof Error ? error.message : String(error)).split("\n")[0]);
}

function replaceHidden(text: string, replace: (character: string) => string): string {
  return USUAL.test(text) ? text : text.replace(HIDDEN, replace);
}

function escape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
