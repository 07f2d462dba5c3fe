/**
 * The tests' shared helpers: each test has a registry of its own over a new folder, and functions to talk to it.
 *
 *     await using registry = await startRegistry();
 *     const foo = await registry.pushBlob("library/hello", "foo");
 *     const response = await registry.send("GET", `/v2/library/hello/blobs/${foo}`);
 *     assertEquals(await registry.tree(), [`library/hello/${foo}/blob`]);
 *
 * A test arranges everything with requests, as a client would. Nothing listens on a port unless a test needs the wire.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import type { Users } from "../src/access/credentials.ts";
import { rulesForUsers } from "../src/access/rules.ts";
import { access } from "../src/composing/access.ts";
import { HASHES } from "../src/definitions/digest.ts";
import type { Disk } from "../src/disk/disk.ts";
import { localDisk } from "../src/disk/local_disk.ts";
import type { LocalDiskOptions } from "../src/disk/root.ts";
import { createRegistry, type Registry, type RegistryOptions, type Wrapper } from "../src/registry.ts";
import type { Story, StoryChange } from "../src/story.ts";
import { printCause } from "./cause.ts";
import { Folder } from "./folder.ts";

/** The media types that the tests speak of most. */
export const TYPES = {
  image: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  dockerImage: "application/vnd.docker.distribution.manifest.v2+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
} as const;

/** The bytes of some text, in UTF-8. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Bytes that nobody has pushed before. */
export function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  // One call gives 65,536 bytes at most.
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

/** Returns the access of a registry whose users may do anything, and others nothing, or pull. */
export function accessFor(users: Users, anonymous: "pull" | "none" = "none"): Wrapper {
  return access(() => rulesForUsers(anonymous), { users });
}

/** The header with a name and a password. */
export function basic(user: string, password: string): { Authorization: string } {
  return { Authorization: `Basic ${bytes(`${user}:${password}`).toBase64()}` };
}

/** Returns a body in pieces, which does not announce its length. */
export function streamOf(...pieces: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(pieces.map(bytes));
}

/**
 * Returns a body that the test controls. It sends its first piece, reports when the registry asks for the second, and waits. The
 * registry asks when it has written the first.
 */
export function heldBody(first: string, second: string) {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let pieces = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      pieces++;
      if (pieces === 1) return controller.enqueue(bytes(first));
      reached.resolve();
      await released.promise;
      controller.enqueue(bytes(second));
      controller.close();
    },
  }, { highWaterMark: 0 });
  return { body, reached: reached.promise, release: released.resolve };
}

/** Returns the digest of some text or bytes, computed independently of the registry. */
export function digestOf(content: string | Uint8Array, algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest("hex")}`;
}

/** Returns a descriptor of some content. */
export function descriptorOf(content: string | Uint8Array, mediaType: string, algorithm = "sha256") {
  const size = typeof content === "string" ? bytes(content).length : content.length;
  return { mediaType, digest: digestOf(content, algorithm), size };
}

/** The options of a registry for one test, and those of its disk. */
export type TestOptions = RegistryOptions & LocalDiskOptions;

/**
 * The changes with which all tests can run once more: another disk, see `permissions/in_memory.ts`; or wrappers that put all
 * repositories below a folder, see `composing/transparent.ts`.
 */
export const CHANGED: {
  disk?: (options: TestOptions) => Disk;
  wrappers?: () => readonly Wrapper[];
  below?: string;
} = {};

/** Thrown if a test wants to look into the folder of a registry that has none. */
export class NoFolderError extends Error {
  /** The number of times that this has happened. */
  static times = 0;

  constructor() {
    super("the registry of this test has no folder");
    NoFolderError.times++;
  }
}

/** A registry for one test. */
export class TestRegistry {
  /** The stories that it has passed to its log so far. */
  readonly stories: Story[] = [];
  readonly #folder: Folder | undefined;
  readonly #disk: Disk;
  readonly #registry: Registry;
  readonly #whole: string | undefined;

  constructor(root: string | undefined, options: TestOptions) {
    const { durability = "none", sharesBytes, hashes, patience, longestPause, watch, ...others } = options;
    const { wrappers, below = "" } = CHANGED;
    const algorithms = { ...HASHES, ...others.algorithms };
    // A second registry over the folder of another one gets the root that the other one shows.
    this.#whole = below !== "" && root?.endsWith(below) ? root.slice(0, -below.length) : root;
    if (this.#whole !== undefined) this.#folder = new Folder(this.#whole + below);
    this.#disk = this.#whole === undefined ? options.disk ?? CHANGED.disk!(options) : localDisk(this.#whole, {
      durability,
      sharesBytes,
      algorithms,
      hashes,
      patience,
      longestPause,
      watch: watch && ((step) => watch({ ...step, path: shownPath(step.path) })),
    });
    this.#registry = createRegistry({
      onStory: (story) => {
        this.stories.push(Object.defineProperty(story, "changes", { value: story.changes.map(shownChange) }));
        printCause(story);
      },
      ...others,
      wrappers: [...wrappers?.() ?? [], ...others.wrappers ?? []],
      algorithms,
      disk: this.#disk,
    });
    this.#makeFolder();
  }

  // A wrapper may have put all content into a folder that goes with the last of it.
  #makeFolder(): void {
    if (CHANGED.below !== undefined && this.#folder !== undefined) Deno.mkdirSync(this.root, { recursive: true });
  }

  /** The path of the folder that it stores in. */
  get root(): string {
    if (this.#folder === undefined) throw new NoFolderError();
    return this.#folder.path;
  }

  /** Sends a request; the body may be text, bytes, or a stream of pieces. */
  send(
    method: string,
    path: string,
    init: { headers?: Record<string, string>; body?: BodyInit } = {},
  ): Promise<Response> {
    const { headers, body } = init;
    // A client announces the length of its body, unless it streams.
    const known = typeof body === "string" ? bytes(body).length : body instanceof Uint8Array ? body.length : undefined;
    const length: Record<string, string> = known === undefined ? {} : { "Content-Length": String(known) };
    return this.#registry(
      new Request(new URL(path, "http://localhost"), { method, body, headers: { ...length, ...headers } }),
    );
  }

  /** Sends a request as the client at an address does. */
  sendFrom(remoteAddr: { hostname: string; port?: number }, method: string, path: string): Promise<Response> {
    return this.#registry(new Request(new URL(path, "http://localhost"), { method }), { remoteAddr });
  }

  /** Sends a request whose path is not a well-formed URL, or which a `Request` would normalize. */
  sendRaw(method: string, url: string, init: RequestInit = {}): Promise<Response> {
    const request = new Request("http://localhost/", { method, ...init });
    Object.defineProperty(request, "url", { value: `http://localhost${url}` });
    return this.#registry(request);
  }

  /** Pushes a blob with a single POST. Returns its digest. */
  async pushBlob(name: string, content: string | Uint8Array<ArrayBuffer>, algorithm = "sha256"): Promise<string> {
    const digest = digestOf(content, algorithm);
    const response = await this.send("POST", `/v2/${name}/blobs/uploads/?digest=${digest}`, { body: content });
    assertEquals(response.status, 201, await response.text());
    return digest;
  }

  /** Pushes a manifest, as JSON or as it is; without a tag, by digest. Returns its digest. */
  async pushManifest(
    name: string,
    manifest: object | string,
    { tag, type, algorithm = "sha256" }: { tag?: string; type?: string; algorithm?: string } = {},
  ): Promise<string> {
    const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
    const digest = digestOf(text, algorithm);
    const response = await this.send("PUT", `/v2/${name}/manifests/${tag ?? digest}`, {
      body: text,
      headers: { "Content-Type": type ?? JSON.parse(text).mediaType },
    });
    assertEquals(response.status, 201, await response.text());
    return digest;
  }

  /** Pushes a small image with its blobs; its manifest gets `fields` too. Returns the manifest and its digests. */
  async pushImage(name: string, { tag, ...fields }: { tag?: string; [field: string]: unknown } = {}) {
    const layer = "layer of " + name;
    const config = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } });
    await this.pushBlob(name, layer);
    await this.pushBlob(name, config);
    const manifest = {
      schemaVersion: 2,
      mediaType: TYPES.image,
      config: descriptorOf(config, TYPES.config),
      layers: [descriptorOf(layer, TYPES.layer)],
      ...fields,
    };
    const digest = await this.pushManifest(name, manifest, { tag });
    return { digest, text: JSON.stringify(manifest), layer: digestOf(layer), config: digestOf(config) };
  }

  /** Opens an upload session. Returns its Location. */
  async openSession(name: string): Promise<string> {
    const response = await this.send("POST", `/v2/${name}/blobs/uploads/`);
    assertEquals(response.status, 202, await response.text());
    return response.headers.get("Location")!;
  }

  /** Returns the files below the root (or below a folder in it), sorted, without the locks, which are empty. */
  tree(below = ""): string[] {
    this.#makeFolder();
    return this.#folder?.tree(below) ?? filesOf(this.#disk, below);
  }

  /** Returns the text of a file below the root. */
  read(path: string): string {
    return this.#folder?.read(path) ?? textOf(this.#disk, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#whole !== undefined) await Deno.remove(this.#whole, { recursive: true });
  }
}

// Returns a path relative to the folder that a test registry shows.
function shownPath(path: string): string {
  return CHANGED.below === undefined ? path : path.replace(`${CHANGED.below.slice(1)}/`, "");
}

function shownChange({ path, sameAs, ...others }: StoryChange): StoryChange {
  return { ...others, path: shownPath(path), ...(sameAs === undefined ? {} : { sameAs: shownPath(sameAs) }) };
}

// A small file is there at once. (`Disk.read` may return what others have made of the file.)
function textOf(disk: Disk, path: string): string {
  return new TextDecoder().decode(disk.open(disk.look(path)!) as Uint8Array);
}

/** Returns the files on a disk, or below a folder of it, sorted. */
export function filesOf(disk: Disk, folder = ""): string[] {
  const paths = disk.list(folder).map((name) => folder === "" ? name : `${folder}/${name}`);
  return paths.flatMap((path) => disk.look(path) === undefined ? filesOf(disk, path) : [path]).sort();
}

/** Starts a registry over a new folder, or over the disk that the options name. It is gone when the test ends. */
export function startRegistry(options: TestOptions = {}): Promise<TestRegistry> {
  const needsFolder = (options.disk ?? CHANGED.disk) === undefined;
  return Promise.resolve(new TestRegistry(needsFolder ? new Folder().path : undefined, options));
}

/** A registry that listens on a port. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
  /** Its address, such as `http://127.0.0.1:40001`. */
  readonly address: string;
}

/** Lets a registry listen on a free port until the test ends, for a test that is about the wire. */
export function listen(registry: Registry): Listening {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, registry);
  const { port } = server.addr;
  return { port, address: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/**
 * Checks every part of a refusal: the status, the JSON of API-ERR-02, the code, and the rule that it names.
 * Returns the details, each with the expected value and the value that came.
 */
export async function expectRefusal(
  response: Response,
  expected: { status: number; code: string; rule: string },
): Promise<{ rule: string; spec: string; expected: string; actual: string }[]> {
  const text = await response.text();
  assertEquals(response.status, expected.status, text);
  assertEquals(response.headers.get("Content-Type"), "application/json");
  const { errors, ...rest } = JSON.parse(text);
  assertEquals(rest, {});
  for (const { code, message, detail } of errors) {
    assertEquals({ code, rule: detail.rule }, { code: expected.code, rule: expected.rule });
    assertEquals([typeof message, typeof detail.expected, typeof detail.actual], ["string", "string", "string"]);
  }
  return errors.map(({ detail }: { detail: unknown }) => detail);
}
