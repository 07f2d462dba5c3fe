/**
 * What the processes are given: indexes, which need nothing else, and small images.
 *
 * @module
 */

import { descriptorOf, digestOf, TYPES } from "../fixture.ts";
import type { Process } from "./shared_root.ts";

/** A manifest as text, and its digest. */
export interface Content {
  readonly text: string;
  readonly digest: string;
}

/** An index without entries: the smallest manifest there is. The label makes it one of its own. */
export function indexOf(label: string, fields: object = {}): Content {
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPES.index,
    manifests: [],
    annotations: { label },
    ...fields,
  });
  return { text, digest: digestOf(text) };
}

/** Pushes an index to a tag or digest: the answer. */
export function pushIndex(
  process: Process,
  path: string,
  { text }: Content,
  headers: Record<string, string> = {},
): Promise<Response> {
  return process.send("PUT", path, { body: text, headers: { ...headers, "Content-Type": TYPES.index } });
}

/** Pushes a blob with a single POST: the answer. */
export function pushBlob(process: Process, name: string, content: string): Promise<Response> {
  return process.send("POST", `/v2/${name}/blobs/uploads/?digest=${digestOf(content)}`, { body: content });
}

/** An image with a config and a layer of its own. */
export class Image implements Content {
  readonly layer: string;
  readonly config: string;
  readonly text: string;
  readonly digest: string;

  /** Makes it; the label is in all of its parts. */
  constructor(label: string) {
    this.layer = `the layer of ${label}`;
    this.config = JSON.stringify({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [] },
      label,
    });
    this.text = JSON.stringify({
      schemaVersion: 2,
      mediaType: TYPES.image,
      config: descriptorOf(this.config, TYPES.config),
      layers: [descriptorOf(this.layer, TYPES.layer)],
    });
    this.digest = digestOf(this.text);
  }

  /** Pushes the config and the layer: both statuses. */
  async pushBlobs(process: Process, name: string): Promise<number[]> {
    const answers = [await pushBlob(process, name, this.config), await pushBlob(process, name, this.layer)];
    return answers.map(({ status }) => status);
  }

  /** Pushes the manifest, for which the blobs have to be there: the answer. */
  pushManifest(process: Process, name: string, tag: string): Promise<Response> {
    return process.send("PUT", `/v2/${name}/manifests/${tag}`, {
      body: this.text,
      headers: { "Content-Type": TYPES.image },
    });
  }

  /** Pulls it by its tag, with its blobs: the texts. */
  async pull(process: Process, name: string, tag: string): Promise<string[]> {
    const answers = [
      await process.send("GET", `/v2/${name}/manifests/${tag}`),
      await process.send("GET", `/v2/${name}/blobs/${digestOf(this.config)}`),
      await process.send("GET", `/v2/${name}/blobs/${digestOf(this.layer)}`),
    ];
    return await Promise.all(answers.map((answer) => answer.text()));
  }
}
