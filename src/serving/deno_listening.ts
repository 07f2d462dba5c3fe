/**
 * The HTTP server of Deno, for as long as the program serves.
 * https://docs.deno.com/api/deno/~/Deno.serve
 *
 *     connections    1 … 4,000 … the limit        1 …
 *     Deno.serve     listens         ✗ stops      the next one listens
 *                                      └─────────▶ its connections are closed
 *
 * A process may have only so many connections and open files. At that limit, `Deno.serve` stops to listen, for good, and still
 * has its connections. It does not tell which of them are idle, so nobody can close some before. Here the next server listens
 * at once, and the connections of the last one are closed, all of them: a shutdown would wait for clients that never read a
 * download. A connection whose TLS handshake is not finished stays even then. So with TLS, the process ends and is started again.
 *
 * Next: node_listening.ts
 *
 * @module
 */

import { pause } from "../waiting.ts";
import type { Handler } from "./node_answering.ts";
import type { Address } from "./node_listening.ts";
import { errors } from "./output.ts";

// The time for the requests that run when a server has stopped to listen. What breaks off after it, a client can go on with later.
// In milliseconds, like all times here.
const GRACE = 500;

// How long the connections of a server stay after it has stopped, if no request runs. The server after the next one waits for that.
const BREATH = 20;

// The most tries to listen, at the start.
const MOST_TRIES = 100;

// How often the log says that the limit was reached.
const MINUTE = 60_000;

/** One server of `Deno.serve` after the other, on the same port. */
export class DenoServer {
  /** The IP address that it listens on. */
  readonly hostname: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Is rejected if it cannot listen any more. */
  readonly failed: Promise<never>;
  readonly #handler: Handler;
  readonly #address: Address;
  readonly #running: () => number;
  readonly #fail: (error: Error) => void;
  #server!: Deno.HttpServer<Deno.NetAddr>;
  #cut!: AbortController;
  #isShuttingDown = false;
  // Is fulfilled when the connections of the server before this one are closed.
  #closed: Promise<void> = Promise.resolve();
  #said = -Infinity;

  /** Starts to listen. `running` returns the number of requests that have no answer yet. */
  static async listen(handler: Handler, address: Address, running: () => number): Promise<DenoServer> {
    for (let tries = 1;; tries++) {
      try {
        return new DenoServer(handler, address, running);
      } catch (error) {
        // Another thread may listen already and have all the connections that there can be.
        if (!isAtLimit(error) || tries === MOST_TRIES) throw error;
        await pause(BREATH);
      }
    }
  }

  private constructor(handler: Handler, address: Address, running: () => number) {
    this.#handler = handler;
    this.#address = address;
    this.#running = running;
    ({ promise: this.failed, reject: this.#fail } = Promise.withResolvers<never>());
    // The program may have no use for it.
    this.failed.catch(() => {});
    this.#listen(address.port);
    ({ hostname: this.hostname, port: this.port } = this.#server.addr);
  }

  /** Takes no more connections, waits until all answers are sent, and closes the connections. */
  async shutdown(): Promise<void> {
    this.#isShuttingDown = true;
    await Promise.all([this.#server.shutdown(), this.#closed]);
  }

  /** Closes all connections at once. */
  async abort(): Promise<void> {
    // `Deno.serve` cannot break off a shutdown that has begun.
    if (this.#isShuttingDown) return;
    this.#isShuttingDown = true;
    this.#cut.abort();
    await this.#server.finished.catch(() => {});
  }

  #listen(port: number): void {
    const cut = new AbortController();
    const { hostname, reusePort, tls, keepsAlive = true } = this.#address;
    const options = { hostname, port, reusePort, ...tls, signal: cut.signal, onListen() {} };
    const server = Deno.serve(options, this.#handler);
    if (!keepsAlive) server.unref();
    server.finished.catch((error) => this.#listenAnew(cut, error));
    [this.#server, this.#cut] = [server, cut];
  }

  // Is called when a server has stopped to listen, because of an error. `cut` closes its connections.
  async #listenAnew(cut: AbortController, error: Error): Promise<void> {
    if (this.#address.tls !== undefined) return this.#fail(error);
    this.#tell(error);
    const before = this.#closed;
    this.#closed = this.#close(cut);
    await before;
    while (!this.#isShuttingDown) {
      try {
        return this.#listen(this.port);
      } catch (error) {
        if (!isAtLimit(error)) return this.#fail(error as Error);
        await Promise.all([this.#closed, pause(BREATH)]);
      }
    }
  }

  async #close(cut: AbortController): Promise<void> {
    await pause(this.#running() > 0 ? GRACE : BREATH);
    cut.abort();
  }

  #tell({ message }: Error): void {
    const now = Date.now();
    if (now - this.#said < MINUTE) return;
    this.#said = now;
    errors.print(`glassbox: closes connections, to take new ones (${message})`);
  }
}

/** Returns true if the process, or the whole system, has as many open files as it may. */
export function isAtLimit(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "EMFILE" || code === "ENFILE";
}
