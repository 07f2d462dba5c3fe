/**
 * The samples as a library: images and other artifacts whose digests never change, for the tests of another program.
 *
 * ```ts
 * import { startRegistry } from "./mod.ts";
 * import { samples } from "./samples_mod.ts";
 *
 * async function test() {
 *   await using registry = await startRegistry();
 *   await registry.fill(samples.hello);
 *   await registry.fetch("/v2/samples/hello/manifests/latest");
 * }
 * ```
 *
 * Next: serving/command_line.ts
 *
 * @module
 */

export { describeSample, SAMPLE_NAMES, type SampleKey, samples } from "./workshop/samples/samples.ts";
export type { SampleInfo, SampleKind } from "./workshop/sample_facts.ts";
export type { SampleLayout } from "./workshop/samples/layout_of_sample.ts";
export { type PushedSample, pushSample, type PushSampleOptions } from "./workshop/samples/pushing.ts";
export type { SampleRefusal } from "./workshop/samples/recipe.ts";
