/**
 * A registry with its page, as functions: nobody listens.
 *
 *     const { send, page } = registryWithPage();
 *     await send("POST", `/v2/app/blobs/uploads/?digest=${foo}`, { body: "foo" });
 *     const facts = await page("/");
 *
 * @module
 */

import type { Disk } from "../../src/disk/disk.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { page, type PageOptions } from "../../src/page/page.ts";
import { createRegistry, type RegistryOptions } from "../../src/registry.ts";
import { RememberedStories } from "../../src/serving/remembered_stories.ts";

/** The parts of a request besides its method and path. */
export interface RequestParts {
  readonly headers?: Record<string, string>;
  readonly body?: BodyInit;
}

/** Makes a registry with its page. */
export function registryWithPage(options: Partial<PageOptions> = {}, ofRegistry: Partial<RegistryOptions> = {}) {
  const disk: Disk = options.disk ?? memoryDisk();
  const stories = new RememberedStories();
  const registry = createRegistry({ disk, onStory: stories.tell, ...ofRegistry });
  const around = page({ stories, ...options, disk })(registry);
  const send = (method: string, path: string, { headers, body }: RequestParts = {}) =>
    around(new Request(`http://localhost:5080${path}`, { method, headers, body }));
  return { disk, stories, registry, around, send };
}
