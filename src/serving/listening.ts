/**
 * The two HTTP servers that a registry can listen with.
 *
 *     deno   `Deno.serve`   fast; HTTP/2 too
 *     node   `node:http`    fewer requests a second; takes uploads from clients that offer an upgrade, and has timeouts
 *
 * `Deno.serve` answers 400 to a request that offers an upgrade and has a body, before the registry sees it. Java's
 * `HttpClient` and `curl --http2` send such requests: they offer HTTP/2 with `Upgrade: h2c`.
 *
 * Next: deno_listening.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { withoutSniffing } from "../http/sniffing.ts";
import { inTime } from "../waiting.ts";
import { DenoServer } from "./deno_listening.ts";
import type { Client, Handler } from "./node_answering.ts";
import type { Address, Limits } from "./node_listening.ts";

export type { Client, Handler } from "./node_answering.ts";
export type { Address, Limits } from "./node_listening.ts";

/** The HTTP servers that can be chosen. */
export type HttpServer = "deno" | "node";

/** The server, its address, and its limits. Only `node` has limits. */
export interface ListenOptions extends Address, Limits {
  /** The server. */
  readonly http: HttpServer;
}

/** A server that listens. */
export interface Listening {
  /** The IP address that it listens on. */
  readonly hostname: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Is rejected if the server cannot listen any more. */
  readonly failed: Promise<never>;
  /**
   * Answers new requests with 503, waits for the running ones, and closes the connections. At the deadline, in milliseconds
   * since 1970, it breaks off the requests that still run; with `deno`, a download may go on until the program ends.
   */
  stop(deadline: number): Promise<void>;
}

// The operations that each of the two servers has.
interface Server {
  readonly hostname: string;
  readonly port: number;
  readonly failed: Promise<never>;
  /** Takes no more connections, waits until all answers are sent, and closes the connections. */
  shutdown(): Promise<void>;
  /** Closes all connections at once. */
  abort(): Promise<void>;
}

/**
 * Listens, and lets `registry` answer the requests. With either server, several threads can listen on one port if each of
 * them sets `reusePort`.
 */
export async function listen(registry: Handler, options: ListenOptions): Promise<Listening> {
  let running = 0;
  let isStopping = false;
  const { promise: idle, resolve: becomeIdle } = Promise.withResolvers<void>();
  const answer = async (request: Request, client: Client) => {
    if (isStopping) return comeBackLater();
    running++;
    try {
      return await registry(request, client);
    } finally {
      running--;
      if (isStopping && running === 0) becomeIdle();
    }
  };
  const server = await start(answer, options, () => running);
  return {
    hostname: server.hostname,
    port: server.port,
    failed: server.failed,
    async stop(deadline) {
      isStopping = true;
      if (running === 0) becomeIdle();
      // `Deno.serve` breaks off uploads when it shuts down. So this waits for the running requests first.
      const isOver = await inTime(idle, deadline - Date.now()) &&
        await inTime(server.shutdown(), deadline - Date.now());
      if (!isOver) await server.abort();
    },
  };
}

async function start(handler: Handler, options: ListenOptions, running: () => number): Promise<Server> {
  if (options.http === "deno") return await DenoServer.listen(handler, options, running);
  // Loaded only now: `node:http` takes a tenth of the time that the program needs to start.
  const { NodeServer } = await import("./node_listening.ts");
  return await NodeServer.listen(handler, options, options);
}

// The answer to a request that comes while the registry stops. Other processes on the same root may serve it.
function comeBackLater(): Response {
  const errors = [{ code: "TOOMANYREQUESTS", message: "the registry is stopping" }];
  const headers = { "Retry-After": "5", "Connection": "close" };
  return withoutSniffing(Response.json({ errors }, { status: STATUS_CODE.ServiceUnavailable, headers }));
}
