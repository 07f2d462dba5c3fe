/**
 * The errors of files for the person at a command.
 *
 *     import  ──▶  client  ──▶  registry  ──▶  disk: cannot change testdata/…/data: the disk is full
 *                    ╰─ without this: the registry answers 507 to POST /v2/…: UNKNOWN, the disk of the registry is full
 *
 * Next: program.ts
 *
 * @module
 */

import { FileError } from "../disk/named_errors.ts";
import type { Registry } from "../registry.ts";
import { refusalIn } from "../story.ts";

/**
 * Returns a registry that throws the {@linkcode FileError} of its disk, and does not answer with 500 or 507. A client learns only that
 * the registry has failed, and the rest is in the log. Commands that ask a registry of their own write no log.
 */
export function tellingFileErrors(registry: Registry): Registry {
  return async (request, peer) => {
    const answer = await registry(request, peer);
    const refusal = refusalIn(answer);
    if (refusal instanceof FileError) throw refusal;
    return answer;
  };
}
