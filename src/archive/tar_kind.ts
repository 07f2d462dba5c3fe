/**
 * The kinds of entries that a tar archive has, and the letters that listings show for them.
 *
 *     drwxr-xr-x   etc/              "folder"
 *     -rw-r--r--   etc/motd          "file"
 *     lrwxrwxrwx   etc/localtime     "symbolic link"
 *
 * Next: tar_header.ts
 *
 * @module
 */

/** The kinds of entries. */
export type TarKind =
  | "file"
  | "folder"
  | "symbolic link"
  | "hard link"
  | "character device"
  | "block device"
  | "pipe"
  | "unknown";

/**
 * Returns the letter that stands before the permissions of an entry: that of `ls -l`, or `h` for a hard link.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([letterOf("folder"), letterOf("file"), letterOf("unknown")], ["d", "-", "?"]);
 * ```
 */
export function letterOf(kind: TarKind): string {
  return LETTERS[kind];
}

const LETTERS: Readonly<Record<TarKind, string>> = {
  "file": "-",
  "folder": "d",
  "symbolic link": "l",
  "hard link": "h",
  "character device": "c",
  "block device": "b",
  "pipe": "p",
  "unknown": "?",
};
