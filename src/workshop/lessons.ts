/**
 * The lessons of the course, in their order. Each one is a file of JSON in `lessons/`.
 *
 *     lessons/01_knock.json   lessons/02_one_blob.json   …
 *
 * Those who have done them know what a registry is, from the first knock to the signature of an image.
 *
 * Next: ../page/page.ts
 *
 * @module
 */

import type { Lesson } from "./lesson.ts";
import { readLesson } from "./reading_lessons.ts";
import knock from "./lessons/01_knock.json" with { type: "json" };

/** The lessons of the course. */
export const LESSONS: readonly Lesson[] = [
  knock,
].map((data) => readLesson(data, `${data.id}.json`));
