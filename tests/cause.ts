/**
 * The cause of a 500, printed beside the test that ran into it.
 *
 * A registry tells a client only that it failed. The story says why. A test is a client, so its failing assertion says
 * `500 !== 204` and no more. The cause above it names the place:
 *
 *     DELETE /v2/library/hello/blobs/uploads/0f9c5d3e… ended in a 500. The cause:
 *     TypeError: Cannot read properties of undefined (reading 'drop')
 *         at src/store/uploads.ts:129
 *         at src/push/cancel_a_blob_upload.ts:26
 *
 * Deno shows it with what the test printed, and `deno test --quiet` leaves that out.
 *
 * @module
 */

import { RegistryError } from "../src/api/error_codes.ts";
import type { Story } from "../src/story.ts";
import { shorten } from "../src/definitions/printable.ts";
import { placesOf } from "./places.ts";

// Some are enough to come from the line that threw to the one that a learner has changed.
const MOST_PLACES = 5;

/**
 * Prints why a request ended in a 500. Prints nothing about other requests, and nothing about an error that was made in
 * `tests/`: a test that makes the disk fail knows why it failed.
 */
export function printCause(
  { method, url, status, refusal }: Story,
  print: (text: string) => void = console.error,
): void {
  if (status !== 500 || refusal === undefined || refusal instanceof RegistryError) return;
  const places = placesOf(refusal);
  if (places[0]?.startsWith("tests/")) return;
  const text = [`${method} ${shorten(url)} ended in a 500. The cause:`, `${refusal.name}: ${refusal.message}`];
  print([...text, ...places.slice(0, MOST_PLACES).map((place) => `    at ${place}`)].join("\n"));
}
