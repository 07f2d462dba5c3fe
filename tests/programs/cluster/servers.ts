/**
 * The servers of the cluster: registries, each over one mount, and nginx before them.
 *
 * @module
 */

import { parseCommandLine } from "../../../src/serving/command_line.ts";
import { permissionFlags } from "../../../src/serving/permissions.ts";
import { end, linesOf, waitForLine } from "../processes.ts";
import { PROJECT } from "../project.ts";

/** A registry in a process of its own. */
export class Registry {
  /** Its address. */
  readonly address: string;
  /** The lines that it has printed on its standard error, in all of its lives. */
  readonly errors: string[] = [];
  readonly #args: readonly string[];
  #process: Deno.ChildProcess | undefined;

  /** It stores in a folder, and listens on a port of this machine. */
  constructor(root: string, port: number, ...flags: string[]) {
    this.address = `http://127.0.0.1:${port}`;
    this.#args = ["--root", root, "--port", `${port}`, "--log", "none", ...flags];
  }

  /** Starts it, and waits until it listens. */
  async start(): Promise<this> {
    // This is the second process that `main.ts` starts, so that a signal reaches the registry itself.
    const line = parseCommandLine([...this.#args], "");
    if (typeof line === "string") throw new Error(line);
    const args = ["run", "--no-prompt", ...permissionFlags(line), `${PROJECT}main.ts`, ...this.#args];
    this.#process = new Deno.Command("deno", { args, stdout: "piped", stderr: "piped" }).spawn();
    this.#readErrors(this.#process.stderr);
    await waitForLine(this.#process.stdout, /listens on/);
    return this;
  }

  async #readErrors(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of linesOf(stream)) this.errors.push(text);
  }

  /** Ends it at once, as `kill -9` does. */
  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.status;
  }

  /** Ends it, and lets it answer what runs. */
  async stop(): Promise<void> {
    if (this.#process !== undefined) await end(this.#process);
  }
}

/**
 * Starts nginx on a port. It sends the requests to the registries in turn. It must not send a request a second time by itself: if
 * a registry dies after it has closed an upload session, a second PUT would find no session any more.
 */
export async function startNginx(work: string, port: number, registries: readonly Registry[]): Promise<string> {
  const folder = `${work}/nginx`;
  await Deno.mkdir(folder);
  const servers = registries.map(({ address }) => `server ${address.slice("http://".length)} max_fails=0;`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) =>
    `${kind}_temp_path ${folder}/${kind};`
  );
  await Deno.writeTextFile(
    `${folder}/nginx.conf`,
    `daemon off;
user root;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
http {
  access_log off;
  ${temporary.join("\n  ")}
  upstream registries { ${servers.join(" ")} }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 0;
    location / {
      proxy_pass http://registries;
      proxy_set_header Host $http_host;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_next_upstream off;
    }
  }
}
`,
  );
  const args = ["-p", folder, "-c", `${folder}/nginx.conf`];
  new Deno.Command("nginx", { args, stdout: "null", stderr: "null" }).spawn();
  const address = `http://127.0.0.1:${port}`;
  for (let tries = 0;; tries++) {
    const isThere = await fetch(`${address}/v2/`).then(
      async (answer) => (await answer.bytes(), answer.ok),
      () => false,
    );
    if (isThere) return address;
    if (tries === 100) throw new Error("nginx does not answer");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
