/**
 * The HTTP server of Deno, for as long as the program serves.
 * https://docs.deno.com/api/deno/~/Deno.serve
 *
 *     connections    1 … 4,000 … the limit        1 …
 *     Deno.serve     listens         ✗ stops      the next one listens
 *                                      └─────────▶ its idle connections are closed
 *
 * A process may have only so many connections and open files. At that limit, `Deno.serve` stops to listen, for good, and still
 * has its connections. It does not tell which of them are idle, so nobody can close some before. Here the next server listens
 * at once, and the last one is shut down, which closes its idle connections.
 *
 * Next: node_listening.ts
 *
 * @module
 */

import type { Address, Handler } from "./node_listening.ts";
import { errors } from "./output.ts";

// The time for the requests that run when a server has stopped to listen. Downloads may go on after it; an upload breaks off, and
// the client can go on with it later. In milliseconds, like all times here.
const GRACE = 500;

// The least time from one server to the next but one, if connections come faster than they are closed.
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
  readonly #cut = new AbortController();
  readonly #fail: (error: Error) => void;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #isShuttingDown = false;
  // The servers before this one: when the last one has no idle connections any more, and their requests that still run.
  #closed: Promise<unknown> = Promise.resolve();
  readonly #ending = new Set<Promise<void>>();
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
    this.#server = this.#listen(address.port);
    ({ hostname: this.hostname, port: this.port } = this.#server.addr);
  }

  /** Takes no more connections, waits until all answers are sent, and closes the connections. */
  async shutdown(): Promise<void> {
    this.#isShuttingDown = true;
    await Promise.all([this.#server.shutdown(), this.#closed, ...this.#ending]);
  }

  /** Closes all connections at once. */
  async abort(): Promise<void> {
    // `Deno.serve` cannot break off a shutdown that has begun.
    if (this.#isShuttingDown) return;
    this.#isShuttingDown = true;
    this.#cut.abort();
    await this.#server.finished.catch(() => {});
  }

  #listen(port: number): Deno.HttpServer<Deno.NetAddr> {
    const { hostname, reusePort, tls } = this.#address;
    const options = { hostname, port, reusePort, ...tls, signal: this.#cut.signal, onListen() {} };
    const server = Deno.serve(options, this.#handler);
    server.finished.catch((error) => this.#listenAnew(server, error));
    return server;
  }

  // Is called when `server` has stopped to listen, because of an error.
  async #listenAnew(server: Deno.HttpServer, error: Error): Promise<void> {
    this.#tell(error);
    const before = this.#closed;
    this.#closed = this.#close(server);
    await before;
    while (!this.#isShuttingDown) {
      try {
        this.#server = this.#listen(this.port);
        return;
      } catch (error) {
        if (!isAtLimit(error)) return this.#fail(error as Error);
        await Promise.all([this.#closed, pause(BREATH)]);
      }
    }
  }

  async #close(server: Deno.HttpServer): Promise<void> {
    await pause(this.#running() > 0 ? GRACE : BREATH);
    const ending = server.shutdown().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    await Promise.race([ending, pause(GRACE)]);
  }

  #tell({ message }: Error): void {
    const now = Date.now();
    if (now - this.#said < MINUTE) return;
    this.#said = now;
    errors.print(`glassbox: closes the idle connections, to take new ones (${message})`);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Returns true if the process, or the whole system, has as many open files as it may. */
export function isAtLimit(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "EMFILE" || code === "ENFILE";
}
