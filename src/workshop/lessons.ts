/**
 * The lessons of the course, in their order. Each one is a file of JSON in `lessons/`.
 *
 *     lessons/01_knock.json   lessons/02_blob.json   …
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
import blob from "./lessons/02_blob.json" with { type: "json" };
import lyingDigest from "./lessons/03_lying_digest.json" with { type: "json" };
import layer from "./lessons/04_layer.json" with { type: "json" };
import manifest from "./lessons/05_manifest.json" with { type: "json" };
import tag from "./lessons/06_tag.json" with { type: "json" };
import chunks from "./lessons/07_chunks.json" with { type: "json" };
import resume from "./lessons/08_resume.json" with { type: "json" };

/** The lessons of the course. */
export const LESSONS: readonly Lesson[] = [
  knock,
  blob,
  lyingDigest,
  layer,
  manifest,
  tag,
  chunks,
  resume,
].map((data) => readLesson(data, `${data.id}.json`));
