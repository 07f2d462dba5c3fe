/**
 * The learner's file of an exercise, and how it takes the place of the source.
 *
 *     src/definitions/range.ts        stays as it is
 *     exercises/range.ts              the same without one function: the learner's
 *     exercises/.range.imports.json   an import map: wherever the source is imported, this file is
 *     exercises/range.1.ts            what it was before a reset
 *
 * @module
 */

import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { Exercise } from "../../../src/workshop/exercises/exercise.ts";
import { replaceBody, withAbsoluteImports, without } from "../blanking/blank.ts";
import { PROJECT, read } from "../project.ts";

/** The learner's file of an exercise. It need not be there. */
export class LearnerFile {
  /** Its path. */
  readonly path: string;
  readonly #folder: string;

  /** Names the file of an exercise in the folder of a learner, which is a whole path. */
  constructor(readonly exercise: Exercise, folder: string) {
    this.#folder = folder;
    this.path = `${folder}/${exercise.name}.ts`;
  }

  /** Its path as a person knows it: from the project's folder, if it is there. */
  get shown(): string {
    return this.path.replace(PROJECT, "");
  }

  /** Returns its text, or `undefined` if it is not there. */
  text(): string | undefined {
    return unlessMissing(() => Deno.readTextFileSync(this.path));
  }

  /** Makes it, unless it is there. Returns true if it was not. */
  make(): boolean {
    if (this.text() !== undefined) return false;
    Deno.mkdirSync(this.#folder, { recursive: true });
    Deno.writeTextFileSync(this.path, this.blank());
    return true;
  }

  /** Makes it anew. Returns the path of the old one, which stays beside it, if there was one. */
  reset(): string | undefined {
    const old = this.text() === undefined ? undefined : this.#pathForOld();
    if (old !== undefined) Deno.renameSync(this.path, old);
    this.make();
    return old;
  }

  /** The text that it begins with: the source without the function. */
  blank(): string {
    const { name, away = [], function: taken } = this.exercise;
    const body = [
      `// Write me. "deno task exercise ${name}" shows what is missing, and --hint helps.`,
      `throw new Error(${JSON.stringify(`write me: ${taken}, in ${this.shown}`)});`,
    ];
    return away.reduce(without, replaceBody(this.solution(), taken, body));
  }

  /** The text of the source, with imports that work in the place of the learner's file. */
  solution(): string {
    const { source } = this.exercise;
    const project = pathToFileURL(PROJECT).href;
    const text = withAbsoluteImports(read(source), project + source);
    // A path is easier to read and to edit than a URL. Outside of the project only a URL works on each machine.
    const isInProject = this.path.startsWith(PROJECT);
    const up = relative(this.#folder, PROJECT).replaceAll("\\", "/");
    return isInProject ? text.replaceAll(`"${project}`, `"${up}/`) : text;
  }

  /** Writes the import map that puts it in the place of the source, and returns the path of the map. */
  importMap(): string {
    const path = `${this.#folder}/.${this.exercise.name}.imports.json`;
    const { imports } = JSON.parse(read("deno.json"));
    const source = pathToFileURL(PROJECT + this.exercise.source).href;
    const text = JSON.stringify({ imports: { ...imports, [source]: pathToFileURL(this.path).href } });
    // Two processes read it at the same time. So it must be whole at each moment.
    if (unlessMissing(() => Deno.readTextFileSync(path)) !== text) replaceFile(path, text);
    return path;
  }

  #pathForOld(): string {
    for (let number = 1;; number++) {
      const path = this.path.replace(/\.ts$/, `.${number}.ts`);
      if (unlessMissing(() => Deno.lstatSync(path)) === undefined) return path;
    }
  }
}

/** Writes a file in one step: a process that reads it meanwhile finds the old text or the new one. */
export function replaceFile(path: string, text: string): void {
  Deno.writeTextFileSync(`${path}.new`, text);
  Deno.renameSync(`${path}.new`, path);
}

/** Returns what an action on a file returns, or `undefined` if the file is not there. */
export function unlessMissing<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
