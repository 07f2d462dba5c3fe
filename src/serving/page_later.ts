/**
 * The page, which is loaded when somebody asks for it.
 *
 *     GET /v2/…     the registry, at once
 *     GET /         ──▶ import("../page/page.ts")     the first time; then it stays
 *
 * Most starts of the program serve clients only. So nothing of the page is loaded at the start: `import` with a name that Deno cannot
 * foresee is read only when it runs. Until somebody looks, only the last stories are kept.
 *
 * Next: own_tests.ts
 *
 * @module
 */

import { localDisk } from "../disk/local_disk.ts";
import type { MemoryDisk } from "../disk/memory_disk.ts";
import type { Settings } from "../options.ts";
import type { Registry, Wrapper } from "../registry.ts";
import { dataOf, type Story } from "../story.ts";
import type { CommandLine } from "./command_line.ts";

// The number of stories that are kept for somebody who comes later.
const MOST = 1000;

/** What the page is about. */
export interface PageLaterOptions {
  /** The command line. */
  readonly line: CommandLine;
  /** The settings of the registry. */
  readonly settings: Settings;
  /** The disk, if it is in memory. */
  readonly disk: MemoryDisk | undefined;
  /** Decides who may do what. */
  readonly access: Wrapper | undefined;
}

/** A page that is loaded when somebody asks for it, and the stories for it. */
export class PageLater {
  readonly #options: PageLaterOptions;
  readonly #stories: { readonly story: Story; readonly time: number }[] = [];
  #told = 0;

  /** Loads nothing yet. */
  constructor(options: PageLaterOptions) {
    this.#options = options;
  }

  /** Keeps a story for those who look later. */
  tell = (story: Story): void => {
    this.#stories[this.#told++ % MOST] = { story, time: Date.now() };
  };

  /** Puts the page around a registry. */
  around(registry: Registry): Registry {
    let page: Promise<Registry> | undefined;
    return async (request, peer) => {
      if (isOfRegistry(request.url)) return await registry(request, peer);
      return await (await (page ??= this.#load(registry)))(request, peer);
    };
  }

  async #load(registry: Registry): Promise<Registry> {
    const { line, settings, disk, access } = this.#options;
    const { page }: typeof import("../page/page.ts") = await load("../page/page.ts");
    const { ownTests }: typeof import("./own_tests.ts") = await load("./own_tests.ts");
    const wrapper = page({
      disk: disk ?? localDisk(line.root, { durability: line.durability }),
      root: disk === undefined ? line.root : undefined,
      version: line.version,
      stories: { recent: () => Promise.resolve(this.#recent()) },
      tests: ownTests,
      settings,
      access,
    });
    return wrapper(registry);
  }

  #recent() {
    const next = this.#told % MOST;
    const inOrder = this.#told <= MOST
      ? this.#stories
      : [...this.#stories.slice(next), ...this.#stories.slice(0, next)];
    return inOrder.map(({ story, time }) => dataOf(story, time));
  }
}

function load(file: string) {
  return import(new URL(file, import.meta.url).href);
}

// The path begins behind the host. Only "/v2" and what is below it is the spec's.
function isOfRegistry(url: string): boolean {
  return url.startsWith("/v2", url.indexOf("/", 8));
}
