/**
 * A registry in one line of a test.
 *
 *     await using registry = await startRegistry();         in memory, on a free port; gone at the end of the block
 *     │
 *     ├── url, fetch          for a client that speaks HTTP, or HTTPS with a certificate that is thrown away
 *     ├── stories, story()    every request that came, as data; or the next one that fits
 *     ├── switches            bugs, quirks and faults: what a client meets in other registries
 *     ├── clock               goes on by hours at once: sessions expire
 *     ├── fill, addImage      images come from a layout or an archive
 *     └── snapshot, restore   the content goes back to what it was
 *
 * The registry needs the permission to listen (`--allow-net`), and no other, as long as it keeps its content in memory.
 *
 * Next: ../workshop/exercises/exercise.ts
 *
 * @module
 */

import type { AccessWrapper } from "../composing/access.ts";
import { createSwitches, type Switches } from "../composing/switches/switches.ts";
import type { Disk } from "../disk/disk.ts";
import type { Source } from "../filling/files.ts";
import { addImage, fill, type Filled, type FillOptions } from "../filling/fill.ts";
import { localDisk } from "../disk/local_disk.ts";
import { type MemoryDisk, memoryDisk, type Snapshot } from "../disk/memory_disk.ts";
import { HASHES } from "../definitions/digest.ts";
import { createRegistry, type Registry, type RegistryOptions, type Wrapper } from "../registry.ts";
import type { PageOptions } from "../page/page.ts";
import type { Story, StoryData } from "../story.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { Clock } from "./clock.ts";
import { listen, type Listening } from "./listening.ts";
import type { RememberedStories } from "./remembered_stories.ts";
import { ToldStories } from "./told_stories.ts";

/** The options of {@linkcode startRegistry}: those of the registry, and how it listens. */
export interface StartOptions extends RegistryOptions {
  /** A folder to keep everything in. It stays at the end. Default: none; everything is in memory. */
  readonly root?: string;
  /** A disk to keep everything on: the one of another registry, for example. Default: a new one in memory. */
  readonly disk?: Disk;
  /** The clock of the disk. Default: a new one; if a disk is given, that disk's own, which nobody can move. */
  readonly clock?: Clock;
  /** The address to listen on. Default: `127.0.0.1`. */
  readonly hostname?: string;
  /** The port to listen on. Default: 0, any that is free. */
  readonly port?: number;
  /** True to speak TLS with a certificate that is thrown away, or a certificate. Default: false. */
  readonly tls?: boolean | Certificate;
  /**
   * True to serve the page at `/` as well, for a test that somebody watches. It shows what is on the disk, whatever wrappers say, but
   * if one of them is `access(…)`, each person sees only what that person may pull. Default: false.
   */
  readonly page?: boolean;
}

/** The options of {@linkcode StartedRegistry.story}. */
export interface WaitOptions {
  /** The time to wait for the story, in milliseconds. Default: 5,000. */
  readonly within?: number;
  /** A mark: the stories before it do not count. Default: all count. */
  readonly since?: number;
}

/**
 * Starts a registry for a test. It ends with the block, or with {@linkcode StartedRegistry.close}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * async function test() {
 *   await using registry = await startRegistry();
 *   const response = await registry.fetch("/v2/library/hello/tags/list");
 *   assertEquals([response.status, registry.stories[0].endpoint], [404, "end-8a"]);
 * }
 * ```
 *
 * @throws {TypeError} if the options contradict each other.
 * @throws {Error} if Deno does not allow to use the root.
 */
export async function startRegistry(options: StartOptions = {}): Promise<StartedRegistry> {
  const { root, disk, clock, wrappers = [], hostname = "127.0.0.1", port = 0, tls = false, onStory, ...rest } = options;
  const { page: hasPage = false, ...others } = rest;
  if (root !== undefined && disk !== undefined) throw new TypeError("startRegistry takes a root or a disk, not both");
  if (root !== undefined) await expectPermissions(root, others.readOnly ? ["read"] : ["read", "write"]);
  const certificate = tls === true ? await makeCertificate() : tls || undefined;
  const ownClock = clock ?? (disk === undefined ? new Clock() : undefined);
  const algorithms = { ...HASHES, ...others.algorithms };
  const now = ownClock?.now;
  const ownDisk = disk ??
    (root === undefined ? memoryDisk({ now, algorithms }) : localDisk(root, { now, algorithms, durability: "none" }));

  const stories = new ToldStories();
  // What most tests do not need is loaded only when it is asked for.
  const remembered = hasPage ? new (await import("./remembered_stories.ts")).RememberedStories() : undefined;
  const onEach = (story: Story) => {
    stories.add(story);
    if (remembered?.tell.wants(story)) remembered.tell(story);
    onStory?.(story);
  };
  const switches = createSwitches();
  const settings = { allowHost: [hostname], ...others };
  const inside = createRegistry({
    ...settings,
    disk: switches.disk(ownDisk),
    wrappers: [switches.wrapper, ...wrappers],
    onStory: onEach,
  });
  const access = wrappers.find((wrapper): wrapper is AccessWrapper => "visibleTo" in wrapper);
  const around = remembered && await pageOver({ disk: ownDisk, root, stories: remembered, settings, access });
  const registry = around?.(inside) ?? inside;
  const listening = await listen(registry, { http: "deno", hostname, port, tls: certificate, keepsAlive: false });
  const plain = createRegistry({ disk: ownDisk, algorithms: others.algorithms, allowSparse: others.allowSparse });
  return new StartedRegistry({
    registry,
    plain,
    disk: ownDisk,
    switches,
    listening,
    stories,
    remembered,
    clock: ownClock,
    certificate,
  });
}

async function pageOver(options: PageOptions & { readonly stories: RememberedStories }): Promise<Wrapper> {
  const { disk, root, stories } = options;
  const { page } = await import("../page/page.ts");
  if (root === undefined) return page(options);
  const { FolderOfPage } = await import("./watched_folder.ts");
  return page({ ...options, folder: new FolderOfPage(root, disk, stories) });
}

// Otherwise each request would be a 500, and the test would have to look for the reason in a story.
async function expectPermissions(path: string, names: readonly ("read" | "write")[]): Promise<void> {
  for (const name of names) {
    const { state } = await Deno.permissions.query({ name, path });
    if (state !== "granted") throw new Error(`startRegistry needs --allow-${name} for its root, ${path}`);
  }
}

/** What a started registry is made of. */
export interface Parts extends Pick<StartedRegistry, "registry" | "disk" | "switches"> {
  /** The server. */
  readonly listening: Listening;
  /** What the registry tells. */
  readonly stories: ToldStories;
  /** What the page remembers, if there is one. */
  readonly remembered: RememberedStories | undefined;
  /** The clock of the disk, if it is known. */
  readonly clock: Clock | undefined;
  /** The certificate of the server. */
  readonly certificate: Certificate | undefined;
  /** Another registry over the same disk, without switches, wrappers and stories. */
  readonly plain: Registry;
}

/** A registry that listens, for a test. */
export class StartedRegistry implements AsyncDisposable {
  /** What its URLs begin with, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** The host as an image's name begins with it, such as `127.0.0.1:40123`. */
  readonly host: string;
  /** The registry as a function, for a client that needs no port. */
  readonly registry: Registry;
  /** The disk that it keeps everything on. Another registry may use it at the same time. */
  readonly disk: Disk;
  /** Bugs, quirks and faults that a test turns on and off. All are off at the beginning. */
  readonly switches: Switches;
  /** The certificate of the CA that a client has to trust, as PEM text, if it speaks TLS. */
  readonly ca?: string;
  readonly #plain: Registry;
  readonly #listening: Listening;
  readonly #stories: ToldStories;
  readonly #remembered: RememberedStories | undefined;
  readonly #clock: Clock | undefined;
  readonly #client: Deno.HttpClient;
  readonly #complain = () => complain(this.url);
  #closed: Promise<void> | undefined;

  /** Only {@linkcode startRegistry} makes one. */
  constructor({ registry, plain, disk, switches, listening, stories, remembered, clock, certificate }: Parts) {
    const { hostname, port } = listening;
    this.host = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
    this.url = `${certificate === undefined ? "http" : "https"}://${this.host}`;
    this.registry = registry;
    this.#remembered = remembered;
    this.#plain = plain;
    this.disk = disk;
    this.switches = switches;
    this.ca = certificate?.ca;
    this.#listening = listening;
    this.#stories = stories;
    this.#clock = clock;
    this.#client = Deno.createHttpClient({ caCerts: certificate === undefined ? [] : [certificate.ca] });
    addEventListener("beforeunload", this.#complain);
  }

  /** Sends a request to the registry over the network. The URL may be a path. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const target = input instanceof Request ? input : new URL(input, this.url);
    return fetch(target, { ...init, client: this.#client });
  }

  /** The stories of the requests so far: the last 10,000. */
  get stories(): readonly StoryData[] {
    return this.#stories.since(0);
  }

  /** Returns a mark: the number of requests so far. */
  mark(): number {
    return this.#stories.number;
  }

  /** Returns the stories since a mark. */
  storiesSince(mark: number): readonly StoryData[] {
    return this.#stories.since(mark);
  }

  /**
   * Waits for a story that fits. Those that were told already count, too.
   *
   * @throws {Error} if none comes in time; the message has those that came.
   */
  story(fits: (story: StoryData) => boolean, { within = 5000, since = 0 }: WaitOptions = {}): Promise<StoryData> {
    return this.#stories.wait(fits, within, since);
  }

  /**
   * The clock of the registry and its disk: for the age of upload sessions and of what gc may remove. The times that a client has
   * for its body are not measured with it.
   *
   * @throws {TypeError} if the registry was given a disk without its clock.
   */
  get clock(): Clock {
    if (this.#clock !== undefined) return this.#clock;
    throw new TypeError(
      "this registry was given a disk and no clock; give startRegistry the clock of the disk as well",
    );
  }

  /**
   * Fills the registry with the images of a source; see {@linkcode fill}. Switches, wrappers and `readOnly` do not apply to it,
   * and it tells no stories.
   */
  fill(source: Source, options?: FillOptions): Promise<Filled> {
    return fill(this.#plain, source, options);
  }

  /** Adds the one image of a layout, in the same way; see {@linkcode addImage}. Returns its digest. */
  addImage(name: string, tag: string | undefined, layout: Source): Promise<string> {
    return addImage(this.#plain, name, tag, layout);
  }

  /**
   * Remembers the content as it is now. No request may run meanwhile.
   *
   * @throws {TypeError} if the disk is not in memory.
   */
  snapshot(): Snapshot {
    return inMemory(this.disk).snapshot();
  }

  /**
   * Lets the content be again what it was.
   *
   * @throws {TypeError} if the disk is not in memory.
   */
  restore(snapshot: Snapshot): void {
    inMemory(this.disk).restore(snapshot);
  }

  /** Ends the registry. Requests that run have a second to end; then their connections are closed. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    removeEventListener("beforeunload", this.#complain);
    this.#client.close();
    this.#remembered?.close();
    await this.#listening.stop(Date.now() + 1000);
  }

  /** Ends the registry. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function inMemory(disk: Disk): MemoryDisk {
  if ("snapshot" in disk) return disk as MemoryDisk;
  throw new TypeError("only a disk in memory has snapshots; this registry keeps everything elsewhere");
}

// A process ends although its registry listens. But an author who forgot to close the registry should learn it.
function complain(url: string): void {
  console.error(
    `glassbox: the registry at ${url} was not closed; "await using registry = await startRegistry()" closes it`,
  );
}
