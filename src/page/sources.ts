/**
 * The facts of a source file of this registry.
 *
 *     GET /source/src/push/cancel_a_blob_upload.ts     { file: "src/push/cancel_a_blob_upload.ts", lines: ["/**", …] }
 *
 * Next: views/source.ts
 *
 * @module
 */

import type { PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";
import { readOwnFile } from "./own_files.ts";

/** The facts of a source file. */
export interface SourceFacts {
  /** Its path in the project. */
  readonly file: string;
  /** Its lines. */
  readonly lines: readonly string[];
}

/** Returns the facts of a source file; `undefined` if there is none. */
export async function factsOfSource({ rest }: PageAddress, _context: PageContext): Promise<SourceFacts | undefined> {
  const [, path] = /^src\/(.+\.ts)$/.exec(rest) ?? [];
  const text = path === undefined ? undefined : await readOwnFile(path);
  return text === undefined ? undefined : { file: rest, lines: text.trimEnd().split("\n") };
}
