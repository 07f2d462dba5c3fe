/**
 * The page, which is loaded when somebody asks for it.
 *
 *     GET /v2/…     the registry, at once
 *     GET /         ──▶ later("../page/page.ts")     the first time; then it stays
 *
 * Most starts of the program serve clients only. So nothing of the page is loaded at the start. Until somebody looks, only the last
 * stories are kept.
 *
 * Next: later.ts
 *
 * @module
 */

import type { AccessWrapper } from "../composing/access.ts";
import type { Disk } from "../disk/disk.ts";
import { localDisk } from "../disk/local_disk.ts";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import type { Settings } from "../options.ts";
import type { PageContext, WatchedFolder } from "../page/context.ts";
import type { Registry } from "../registry.ts";
import type { CommandLine } from "./command_line.ts";
import { later } from "./later.ts";
import { RememberedStories } from "./remembered_stories.ts";
import type { LessonsTeller } from "../workshop/lesson_facts.ts";
import type { StoriesOfThreads } from "./stories_of_threads.ts";

/** What the page is about. */
export interface PageLaterOptions {
  /** The command line. */
  readonly line: CommandLine;
  /** The settings of the registry. */
  readonly settings: Settings;
  /** The disk, if it is in memory. */
  readonly disk: MemoryDisk | undefined;
  /** Decides who may do what. */
  readonly access: AccessWrapper | undefined;
  /** Answers calls about the inside of layers in another thread; `undefined` if there is none. */
  readonly inside: PageContext["inside"] | undefined;
  /** Tells how far the learners of a workshop are; `undefined` if there is no workshop. */
  readonly teller: LessonsTeller | undefined;
  /** The name of the channel that joins the stories of all threads; `undefined` if there is only one thread. */
  readonly channel: string | undefined;
}

/** A page that is loaded when somebody asks for it, and the stories for it. */
export class PageLater {
  readonly #options: PageLaterOptions;
  readonly #stories: RememberedStories;
  #channel: BroadcastChannel | undefined;
  #threads: Promise<StoriesOfThreads> | undefined;
  #loaded: StoriesOfThreads | undefined;

  /** Loads nothing yet. */
  constructor(options: PageLaterOptions) {
    this.#options = options;
    const others = {
      open: async () => await (await this.#joined()).open(),
      close: () => this.#loaded?.close(),
      stories: () => this.#loaded?.stories() ?? [],
    };
    this.#stories = new RememberedStories(options.channel === undefined ? undefined : others);
  }

  /** Keeps a story for those who look later. */
  get tell(): RememberedStories["tell"] {
    return this.#stories.tell;
  }

  /** Listens to the other threads. A thread calls this when it serves: before that, it would only take time. */
  join(): void {
    const { channel } = this.#options;
    if (channel === undefined) return;
    this.#channel = new BroadcastChannel(channel);
    this.#channel.onmessage = async ({ data }) => {
      // A thread that has just begun to serve asks whether somebody looks. Here nobody has, so nothing is loaded for it: at the limit of
      // open files, that would end the thread.
      if (data.is === "ready" && this.#threads === undefined) return;
      (await this.#joined()).receive(data);
    };
    this.#channel.postMessage({ is: "ready", from: this.#stories.thread });
  }

  /** Ends what the page tells, so that nobody waits for it. */
  close(): void {
    this.#stories.close();
    this.#channel?.close();
    this.#channel = undefined;
  }

  /** Puts the page around a registry. */
  around(registry: Registry): Registry {
    let page: Promise<Registry> | undefined;
    const answerWithPage: Registry = async (request, peer) =>
      await (await (page ??= this.#load(registry)))(request, peer);
    // Nothing is awaited in the way of the registry.
    return (request, peer) => isOfRegistry(request.url) ? registry(request, peer) : answerWithPage(request, peer);
  }

  #joined(): Promise<StoriesOfThreads> {
    return this.#threads ??= later<typeof import("./stories_of_threads.ts")>("./stories_of_threads.ts").then(
      ({ StoriesOfThreads }) => {
        const send = (message: unknown) => this.#channel?.postMessage(message);
        return this.#loaded = new StoriesOfThreads(this.#stories, send, this.#options.line.threads - 1);
      },
    );
  }

  async #load(registry: Registry): Promise<Registry> {
    const { line, settings, disk: memory, access, inside, teller } = this.#options;
    const { page } = await later<typeof import("../page/page.ts")>("../page/page.ts");
    const { ownTests } = await later<typeof import("./own_tests.ts")>("./own_tests.ts");
    const { isBelow } = await later<typeof import("../composing/only.ts")>("../composing/only.ts");
    const disk = memory ?? localDisk(line.root, { durability: line.durability });
    const wrapper = page({
      disk,
      root: memory === undefined ? line.root : undefined,
      version: line.version,
      stories: this.#stories,
      folder: memory === undefined ? await watchedFolder(line.root, disk, this.#stories) : undefined,
      tests: ownTests,
      inside,
      teller,
      settings,
      access,
      shows: line.prefix === undefined ? undefined : isBelow(line.prefix),
    });
    return wrapper(registry);
  }
}

async function watchedFolder(root: string, disk: Disk, stories: RememberedStories): Promise<WatchedFolder> {
  const { FolderOfPage } = await later<typeof import("./watched_folder.ts")>("./watched_folder.ts");
  return new FolderOfPage(root, disk, stories);
}

// The path begins behind the host. Only "/v2" and what is below it is the spec's.
function isOfRegistry(url: string): boolean {
  return url.startsWith("/v2", url.indexOf("/", 8));
}
