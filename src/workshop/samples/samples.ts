/**
 * All samples, by their names.
 *
 *     samples.hello             its layout, for `registry.fill(samples.hello)`
 *     describeSample("hello")           { name: "hello", kind: "good", purpose: "The smallest image …" }
 *
 * On the command line and in paths, the words of a name have hyphens between them: `shared-base`.
 *
 * Next: pushing.ts
 *
 * @module
 */

import type { Descriptor } from "../../definitions/descriptor.ts";
import { ARTIFACTS } from "./artifacts.ts";
import { BROKEN } from "./broken.ts";
import { DAMAGED } from "./damaged.ts";
import { IMAGES } from "./images.ts";
import { type SampleLayout, SampleMaker, type SamplePart } from "./layout_of_sample.ts";
import type { BrokenRecipe, DamagedRecipe, GoodRecipe, RefusedRecipe } from "./recipe.ts";
import type { SampleInfo, SampleKind, SamplesFacts } from "../sample_facts.ts";
import { REFUSED } from "./refused.ts";

/** The kinds, from the good ones to those that damage a folder, each with a sentence. */
export const SAMPLE_KINDS: Readonly<Record<SampleKind, string>> = {
  good: "The registry takes it, and nothing is wrong with it.",
  refused: "The registry refuses it.",
  broken: "The registry takes it. The page and deno task look find what is wrong.",
  damaged: "The registry takes it, and then a file on its disk is changed. deno task verify finds that.",
};

/** A recipe with its kind. */
export type SampleRecipe =
  | { readonly kind: "good"; readonly recipe: GoodRecipe }
  | { readonly kind: "refused"; readonly recipe: RefusedRecipe }
  | { readonly kind: "broken"; readonly recipe: BrokenRecipe }
  | { readonly kind: "damaged"; readonly recipe: DamagedRecipe };

const RECIPES: ReadonlyMap<string, SampleRecipe> = new Map<string, SampleRecipe>([
  ...named({ ...IMAGES, ...ARTIFACTS }, (recipe) => ({ kind: "good", recipe })),
  ...named(REFUSED, (recipe) => ({ kind: "refused", recipe })),
  ...named(BROKEN, (recipe) => ({ kind: "broken", recipe })),
  ...named(DAMAGED, (recipe) => ({ kind: "damaged", recipe })),
]);

const WITH_LAYOUT: Readonly<Record<SampleKey, GoodRecipe | BrokenRecipe>> = {
  ...IMAGES,
  ...ARTIFACTS,
  ...BROKEN,
  ...DAMAGED,
};

function named<Recipe>(
  recipes: Readonly<Record<string, Recipe>>,
  withKind: (recipe: Recipe) => SampleRecipe,
): [string, SampleRecipe][] {
  return Object.entries(recipes).map(([key, recipe]) => [nameOf(key), withKind(recipe)]);
}

function nameOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The names of all samples, in their order. */
export const SAMPLE_NAMES: readonly string[] = [...RECIPES.keys()];

/**
 * Returns the recipe of a sample.
 *
 * @throws {RangeError} if there is none with this name; the message has all names.
 */
export function recipeOf(name: string): SampleRecipe {
  const found = RECIPES.get(name);
  if (found !== undefined) return found;
  throw new RangeError(`there is no sample "${name}"; the samples are ${SAMPLE_NAMES.join(", ")}`);
}

/**
 * Describes a sample.
 *
 * @throws {RangeError} if there is none with this name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { kind, meets } = describeSample("lying-digest");
 * assertEquals([kind, meets], ["refused", "400 DIGEST_INVALID PUSH-SINGLE-03"]);
 * ```
 */
export function describeSample(name: string): SampleInfo {
  const { kind, recipe } = recipeOf(name);
  const { purpose } = recipe;
  if (kind === "good") return { name, kind, purpose };
  if (kind !== "refused") return { name, kind, purpose, meets: recipe.finding };
  const { status, code, rule } = recipe.refusal;
  return { name, kind, purpose, meets: `${status} ${code} ${rule}` };
}

/** Returns what there is to know of all samples. */
export function samplesFacts(): SamplesFacts {
  return { samples: SAMPLE_NAMES.map(describeSample), kinds: SAMPLE_KINDS };
}

/** A sample that was made: its files, and a pointer to what is wrong, if something is. */
export interface MadeSample {
  /** Its files, as a layout. */
  readonly layout: SampleLayout;
  /** Its blobs and manifests, in the order in which they are pushed. */
  readonly parts: readonly SamplePart[];
  /** The pointer. */
  readonly wrong?: Descriptor;
}

/** Makes a sample. The layout calls its repository `samples/` and the name. */
export function makeSample(name: string, { make }: Pick<GoodRecipe | BrokenRecipe, "make">): MadeSample {
  const maker = new SampleMaker(`samples/${name}`);
  const wrong = make(maker) as Descriptor | undefined;
  return { layout: maker.layout(), parts: maker.parts(), ...(wrong === undefined ? {} : { wrong }) };
}

/** The name of a sample that is a layout, as JavaScript writes it. Those that the registry refuses are none. */
export type SampleKey =
  | "hello"
  | "sharedBase"
  | "platforms"
  | "whiteouts"
  | "estargz"
  | "zstdChunked"
  | "attestations"
  | "referrers"
  | "helmChart"
  | "wasm"
  | "emptyArtifact"
  | "wrongDiffId"
  | "tarBomb"
  | "pathOut"
  | "badChecksum"
  | "truncatedGzip"
  | "sizeLie"
  | "flippedBit"
  | "danglingTag";

/**
 * The layouts of the samples, for {@linkcode fill}. Each one is made when it is used for the first time. `fill` refuses `sizeLie`, because it
 * checks what it pushes; and `flippedBit` and `danglingTag` have nothing wrong as long as nobody changes the disk.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryDisk } from "../../disk/memory_disk.ts";
 * import { fill } from "../../filling/fill.ts";
 * import { createRegistry } from "../../registry.ts";
 *
 * const { images } = await fill(createRegistry({ disk: memoryDisk() }), samples.hello);
 * assertEquals(images.map(({ name, tag }) => `${name}:${tag}`), ["samples/hello:latest"]);
 * ```
 */
export const samples: Readonly<Record<SampleKey, SampleLayout>> = Object.create(
  null,
  Object.fromEntries(
    Object.entries(WITH_LAYOUT).map(([key, recipe]) => {
      let layout: SampleLayout | undefined;
      return [key, { enumerable: true, get: () => layout ??= makeSample(nameOf(key), recipe).layout }];
    }),
  ),
);
