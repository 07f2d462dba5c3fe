/**
 * Warnings.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#warnings
 *
 * An answer may have advice for the person who uses the client. A client shows it, and does nothing else with it (API-WARN-07).
 *
 *     201 Created
 *     Warning: 299 - "the manifest does not name its mediaType (PUSH-MANIFEST-04)"
 *
 * Next: ../http/routing.ts
 *
 * @module
 */

// API-WARN-04: the most bytes of all warnings of one answer together.
const MOST_BYTES = 4096;

// Several values of one header are joined by ", ".
const SEPARATOR = 2;

/**
 * Adds warnings to the headers of an answer. Leaves out those that would exceed 4,096 bytes together with those that it has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const headers = new Headers();
 * addWarnings(headers, ['the "config" is large']);
 * assertEquals(headers.get("Warning"), String.raw`299 - "the \"config\" is large"`);
 * ```
 */
export function addWarnings(headers: Headers, texts: readonly string[]): void {
  let left = MOST_BYTES - (headers.get("Warning")?.length ?? -SEPARATOR);
  for (const text of texts) {
    const warning = formatWarning(text);
    left -= warning.length + SEPARATOR;
    if (left < 0) return;
    headers.append("Warning", warning);
  }
}

// API-WARN-02 and -03: code 299, agent "-", no date. A header takes ASCII; quotes and backslashes are escaped.
function formatWarning(text: string): string {
  const quoted = text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&");
  return `299 - "${quoted}"`;
}
