/**
 * Small JSON: the body of a request to what stands beside the spec, such as a switch or a lesson.
 *
 *     POST /switches/cut
 *     Content-Type: application/json
 *
 *     {"after": 1000, "times": 1}
 *
 * Next: web_pages.ts
 *
 * @module
 */

import { RegistryError } from "../api/error_codes.ts";
import { SLOWEST } from "../options.ts";
import { piecesOf } from "./body.ts";

// Nobody needs more than this many bytes.
const MOST_BYTES = 64 * 1024;

/**
 * Reads the body of a request, which is a JSON object. An empty body is an empty object.
 *
 * @throws {RegistryError} 400 if it is something else, or is too long.
 */
export async function readSmallJson(request: Request): Promise<Readonly<Record<string, unknown>>> {
  // A web page can send JSON to another site only if that site allows it. So the type is part of the protection.
  const type = request.headers.get("Content-Type") ?? "nothing";
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw badRequest("the Content-Type application/json", type);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const piece of piecesOf({ request, slowest: SLOWEST })) {
    size += piece.length;
    if (size > MOST_BYTES) throw badRequest(`JSON of ${MOST_BYTES} bytes at most`, "more");
    pieces.push(piece.slice());
  }
  const text = await new Blob(pieces).text();
  const json = parseJson(text === "" ? "{}" : text);
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  throw badRequest('a JSON object, such as {"times": 1}', text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function badRequest(expected: string, actual: string): RegistryError {
  return new RegistryError("UNSUPPORTED", { rule: "API-01", expected, actual }, { status: 400 });
}
