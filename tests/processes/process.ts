/**
 * A registry in a process of its own, over a folder that it may share with others.
 *
 * @module
 */

/** A running registry. */
export class RegistryProcess {
  /** Where it listens, such as `http://127.0.0.1:40191`. */
  readonly url: string;
  readonly #child: Deno.ChildProcess;

  private constructor(url: string, child: Deno.ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** Starts a registry over a folder, on a free port, and waits until it listens. */
  static async start(root: string, ...flags: string[]): Promise<RegistryProcess> {
    const main = new URL("../../main.ts", import.meta.url).href;
    const permissions = [`--allow-read=${root}`, `--allow-write=${root}`, "--allow-net=127.0.0.1:0"];
    const child = new Deno.Command("deno", {
      args: ["run", "--no-prompt", ...permissions, main, "--port", "0", "--root", root, "--log", "none", ...flags],
      stdout: "piped",
    }).spawn();
    let text = "";
    for await (const piece of child.stdout.values({ preventCancel: true })) {
      text += new TextDecoder().decode(piece);
      const url = /listens on (http:\S+)/.exec(text)?.[1];
      if (url !== undefined) return new RegistryProcess(url, child);
    }
    throw new Error(`it did not start: ${text}`);
  }

  /** Sends a request to it. */
  send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, this.url), { ...init, method });
  }

  /** Sends it a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. */
  async end(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    await this.#child.stdout.cancel();
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.end();
  }
}

/** A folder that is gone when the test is. */
export async function temporaryRoot(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "glassbox_" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
