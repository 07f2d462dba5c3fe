/**
 * The client: the other side of the spec. It asks what the registry answers.
 *
 *     blob       HEAD …/blobs/<digest>              is it there?                    end-2
 *                POST …/blobs/uploads/?mount=…      take it from that repository    end-11
 *                POST …/blobs/uploads/?digest=…     here it is                      end-4b
 *     manifest   PUT  …/manifests/<digest>?tag=…    here it is, and its tags        end-7b
 *
 * Other clients have a URL. This one has a registry, which is a function from a request to an answer, so it needs no network. The
 * registry cannot tell it from other clients, and checks every rule of the spec.
 *
 * Next: pages.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { type Descriptor, parseDescriptor } from "../definitions/descriptor.ts";
import {
  algorithmOf,
  type Digest,
  digestOf,
  HASHES,
  isSupported,
  parseDigest,
  toDigest,
} from "../definitions/digest.ts";
import { Fault } from "../definitions/fault.ts";
import { MANIFEST_MEDIA_TYPES } from "../definitions/manifest.ts";
import type { Name } from "../definitions/name.ts";
import { parseTag, type Tag } from "../definitions/tag.ts";
import { LongWork } from "../giving_way.ts";
import type { Registry } from "../registry.ts";
import { pagesOf } from "./pages.ts";

/** A manifest with its bytes, as a client pushes or pulls it. */
export interface ManifestBytes {
  /** Its digest. */
  readonly digest: Digest;
  /** Its media type. */
  readonly mediaType: string;
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Thrown if the registry gives another answer than the client needs. The message has the registry's reason. */
export class ClientError extends Error {
  /** The status of the answer. */
  readonly status: number;
  /** The error codes of the answer, such as `MANIFEST_INVALID`. */
  readonly codes: readonly string[];

  /** Makes an error. `question` is the method and the path of the request. */
  constructor(question: string, status: number, codes: readonly string[], reason: string) {
    super(`the registry answers ${status} to ${question}: ${reason}`);
    this.status = status;
    this.codes = codes;
  }
}

// The longest manifest that the client pulls, in bytes. No registry takes much longer ones.
const LONGEST_MANIFEST = 64 * 1024 * 1024;

// PUSH-MANIFEST-16: a registry with tag parameters takes 10 of them at least.
const TAGS_AT_ONCE = 10;

/**
 * A client of one registry.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { digestOf, HASHES } from "../definitions/digest.ts";
 * import { parseName } from "../definitions/name.ts";
 *
 * const client = new RegistryClient(() => Promise.resolve(new Response(null, { status: 200 })));
 * assert(await client.hasBlob(parseName("library/hello")!, digestOf(HASHES, "sha256", new Uint8Array())));
 * ```
 */
export class RegistryClient {
  readonly #registry: Registry;
  readonly #work = new LongWork();

  /** Makes a client of a registry. */
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Returns true if a repository has a blob. */
  async hasBlob(name: Name, digest: Digest): Promise<boolean> {
    const response = await this.#ask("HEAD", `/v2/${name}/blobs/${digest}`, [STATUS_CODE.OK, STATUS_CODE.NotFound]);
    return response.status === STATUS_CODE.OK;
  }

  /** Pushes a blob. A piece of its bytes need be valid only until the registry asks for the next one. */
  async pushBlob(
    name: Name,
    { digest, size }: Pick<Descriptor, "digest" | "size">,
    pieces: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const response = await this.#ask(
      "POST",
      `/v2/${name}/blobs/uploads/?digest=${encodeURIComponent(digest)}`,
      [STATUS_CODE.Created],
      {
        headers: { "Content-Type": "application/octet-stream", "Content-Length": String(size) },
        body: ReadableStream.from(pieces) as ReadableStream<Uint8Array<ArrayBuffer>>,
      },
    );
    await response.body?.cancel();
  }

  /** Asks the registry to take a blob from another repository. Returns false if it does not. */
  async mountBlob(name: Name, digest: Digest, from: Name): Promise<boolean> {
    const response = await this.#ask(
      "POST",
      `/v2/${name}/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`,
      [STATUS_CODE.Created, STATUS_CODE.Accepted],
    );
    if (response.status === STATUS_CODE.Created) return true;
    // PUSH-MOUNT-08: the registry has opened a session instead, which nobody needs.
    const session = response.headers.get("Location");
    if (session !== null) await this.#send("DELETE", session);
    return false;
  }

  /** Pushes a manifest under its digest, and sets its tags. */
  async pushManifest(name: Name, manifest: ManifestBytes, tags: readonly Tag[] = []): Promise<void> {
    const { digest, mediaType, bytes } = manifest;
    const put = (reference: string) =>
      this.#ask("PUT", `/v2/${name}/manifests/${reference}`, [STATUS_CODE.Created], {
        headers: { "Content-Type": mediaType, "Content-Length": String(bytes.length) },
        body: bytes,
      });
    if (tags.length === 0) await put(digest);
    for (let at = 0; at < tags.length; at += TAGS_AT_ONCE) {
      const some = tags.slice(at, at + TAGS_AT_ONCE);
      const response = await put(`${digest}?${some.map((tag) => `tag=${tag}`).join("&")}`);
      // PUSH-MANIFEST-18: a registry without tag parameters does not repeat the tags.
      const set = (response.headers.get("OCI-Tag") ?? "").split(",").map((tag) => tag.trim());
      for (const tag of some) if (!set.includes(tag)) await put(tag);
    }
  }

  /**
   * Pulls a manifest. Returns `undefined` if it is not there.
   *
   * @throws {ClientError} if its bytes do not have its digest.
   */
  async pullManifest(name: Name, tagOrDigest: Tag | Digest): Promise<ManifestBytes | undefined> {
    const path = `/v2/${name}/manifests/${tagOrDigest}`;
    const init = { headers: { "Accept": Object.keys(MANIFEST_MEDIA_TYPES).join(", ") } };
    const response = await this.#ask("GET", path, [STATUS_CODE.OK, STATUS_CODE.NotFound], init);
    if (response.status === STATUS_CODE.NotFound) {
      await response.body?.cancel();
      return undefined;
    }
    if (Number(response.headers.get("Content-Length") ?? 0) > LONGEST_MANIFEST) {
      await response.body?.cancel();
      throw new ClientError(`GET ${path}`, response.status, [], `the manifest has more than ${LONGEST_MANIFEST} bytes`);
    }
    const bytes = await response.bytes();
    const named = parseDigest(tagOrDigest) ?? parseDigest(response.headers.get("Docker-Content-Digest") ?? "");
    const algorithm = named === undefined ? "sha256" : algorithmOf(named);
    const digest = isSupported(HASHES, algorithm) ? digestOf(HASHES, algorithm, bytes) : undefined;
    if (digest === undefined || (named !== undefined && named !== digest)) {
      throw new ClientError(`GET ${path}`, response.status, [], `its bytes do not have the digest ${named}`);
    }
    return { digest, mediaType: response.headers.get("Content-Type")?.split(";")[0].trim() ?? "", bytes };
  }

  /**
   * Pulls a blob, piece by piece.
   *
   * @throws {ClientError} if the blob is not there; and after the last piece, if all pieces together do not have its digest and size.
   */
  async *pullBlob(name: Name, { digest, size }: Pick<Descriptor, "digest" | "size">): AsyncGenerator<Uint8Array> {
    const path = `/v2/${name}/blobs/${digest}`;
    const response = await this.#ask("GET", path, [STATUS_CODE.OK]);
    const algorithm = algorithmOf(digest);
    const hash = HASHES[algorithm]();
    let length = 0;
    for await (const piece of response.body ?? []) {
      hash.update(piece);
      length += piece.length;
      if (length > size) break;
      yield piece;
    }
    if (length === size && toDigest(algorithm, hash.digest("hex")) === digest) return;
    throw new ClientError(`GET ${path}`, response.status, [], `its bytes do not have this digest and ${size} bytes`);
  }

  /**
   * Yields the tags of a repository, in their order.
   *
   * @throws {ClientError} if the registry answers with anything else than a list of tags.
   */
  tags(name: Name): AsyncGenerator<Tag> {
    return this.#entries(`/v2/${name}/tags/list`, "tags", (entry) => parseTag(String(entry)));
  }

  /**
   * Yields the descriptors of the referrers of a manifest.
   *
   * @throws {ClientError} if the registry answers with anything else than a list of descriptors.
   */
  referrers(name: Name, subject: Digest): AsyncGenerator<Descriptor> {
    const path = `/v2/${name}/referrers/${subject}`;
    return this.#entries(path, "manifests", (entry) => parseDescriptor(entry, "manifests"));
  }

  async *#entries<Entry>(
    path: string,
    field: string,
    parse: (entry: unknown) => Entry | undefined,
  ): AsyncGenerator<Entry> {
    const ask = (path: string) => this.#ask("GET", path, [STATUS_CODE.OK, STATUS_CODE.NotFound]);
    for await (const response of pagesOf(path, ask)) {
      if (response.status === STATUS_CODE.NotFound) {
        await response.body?.cancel();
        return;
      }
      yield* listIn(await response.text(), field, parse) ?? refuseList(path, response, field);
    }
  }

  async #ask(
    method: string,
    path: string,
    expected: readonly number[],
    init: { headers?: Record<string, string>; body?: BodyInit } = {},
  ): Promise<Response> {
    const response = await this.#send(method, path, init);
    if (expected.includes(response.status)) return response;
    const { codes, reason } = parseRefusal(await response.text());
    throw new ClientError(`${method} ${path}`, response.status, codes, reason);
  }

  // The host stands for nothing: the request goes nowhere but to the function. If that has all in memory, nothing but this lets others
  // go on between two of many requests.
  async #send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    if (this.#work.isLong()) await this.#work.giveWay();
    return await this.#registry(new Request(new URL(path, "http://localhost"), { method, ...init }));
  }
}

// Returns the list in a field of some JSON, or `undefined` if it is none. Some registries write null for an empty one.
function listIn<Entry>(text: string, field: string, parse: (entry: unknown) => Entry | undefined): Entry[] | undefined {
  try {
    const list = JSON.parse(text)[field] ?? [];
    const entries = Array.isArray(list) ? list.map(parse) : [undefined];
    return entries.includes(undefined) ? undefined : entries as Entry[];
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof Fault) return undefined;
    throw error;
  }
}

function refuseList(path: string, { status }: Response, field: string): never {
  throw new ClientError(`GET ${path}`, status, [], `its body is no list of ${field}`);
}

// API-ERR-02: a refusal is JSON, with a code and a message, and perhaps more.
function parseRefusal(text: string): { codes: string[]; reason: string } {
  try {
    const { errors } = JSON.parse(text) as { errors: { code: string; message?: string; detail?: unknown }[] };
    const [{ message, detail }] = errors;
    const { expected, actual } = (detail ?? {}) as { expected?: string; actual?: string };
    const codes = errors.map(({ code }) => code);
    const why = expected === undefined ? message : `expected ${expected}, got ${actual}`;
    return { codes, reason: `${codes[0]}, ${why}` };
  } catch {
    return { codes: [], reason: text.slice(0, 200) || "it gives no reason" };
  }
}
