/**
 * Watching: a disk reports each single step that changes it, before the step and after it.
 *
 *     { when: "before", kind: "rename", path: "library/hello/_tags/latest" }
 *     { when: "after",  kind: "rename", path: "library/hello/_tags/latest" }
 *
 * Next: calls.ts
 *
 * @module
 */

/** The steps that change the disk. */
export type StepKind =
  | "make folder"
  | "open lock"
  | "open session"
  | "append"
  | "truncate"
  | "write aside"
  | "copy aside"
  | "sync file"
  | "rename"
  | "rename folder"
  | "link"
  | "sync folder"
  | "remove file"
  | "remove folder";

/** A moment before or after a step that changes the disk. */
export interface Step {
  /** Before the step or after it. */
  readonly when: "before" | "after";
  /** The kind of the step. */
  readonly kind: StepKind;
  /** The file or folder that the step changes, relative to the root. */
  readonly path: string;
}
