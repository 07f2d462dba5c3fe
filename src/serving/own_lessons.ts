/**
 * Own lessons: those that a teacher has written, in a folder.
 *
 *     deno task start --workshop --lessons lessons
 *
 *     lessons/
 *     ├── 1_our_base.json     a lesson; src/workshop/lesson.ts says what is in it
 *     └── 2_our_rules.json    another one: the names of the files say the order
 *
 * They come after the lessons of the course. A file that is saved is read again, and if it is wrong, a line says where, and the lesson
 * stays as it was before. So a teacher can write with the page open.
 *
 * Next: threads.ts
 *
 * @module
 */

import { basename, join } from "node:path";
import { reasonOf } from "../disk/reasons.ts";
import type { Lesson } from "../workshop/lesson.ts";
import { LESSONS } from "../workshop/lessons.ts";
import { LessonError, parseLesson } from "../workshop/reading_lessons.ts";
import { LOOK_AGAIN, ReloadedFile } from "./reloaded_file.ts";

// The longest lesson of the course has 12 KB. In bytes.
const LARGEST_LESSON = 1024 ** 2;

/** The lessons of the course, and those of a folder. */
export class OwnLessons {
  readonly #folder: string;
  readonly #tell: (message: string) => void;
  readonly #files = new Map<string, ReloadedFile<Lesson>>();
  #lookedAt = performance.now();
  #complaint = "";

  /**
   * Reads the folder. `tell` gets a line if a file has changed.
   *
   * @throws {Error} with one line for a person if the folder cannot be read, has no lesson, or one of its files is wrong.
   */
  constructor(folder: string, tell: (message: string) => void) {
    this.#folder = folder;
    this.#tell = tell;
    try {
      this.#look();
      if (this.#files.size === 0) throw new Error("it has no file whose name ends with .json");
    } catch (error) {
      throw new Error(`cannot use the lessons in ${folder}: ${reasonOf(error)}`);
    }
  }

  /** All lessons that there are now. */
  get all(): readonly Lesson[] {
    if (performance.now() - this.#lookedAt >= LOOK_AGAIN) this.#lookAgain();
    const own = [...this.#files].sort(([a], [b]) => a < b ? -1 : 1).map(([, file]) => file.value);
    return [...LESSONS, ...own];
  }

  #lookAgain(): void {
    this.#lookedAt = performance.now();
    try {
      this.#look();
      this.#complaint = "";
    } catch (error) {
      const complaint = reasonOf(error);
      if (complaint !== this.#complaint) this.#tell(`cannot use the lessons in ${this.#folder}: ${complaint}`);
      this.#complaint = complaint;
    }
  }

  #look(): void {
    const names = [...Deno.readDirSync(this.#folder)].filter(({ name, isDirectory }) =>
      name.endsWith(".json") && !name.startsWith(".") && !isDirectory
    ).map(({ name }) => name).sort();
    for (const name of this.#files.keys()) if (!names.includes(name)) this.#files.delete(name);
    for (const name of names) if (!this.#files.has(name)) this.#files.set(name, this.#read(name));
  }

  #read(name: string): ReloadedFile<Lesson> {
    const path = join(this.#folder, name);
    const parse = (text: string) => {
      const lesson = parseLesson(text, name);
      const others = [...this.#files].filter(([other]) => other !== name).map(([, file]) => file.value.id);
      if (![...LESSONS.map(({ id }) => id), ...others].includes(lesson.id)) return lesson;
      throw new LessonError(name, "id", "one that no other lesson has", lesson.id);
    };
    return new ReloadedFile(path, readSmallFile(path), parse, this.#tell, readSmallFile);
  }
}

// A read of a pipe or of a device may never end. A link may lead to one at any time.
function readSmallFile(path: string): string {
  const { isFile, size } = Deno.statSync(path);
  if (!isFile) throw new LessonError(basename(path), "", "a file", "something else");
  if (size > LARGEST_LESSON) throw new LessonError(basename(path), "", `at most ${LARGEST_LESSON} bytes`, String(size));
  return Deno.readTextFileSync(path);
}
