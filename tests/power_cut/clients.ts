/**
 * Clients that push and delete the same few things at the same time, and what they may rely on.
 *
 * For each file, the promises know what the last acknowledged request has promised: that it is there, or that it is away. As long
 * as a push and a delete of the same thing are running, nobody can know how it ends, and nothing is promised.
 *
 * @module
 */

import { descriptorOf, digestOf, TYPES } from "../fixture.ts";
import type { Random } from "../fuzz/random.ts";
import type { StrictDisk } from "./strict_disk.ts";

/** Sends a request to one of the registries. */
export type Send = (
  method: string,
  path: string,
  init?: { headers?: Record<string, string>; body?: string },
) => Promise<
  Response
>;

/** One of the registries. */
export interface TestedRegistry {
  readonly send: Send;
  /** True if it is killed now and then: then it answers 500, and what it was doing stays as it is. */
  readonly mayFail: boolean;
}

/** What becomes of some files: their text, or `undefined` if they will be away, or `null` if that is not known. */
export type Outcome = Readonly<Record<string, string | undefined | null>>;

interface Deed {
  readonly files: Outcome;
  /** The files that no other request changes in another way at the same time. */
  readonly alone: Set<string>;
}

/** What the requests so far have promised. */
export class Promises {
  /** The number of requests that were acknowledged, and how often a file was there for sure or away for sure. */
  readonly counts = { acknowledged: 0, there: 0, away: 0 };
  readonly #promised = new Map<string, string | undefined>();
  readonly #running = new Set<Deed>();

  /** `isOrderly` is true if no process is killed. After that, a tag can be as it was before, and its manifest can be gone. */
  constructor(private readonly disk: StrictDisk, private readonly isOrderly: boolean) {}

  /** Runs a request that changes files. If its answer has this status, the outcome is promised. */
  async during(files: Outcome, status: number, request: () => Promise<Response>): Promise<Response> {
    const deed: Deed = { files, alone: new Set(Object.keys(files)) };
    for (const [path, text] of Object.entries(files)) {
      for (const other of this.#running) {
        if (!(path in other.files) || other.files[path] === text) continue;
        other.alone.delete(path);
        deed.alone.delete(path);
      }
      // What is promised already stays so, if this request does not want to change it.
      if (this.#promised.get(path) !== text || text === null) this.#promised.delete(path);
    }
    this.#running.add(deed);
    const response = await request();
    this.#running.delete(deed);
    if (response.status === status) {
      this.counts.acknowledged++;
      for (const path of deed.alone) {
        const text = files[path];
        if (text !== null) this.#promised.set(path, text);
      }
      this.expectKept();
      if (this.isOrderly) this.expectOrder();
    }
    return response;
  }

  /** Checks that what could be there after a power cut at this moment is whole, and points to nothing that could be away. */
  expectOrder(): void {
    for (const { path, text, isWhole } of this.disk.possibleFiles()) {
      const [, name, folder, file] = /^(.+?)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
      if (file === undefined || path.includes("/.") || path.includes("/_uploads/")) continue;
      if (!isWhole) throw new Error(`${path} could be there after a power cut, without its bytes`);
      const needed = folder === "_tags"
        ? `${name}/${text}/manifest.json`
        : text === SIGNATURE && file === "manifest.json" && referrerFile(name.slice("root/".length));
      if (needed && this.disk.mayBeAway(needed)) {
        throw new Error(`${path} could be there after a power cut, without ${needed}`);
      }
    }
  }

  /** Checks that each promise survives a power cut at this moment. */
  expectKept(): void {
    for (const [path, text] of this.#promised) {
      if (text === undefined) {
        this.counts.away++;
        if (this.disk.mayBeThere(path)) throw new Error(`${path} was deleted, and may be back after a power cut`);
      } else {
        this.counts.there++;
        const doubt = this.disk.doubts(path, text);
        if (doubt !== undefined) throw new Error(`${path} was acknowledged, and after a power cut ${doubt}`);
      }
    }
  }
}

const REPOSITORIES = ["a/x", "a/y", "b"];
const LAYERS = ["one", "two", "three"];
const CONFIG = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: {} });
const TAGS = ["v1", "v2"];
const IMAGE = (layer: string, more: object = {}) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: descriptorOf(CONFIG, TYPES.config),
    layers: [descriptorOf(layer, TYPES.layer)],
    ...more,
  });
const SUBJECT = descriptorOf(IMAGE(LAYERS[0]), TYPES.image);
const SIGNATURE = IMAGE(LAYERS[1], { subject: SUBJECT, artifactType: "application/x.signature" });
const IMAGES = [IMAGE(LAYERS[0]), IMAGE(LAYERS[1]), SIGNATURE];
const INDEX = JSON.stringify({
  schemaVersion: 2,
  mediaType: TYPES.index,
  manifests: IMAGES.map((image) => descriptorOf(image, TYPES.image)),
});
// The bytes of a manifest can also be a blob.
const BLOBS = [...LAYERS, CONFIG, IMAGES[0]];

const blobFile = (name: string, blob: string) =>
  `root/${name}/${digestOf(blob)}/${blob === CONFIG ? "config.json" : blob.startsWith("{") ? "blob.json" : "blob"}`;
const manifestFile = (name: string, digest: string) => `root/${name}/${digest}/manifest.json`;
const tagFile = (name: string, tag: string) => `root/${name}/_tags/${tag}`;
const referrerFile = (name: string) => `root/${name}/_referrers/${SUBJECT.digest}/${digestOf(SIGNATURE)}.json`;
const REFERRER = JSON.stringify({ ...descriptorOf(SIGNATURE, TYPES.image), artifactType: "application/x.signature" });

class Killed extends Error {}

/** One client. */
export class Client {
  readonly #mayFail = new WeakSet<Response>();

  constructor(
    private readonly promises: Promises,
    private readonly disk: StrictDisk,
    private readonly random: Random,
    private readonly registries: readonly TestedRegistry[],
  ) {}

  /** Does one thing that clients do. If a registry is killed meanwhile, the client gives up. */
  async act(): Promise<void> {
    try {
      await this.#act();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }

  async #act(): Promise<void> {
    const { random } = this;
    const name = random.pick(REPOSITORIES);
    const blob = random.pick(BLOBS);
    switch (random.below(10)) {
      case 0:
        return await this.#deleteBlob(name, blob);
      case 1:
        return await this.#deleteManifest(name, random.pick([...IMAGES, INDEX]));
      case 2:
        return await this.#deleteTag(name, random.pick(TAGS));
      case 3:
      case 4:
        return await this.#mount(name, blob);
      case 5:
        return await this.#pushInChunks(name, blob);
      case 6:
        return await this.#pushBlob(name, blob);
      default:
        return random.onceIn(6) ? await this.#pushIndex(name) : await this.#pushImage(name, random.pick(IMAGES));
    }
  }

  async #send(...request: Parameters<Send>): Promise<Response> {
    const [method] = request;
    // What a killed process has removed, without a sync, may come back, and nobody else can know.
    const { send, mayFail } = this.random.pick(
      this.registries.filter(({ mayFail }) => method !== "DELETE" || !mayFail),
    );
    const response = await send(...request);
    if (mayFail) this.#mayFail.add(response);
    return response;
  }

  async #pushBlob(name: string, blob: string): Promise<void> {
    const url = `/v2/${name}/blobs/uploads/?digest=${digestOf(blob)}`;
    await this.#expect(
      [201],
      this.promises.during({ [blobFile(name, blob)]: blob }, 201, () => this.#send("POST", url, { body: blob })),
    );
  }

  async #pushInChunks(name: string, blob: string): Promise<void> {
    const opened = await this.#expect([202], this.#send("POST", `/v2/${name}/blobs/uploads/`));
    const location = opened.headers.get("Location")!;
    const session = `root/${name}/_uploads/${location.split("/").at(-1)}/data`;
    for (const [at, letter] of [...blob.slice(0, 2)].entries()) {
      await this.#expect([202], this.#send("PATCH", location, { body: letter }));
      const safe = this.disk.bytesOf(session);
      if (safe <= at) {
        throw new Error(`${session} has ${at + 1} acknowledged bytes, and after a power cut perhaps ${safe}`);
      }
    }
    await this.#expect(
      [201],
      this.promises.during(
        { [blobFile(name, blob)]: blob },
        201,
        () => this.#send("PUT", `${location}?digest=${digestOf(blob)}`, { body: blob.slice(2) }),
      ),
    );
  }

  async #mount(name: string, blob: string): Promise<void> {
    const from = this.random.onceIn(3) ? "" : `&from=${this.random.pick(REPOSITORIES)}`;
    const url = `/v2/${name}/blobs/uploads/?mount=${digestOf(blob)}${from}`;
    const files = { [blobFile(name, blob)]: blob };
    const response = await this.#expect([201, 202], this.promises.during(files, 201, () => this.#send("POST", url)));
    if (response.status === 202) {
      await this.#expect([204], this.#send("DELETE", response.headers.get("Location")!));
    }
  }

  // As docker does it: it pushes only those blobs that are not there. So a manifest promises its blobs, too.
  async #pushImage(name: string, manifest: string): Promise<void> {
    const { layers: [layer] } = JSON.parse(manifest);
    const blobs = [CONFIG, LAYERS.find((text) => digestOf(text) === layer.digest)!];
    for (const blob of blobs) {
      const found = await this.#expect([200, 404], this.#send("HEAD", `/v2/${name}/blobs/${digestOf(blob)}`));
      if (found.status === 404) await this.#pushBlob(name, blob);
    }
    await this.#pushManifest(name, manifest, TYPES.image, {
      ...Object.fromEntries(blobs.map((blob) => [blobFile(name, blob), blob])),
      ...manifest === SIGNATURE && { [referrerFile(name)]: REFERRER },
    });
  }

  async #pushIndex(name: string): Promise<void> {
    for (const image of IMAGES) await this.#pushImage(name, image);
    const images = IMAGES.map((image) => [manifestFile(name, digestOf(image)), image]);
    await this.#pushManifest(name, INDEX, TYPES.index, Object.fromEntries(images));
  }

  async #pushManifest(name: string, manifest: string, type: string, needed: Outcome): Promise<void> {
    const digest = digestOf(manifest);
    const tag = this.random.pick(TAGS);
    const files = {
      [manifestFile(name, digest)]: manifest,
      [`root/${name}/${digest}/content-type`]: type,
      [tagFile(name, tag)]: digest,
      ...needed,
    };
    const request = { body: manifest, headers: { "Content-Type": type } };
    // Another client may have deleted a blob in between.
    await this.#expect(
      [201, 400],
      this.promises.during(files, 201, () => this.#send("PUT", `/v2/${name}/manifests/${tag}`, request)),
    );
  }

  async #deleteBlob(name: string, blob: string): Promise<void> {
    const url = `/v2/${name}/blobs/${digestOf(blob)}`;
    await this.#expect(
      [202, 404],
      this.promises.during({ [blobFile(name, blob)]: undefined }, 202, () => this.#send("DELETE", url)),
    );
  }

  async #deleteTag(name: string, tag: string): Promise<void> {
    const url = `/v2/${name}/manifests/${tag}`;
    await this.#expect(
      [202, 404],
      this.promises.during({ [tagFile(name, tag)]: undefined }, 202, () => this.#send("DELETE", url)),
    );
  }

  async #deleteManifest(name: string, manifest: string): Promise<void> {
    const digest = digestOf(manifest);
    const files = {
      // It removes the tags that point to this manifest, and no others.
      ...Object.fromEntries(TAGS.map((tag) => [tagFile(name, tag), null])),
      [manifestFile(name, digest)]: undefined,
      [`root/${name}/${digest}/content-type`]: null,
      ...manifest === SIGNATURE && { [referrerFile(name)]: undefined },
    };
    await this.#expect(
      [202, 404],
      this.promises.during(files, 202, () => this.#send("DELETE", `/v2/${name}/manifests/${digest}`)),
    );
  }

  async #expect(statuses: readonly number[], request: Promise<Response>): Promise<Response> {
    const response = await request;
    if (statuses.includes(response.status)) return response;
    if (response.status === 500 && this.#mayFail.has(response)) throw new Killed();
    throw new Error(`${response.status} ${await response.text()}`);
  }
}
