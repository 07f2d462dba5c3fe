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
import shared from "./lessons/09_shared.json" with { type: "json" };
import platforms from "./lessons/10_platforms.json" with { type: "json" };
import referrers from "./lessons/11_referrers.json" with { type: "json" };
import deleting from "./lessons/12_delete.json" with { type: "json" };
import clients from "./lessons/13_clients.json" with { type: "json" };
import detective from "./lessons/14_detective.json" with { type: "json" };
import withoutReferrers from "./lessons/15_without_referrers.json" with { type: "json" };

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
  shared,
  platforms,
  referrers,
  deleting,
  clients,
  detective,
  withoutReferrers,
].map((data) => readLesson(data, `${data.id}.json`));
