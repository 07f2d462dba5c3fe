/**
 * Pushing a sample: through the registry's front door, as any client would, and without a network.
 *
 *     good, broken   its blobs and manifests, one after the other
 *     damaged        the same, and then a file on the disk becomes another one
 *     refused        its requests; the answer to the last one is compared with what the recipe announces
 *
 * A broken sample is not checked before it is pushed, as `fill` would do, because the registry must get it as it is.
 *
 * Next: over_http.ts
 *
 * @module
 */

import { RegistryClient } from "../../client/client.ts";
import { type Name, NAME_FORM, parseName } from "../../definitions/name.ts";
import type { Disk } from "../../disk/disk.ts";
import type { Registry } from "../../registry.ts";
import type { DamagedRecipe, RefusedRecipe, SampleRefusal } from "./recipe.ts";
import { describeSample, type MadeSample, makeSample, recipeOf } from "./samples.ts";
import type { SampleInfo } from "../sample_facts.ts";

/** The options of {@linkcode pushSample}. */
export interface PushSampleOptions {
  /** What stands in front of the sample's name in that of its repository, such as `learner/ana`. Default: `samples`. */
  readonly to?: string;
  /** The disk of the registry. Only the samples that are damaged there need it. */
  readonly disk?: Disk;
}

/** The name that these requests have in the stories. */
export const SAMPLES_AGENT = "glassbox-samples";

/** A sample that was pushed. */
export interface PushedSample extends SampleInfo {
  /** Its repository. */
  readonly repository: string;
  /** Its manifests with a tag. */
  readonly images: readonly { readonly tag: string; readonly digest: string }[];
  /** How the registry has refused it, if it has. */
  readonly refusal?: SampleRefusal;
  /** True if the refusal is the one that was announced. Only a sample that should be refused has this. */
  readonly isAsAnnounced?: boolean;
  /** The address of what is wrong, for `deno task look` and for the page behind `/at/`. */
  readonly address?: string;
}

/**
 * Pushes a sample.
 *
 * @throws {ClientError} if the registry refuses what it should take.
 * @throws {RangeError} if there is no such sample, or if no repository can have its name.
 * @throws {TypeError} if the sample needs a disk and there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryDisk } from "../../disk/memory_disk.ts";
 * import { createRegistry } from "../../registry.ts";
 *
 * const { repository, refusal } = await pushSample(createRegistry({ disk: memoryDisk() }), "lying-digest");
 *
 * assertEquals(repository, "samples/lying-digest");
 * assertEquals(refusal, { status: 400, code: "DIGEST_INVALID", rule: "PUSH-SINGLE-03" });
 * ```
 */
export async function pushSample(
  registry: Registry,
  name: string,
  { to = "samples", disk }: PushSampleOptions = {},
): Promise<PushedSample> {
  const found = recipeOf(name);
  const repository = parseName(`${to.replace(/\/$/, "")}/${name}`);
  if (repository === undefined) throw new RangeError(`"${to}/${name}" is not ${NAME_FORM}`);
  const pushed = { ...describeSample(name), repository };
  if (found.kind === "refused") {
    return { ...pushed, images: [], ...await pushRefused(registry, repository, found.recipe) };
  }
  if (found.kind === "damaged" && disk === undefined) {
    throw new TypeError(`the sample ${name} is damaged on the disk, and there is no disk`);
  }
  const made = makeSample(name, found.recipe);
  await pushParts(registry, repository, made);
  if (found.kind === "damaged") await damage(disk!, repository, made, found.recipe);
  const images = made.parts.flatMap(({ digest, tags }) => tags.map((tag) => ({ tag, digest })));
  return { ...pushed, images, ...(made.wrong === undefined ? {} : { address: `${repository}@${made.wrong.digest}` }) };
}

async function pushParts(registry: Registry, name: Name, { parts }: MadeSample): Promise<void> {
  const client = new RegistryClient(registry);
  for (const part of parts) {
    const { digest, bytes, isManifest, tags } = part;
    if (isManifest) await client.pushManifest(name, part, tags);
    else await client.pushBlob(name, { digest, size: bytes.length }, ReadableStream.from([bytes]));
  }
}

async function damage(disk: Disk, name: Name, { parts, wrong }: MadeSample, recipe: DamagedRecipe): Promise<void> {
  const { bytes } = parts.find(({ digest }) => digest === wrong!.digest)!;
  const { folder, files } = recipe.damage(name, wrong!, bytes);
  await disk.put(folder, files);
}

async function pushRefused(
  registry: Registry,
  name: Name,
  { requests, refusal: announced }: RefusedRecipe,
): Promise<Pick<PushedSample, "refusal" | "isAsAnnounced">> {
  const all = requests();
  for (const [index, { method, path, mediaType, body }] of all.entries()) {
    const headers = { "Content-Type": mediaType };
    const response = await registry(new Request(`http://localhost/v2/${name}/${path}`, { method, headers, body }));
    const text = await response.text();
    if (response.status === 201) continue;
    const refusal = refusalIn(response.status, text);
    const isLast = index === all.length - 1;
    const isSame = (["status", "code", "rule"] as const).every((field) => refusal[field] === announced[field]);
    return { refusal, isAsAnnounced: isLast && isSame };
  }
  return { isAsAnnounced: false };
}

// API-ERR-02: a refusal is JSON. A server in front may answer with anything else.
function refusalIn(status: number, text: string): SampleRefusal {
  try {
    const [{ code, detail }] = JSON.parse(text).errors;
    const { rule } = [detail].flat()[0] ?? {};
    return { status, code: String(code), rule: String(rule ?? "") };
  } catch {
    return { status, code: "", rule: "" };
  }
}
