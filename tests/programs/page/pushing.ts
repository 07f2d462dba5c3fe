/**
 * Pushing content that no client would make: hostile names, wrong archives, very much of it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { bytes, descriptorOf, digestOf, TYPES } from "../../fixture.ts";

/** Sends a request to a registry: over the network, or in this process. */
export type Send = (request: Request) => Promise<Response>;

/** What an image is made of. */
export interface Recipe {
  /** The bytes of its layers, as tar archives. They are pushed with gzip. */
  readonly layers: readonly Uint8Array[];
  /** More fields of the manifest. */
  readonly fields?: Record<string, unknown>;
  /** More fields of the config. */
  readonly config?: Record<string, unknown>;
  /** The tags. */
  readonly tags?: readonly string[];
}

/** Pushes to one registry, under a User-Agent. */
export class Pusher {
  readonly #send: Send;
  readonly #origin: string;
  readonly #agent: string;

  constructor(origin: string, { send = fetch, agent = "page-test/1" }: { send?: Send; agent?: string } = {}) {
    this.#send = send;
    this.#origin = origin;
    this.#agent = agent;
  }

  /** Pushes a blob. Returns its digest. */
  async blob(name: string, content: string | Uint8Array<ArrayBuffer>): Promise<string> {
    const digest = digestOf(content);
    await this.#push("POST", `/v2/${name}/blobs/uploads/?digest=${digest}`, "application/octet-stream", content);
    return digest;
  }

  /** Pushes a manifest, under tags. Returns its digest. */
  async manifest(name: string, manifest: object | string, tags: readonly string[] = []): Promise<string> {
    const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
    const digest = digestOf(text);
    const query = tags.length === 0 ? "" : `?${tags.map((tag) => `tag=${tag}`).join("&")}`;
    await this.#push("PUT", `/v2/${name}/manifests/${digest}${query}`, JSON.parse(text).mediaType, text);
    return digest;
  }

  /** Pushes an image. Returns the digest of its manifest, and its descriptor. */
  async image(name: string, { layers, fields, config, tags }: Recipe) {
    const packed = layers.map((layer) => new Uint8Array(gzipSync(layer)));
    const text = JSON.stringify({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: layers.map((layer) => digestOf(layer)) },
      ...config,
    });
    for (const blob of [...packed, bytes(text)]) await this.blob(name, blob);
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: TYPES.image,
      config: descriptorOf(text, TYPES.config),
      layers: packed.map((layer) => descriptorOf(layer, TYPES.layer)),
      ...fields,
    });
    const digest = await this.manifest(name, manifest, tags);
    return { digest, layers: packed.map((layer) => digestOf(layer)), descriptor: descriptorOf(manifest, TYPES.image) };
  }

  /** Sends any request; nobody reads the answer but its status. */
  async ask(method: string, path: string): Promise<number> {
    const answer = await this.#send(
      new Request(this.#origin + path, { method, headers: { "User-Agent": this.#agent } }),
    );
    await answer.body?.cancel();
    return answer.status;
  }

  async #push(method: string, path: string, type: string, body: string | Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = { "Content-Type": type, "User-Agent": this.#agent };
    const answer = await this.#send(new Request(this.#origin + path, { method, headers, body }));
    assertEquals(answer.status, 201, await answer.text());
  }
}
