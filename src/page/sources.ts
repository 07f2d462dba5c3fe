/**
 * The facts of a source file of this registry, and of the list of all.
 *
 *     GET /source/                                     { folders: [{ folder: "src/api", sources: [{ file: …, title: … }, …] }, …] }
 *     GET /source/src/push/cancel_a_blob_upload.ts     { file: "src/push/cancel_a_blob_upload.ts", lines: ["/**", …], next: … }
 *
 * Next: views/source.ts
 *
 * @module
 */

import { HEADINGS } from "../spec/headings.ts";
import type { PageAddress } from "./addresses.ts";
import { ownSources } from "./own_files.ts";

/** The facts of a source file. */
export interface SourceFacts {
  /** Its path in the project. */
  readonly file: string;
  /** The first sentence about it. */
  readonly title: string;
  /** The headings of the spec that it implements. */
  readonly headings: readonly { readonly title: string; readonly rules: string }[];
  /** The sources before and after it in the tour. */
  readonly previous?: string;
  /** The next source in the tour. */
  readonly next?: string;
  /** Its lines. */
  readonly lines: readonly string[];
}

/** The facts of the list of sources. */
export interface SourceListFacts {
  /** The folders, in the order of the tour. */
  readonly folders: readonly {
    /** The folder, such as `src/push`. */
    readonly folder: string;
    /** Its sources. */
    readonly sources: readonly {
      /** The path. */
      readonly file: string;
      /** The first sentence about it. */
      readonly title: string;
      /** The heading of the spec that it implements. */
      readonly heading?: string;
      /** The number of its lines. */
      readonly lines: number;
    }[];
  }[];
}

/** Returns the facts of a source file or of the list; `undefined` if there is no such file. */
export async function factsOfSource({ rest }: PageAddress): Promise<SourceFacts | SourceListFacts | undefined> {
  const sources = await ownSources();
  if (rest === "" || rest === "src" || rest === "src/") return listOf(sources);
  const at = sources.findIndex(({ file }) => file === rest);
  if (at < 0) return undefined;
  const { file, title, text } = sources[at];
  return {
    file,
    title,
    headings: HEADINGS.filter((heading) => heading.file === file).map(({ title, rules }) => ({ title, rules })),
    previous: sources[at - 1]?.file,
    next: sources[at + 1]?.file,
    lines: text.trimEnd().split("\n"),
  };
}

function listOf(sources: Awaited<ReturnType<typeof ownSources>>): SourceListFacts {
  const folders = Map.groupBy(sources, ({ file }) => file.slice(0, file.lastIndexOf("/")));
  return {
    folders: [...folders].map(([folder, sources]) => ({
      folder,
      sources: sources.map(({ file, title, text }) => ({
        file,
        title,
        heading: HEADINGS.find((heading) => heading.file === file)?.title,
        lines: text.trimEnd().split("\n").length,
      })),
    })),
  };
}
