/**
 * A recipe: how a sample is made, what it is for, and what a bad one meets.
 *
 *     good      the registry takes it, and nothing is wrong with it
 *     refused   the registry refuses the last of its requests
 *     broken    the registry takes it, because it does not look into layers; `deno task look` and the page find what is wrong
 *     damaged   the registry takes it, and then its files are changed by hand; `deno task verify` finds that
 *
 * The files behind this one have the recipes.
 *
 * Next: tar_of_sample.ts
 *
 * @module
 */

import type { Descriptor } from "../../definitions/descriptor.ts";
import type { Name } from "../../definitions/name.ts";
import type { SampleMaker } from "./layout_of_sample.ts";

/** A sample with nothing wrong. */
export interface GoodRecipe {
  /** A sentence: what it shows. */
  readonly purpose: string;
  /** Makes it. */
  readonly make: (make: SampleMaker) => unknown;
}

/** A sample that somebody who looks finds broken. */
export interface BrokenRecipe {
  /** A sentence: what is wrong. */
  readonly purpose: string;
  /** Makes it. Returns a pointer to what is broken: a layer or a manifest. */
  readonly make: (make: SampleMaker) => Descriptor;
  /** The sentence that a look at it finds. */
  readonly finding: string;
}

/** A sample that is damaged on the disk, after the registry has taken it. */
export interface DamagedRecipe extends BrokenRecipe {
  /** Returns the small files that replace good ones, and their folder. `bytes` is the content of what `make` points to. */
  readonly damage: (
    name: Name,
    damaged: Descriptor,
    bytes: Uint8Array<ArrayBuffer>,
  ) => { readonly folder: string; readonly files: Readonly<Record<string, Uint8Array>> };
}

/** A sample that the registry refuses. */
export interface RefusedRecipe {
  /** A sentence: what is wrong. */
  readonly purpose: string;
  /** The requests. The registry answers each with 201, and refuses the last one. */
  readonly requests: () => readonly SampleRequest[];
  /** How it refuses that one. */
  readonly refusal: SampleRefusal;
}

/** One request of a sample. */
export interface SampleRequest {
  /** Its method. */
  readonly method: "POST" | "PUT";
  /** Its path behind the repository, such as `manifests/latest`. */
  readonly path: string;
  /** The media type of its body. */
  readonly mediaType: string;
  /** Its body. */
  readonly body: string;
}

/** A refusal, in short. */
export interface SampleRefusal {
  /** The status, such as 400. */
  readonly status: number;
  /** The code of the spec, such as `DIGEST_INVALID`. */
  readonly code: string;
  /** The rule that the request breaks, such as `PUSH-SINGLE-03`. */
  readonly rule: string;
}
