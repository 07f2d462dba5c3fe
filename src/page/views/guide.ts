/**
 * The view of the guide for teachers: a text, as it is in the project.
 *
 * Next: ../missing.ts
 *
 * @module
 */

import type { Markup } from "../markup.ts";
import { proseBlocks } from "./prose.ts";

/** The facts of the guide. */
export interface GuideFacts {
  /** The file in the project. */
  readonly file: string;
  /** Its text, in Markdown. */
  readonly text: string;
}

/** The title. */
export function titleOf({ text }: GuideFacts): string {
  return /^# (.+)$/m.exec(text)?.[1] ?? "Guide";
}

/** What is to be seen. */
export function view({ file, text }: GuideFacts): Markup {
  return proseBlocks(text, 1, (target) => linkOf(file, target));
}

// A link of the text leads to a file of the project, and the page shows those that it knows.
function linkOf(file: string, target: string): string | undefined {
  if (/^(?:https:\/\/|#|\/(?![/\\]))/.test(target)) return target;
  const { pathname } = new URL(target, `file:///${file}`);
  return /^\/src\/[\w/.-]+\.ts$/.test(pathname) ? `/source${pathname}` : undefined;
}
