/**
 * Parts of the program that most starts do not need.
 *
 *     deno task start                  reads about 120 files
 *     deno task start --prefix team/   then composed.ts as well, and all that it imports
 *     GET /                            then the page
 *
 * Deno reads every file that an `import` names before the program runs, also if the `import` stands in a function and never runs. Only a
 * name that it cannot foresee is left until then. To read a file then needs the permission to read it; `permissions.ts` gives it.
 *
 * Next: remembered_stories.ts
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { SOURCE } from "./permissions.ts";

/**
 * Loads a module, such as `./composed.ts`. The caller says its type: `later<typeof import("./composed.ts")>("./composed.ts")`.
 *
 * @throws {Error} if the program may not read its own source; the message has the permission that is missing.
 */
export async function later<Module>(file: string): Promise<Module> {
  try {
    return await import(new URL(file, import.meta.url).href);
  } catch (error) {
    if (!(error instanceof TypeError) || SOURCE.protocol !== "file:") throw error;
    const { state } = Deno.permissions.querySync({ name: "read", path: SOURCE });
    if (state === "granted") throw error;
    throw new Error(`this needs a part of the program that is not loaded yet: --allow-read=${fileURLToPath(SOURCE)}`);
  }
}
