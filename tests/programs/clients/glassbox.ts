/**
 * A real Glassbox: the program as a person starts it, in a process of its own, on a free port.
 *
 * Its stories come as JSON, one a line. They show the client's real requests and the registry's refusals.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { end, linesOf, waitForLine } from "../processes.ts";

/** The parts of a story that are used here. */
export interface ToldStory {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly refusal?: unknown;
  readonly failure?: string;
}

const PROJECT = new URL("../../../", import.meta.url);

// The longest time between a request and its story.
const PATIENCE = 20_000;

/** A running Glassbox. */
export class Glassbox {
  /** Its address, such as `127.0.0.1:44957`. */
  readonly address: string;
  /** The folder that it stores in. */
  readonly root: string;
  /** The stories that it has printed so far. */
  readonly stories: ToldStory[] = [];
  readonly #awaited = new Map<string, () => void>();

  private constructor(address: string, root: string, stories: ReadableStream<Uint8Array>) {
    this.address = address;
    this.root = root;
    this.#listen(stories);
  }

  /** Starts it over an empty folder, with more flags if need be. It ends with the stack. */
  static async start(root: string, stack: AsyncDisposableStack, ...flags: string[]): Promise<Glassbox> {
    const main = ["run", "--no-prompt", "--allow-run=deno", "main.ts"];
    const process = new Deno.Command(Deno.execPath(), {
      args: [...main, "--port", "0", "--root", root, "--log", "json", ...flags],
      cwd: PROJECT,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    stack.defer(() => end(process));
    // Its standard output has the stories, so its lines for people are on its standard error.
    const [_line, address] = await waitForLine(process.stderr, /listens on http:\/\/(\S+)/);
    return new Glassbox(address, root, process.stdout);
  }

  /** Returns all answered requests since the story with this number, as short words: see `nameOf`. */
  async toldSince(number: number): Promise<string[]> {
    await this.#catchUp();
    return this.stories.slice(number).map(nameOf);
  }

  /** Returns the digest that a tag points to on disk, or `undefined` if there is no such tag. */
  tagged(name: string, tag: string): string | undefined {
    try {
      return Deno.readTextFileSync(`${this.root}/${name}/_tags/${tag}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Returns the path of the file of a blob or manifest on disk, or `undefined` if it is not there. */
  fileOf(name: string, digest: string): string | undefined {
    const folder = `${this.root}/${name}/${digest}`;
    try {
      const [file] = Array.from(Deno.readDirSync(folder), (entry) => entry.name).filter((it) => it !== "content-type");
      return `${folder}/${file}`;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Pushes a manifest under up to 100 tags at once, which no client does yet (PUSH-MANIFEST-15). */
  async pushUnderTags(name: string, digest: string, type: string, bytes: BodyInit, tags: readonly string[]) {
    const query = tags.map((tag) => `tag=${tag}`).join("&");
    const url = `http://${this.address}/v2/${name}/manifests/${digest}?${query}`;
    const response = await fetch(url, { method: "PUT", headers: { "Content-Type": type }, body: bytes });
    assertEquals(response.status, 201, await response.text());
  }

  // Stories come in the order of the answers. So if the story of our own request is there, all earlier ones are too.
  async #catchUp(): Promise<void> {
    const url = `/v2/?${crypto.randomUUID()}`;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#awaited.set(url, resolve);
    const tooLate = setTimeout(() => reject(new Error("the registry does not print its stories any more")), PATIENCE);
    try {
      await (await fetch(`http://${this.address}${url}`)).body?.cancel();
      await promise;
    } finally {
      clearTimeout(tooLate);
      this.#awaited.delete(url);
    }
  }

  async #listen(stories: ReadableStream<Uint8Array>): Promise<void> {
    for await (const line of linesOf(stories)) {
      const story: ToldStory = JSON.parse(line);
      const resolve = this.#awaited.get(story.url);
      if (resolve === undefined) this.stories.push(story);
      else resolve();
    }
  }
}

/**
 * Returns a request and its answer in three words, such as `HEAD blob 404` or `PATCH upload 202`.
 *
 * The middle word is the kind of the path. A manifest is a `manifest` if the client asks for it by its digest, and a
 * `tag` if the client asks for it by a tag. An `upload` is a `mount` if it starts with a blob of another repository.
 */
export function nameOf({ method, url, status }: ToldStory): string {
  const [path, query = ""] = url.split("?", 2);
  return `${method} ${kindOf(path, query)} ${status}`;
}

function kindOf(path: string, query: string): string {
  if (path === "/v2/") return "base";
  if (path === "/v2/_catalog") return "catalog";
  if (path.includes("/blobs/uploads/")) return new URLSearchParams(query).has("mount") ? "mount" : "upload";
  if (path.endsWith("/tags/list")) return "tags";
  const [kind, reference] = path.split("/").slice(-2);
  if (kind === "blobs") return "blob";
  if (kind === "manifests") return reference.includes(":") ? "manifest" : "tag";
  return kind === "referrers" ? "referrers" : path;
}
