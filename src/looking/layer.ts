/**
 * Layers that are read: a blob becomes the facts of its archive.
 *
 *     await openLayer(looking, { number: 0, digest, file })
 *         { number: 0, digest: "sha256:9b4e…", file: { path: "library/hello/sha256:9b4e…/layer.tar.gz", … },
 *           facts: { isTar: true, packing: { kind: "gzip", … }, entries: […], nodes: […], … } }
 *
 * The archives are read by `src/archive/`, with its limits. Here the problems that it finds get addresses. A caller may remember layers:
 * then a layer is read only once.
 *
 * Next: entry_tree.ts
 *
 * @module
 */

import { type LayerFacts, readLayer } from "../archive/layer.ts";
import type { Digest } from "../definitions/digest.ts";
import type { FileInfo } from "../disk/disk.ts";
import { fileSource } from "./bytes.ts";
import type { Looking } from "./looking.ts";

/** The most problems of an archive that are repeated among the faults. The listing has them all. */
export const MOST_PROBLEMS = 5;

/** A layer that was read. */
export interface OpenLayer {
  /** Its number in the image; 0 if it is alone. */
  readonly number: number;
  /** Its digest. */
  readonly digest: Digest;
  /** Its file. */
  readonly file: FileInfo;
  /** The archive. */
  readonly facts: LayerFacts;
}

/** Reads a layer, or takes it from the memory of the options. Notes the limit that was met, and what is wrong. */
export async function openLayer(
  looking: Looking,
  layer: Omit<OpenLayer, "facts">,
  options: { annotations?: Readonly<Record<string, string>>; contents?: boolean; diffId?: boolean } = {},
): Promise<OpenLayer> {
  const { file, digest } = layer;
  const { limits, layers } = looking.options;
  const keyWith = (diffId = false) =>
    [digest, ...(options.contents ? ["contents"] : []), ...(diffId ? ["diffId"] : [])].join(" ");
  const key = keyWith(options.diffId);
  const facts = layers?.get(key) ?? layers?.get(keyWith(true)) ??
    await readLayer(fileSource(looking.disk, file), { limits, ...options });
  if (facts.limitMet === undefined) layers?.set(key, facts);
  else looking.limit(facts.limitMet.text);
  const { list, count } = facts.problems;
  for (const { text, path } of list.slice(0, MOST_PROBLEMS)) {
    looking.faults.push({ address: path === undefined ? file.path : addressIn(file.path, path), text });
  }
  if (count > MOST_PROBLEMS) {
    looking.faults.push({ address: file.path, text: `${count - MOST_PROBLEMS} more things are wrong in it.` });
  }
  return { ...layer, facts };
}

/** Returns the address of a path in what is at an address: `…/layer.tar.gz!/etc/motd`. */
export function addressIn(address: string, path: string): string {
  return `${address}!/${path.replace(/^(?:\.?\/)+|\/+$/g, "")}`;
}
