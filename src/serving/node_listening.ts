/**
 * The HTTP server of `node:http`, as Deno has it.
 * https://nodejs.org/api/http.html#class-httpserver
 *
 *     100 connections, 3 of them with a request      a new one comes at the limit      the longest idle one is closed
 *     100 connections, all with a request            a new one comes at the limit      one whose client stalls is closed
 *     a connection with 3 requests                   they are answered one after the other
 *
 * It speaks HTTP/1.1 only. It answers a client that offers an upgrade (`Upgrade: h2c`) as if the client had not.
 *
 * This file has the connections; `node_answering.ts` has what is done with each request.
 *
 * Next: node_answering.ts
 *
 * @module
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { answer, type Handler } from "./node_answering.ts";
import { errors } from "./output.ts";

/** The address that a server listens on, and how it listens there. */
export interface Address {
  /** The host name or IP address. */
  readonly hostname: string;
  /** The port; 0 for any free one. */
  readonly port: number;
  /** True if other threads and processes may listen on the same port; they have to set this, too. Default: false. */
  readonly reusePort?: boolean;
  /** The certificate and its key, as PEM texts. Default: none; the server speaks plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** True if the process goes on as long as the server listens. Default: true. */
  readonly keepsAlive?: boolean;
}

/** The limits of a server. */
export interface Limits {
  /** The time that a client has to send the headers of a request, in milliseconds. Default: 60 seconds. */
  readonly headersTimeout?: number;
  /**
   * The most connections at a time. For a further one, the server closes the one that is idle for the longest time. If none is idle,
   * it closes one whose client stalls in the middle of a request or an answer, or else the new one. Default: 4,000. All servers of a
   * process together must have fewer connections than the process may have open files.
   */
  readonly maxConnections?: number;
}

// In milliseconds. Clients written in Go close an idle connection after 90 seconds. If the server closed it earlier, a request
// could be on its way at that moment.
const KEEP_ALIVE_TIMEOUT = 95_000;

// In bytes, of the request line and the headers together. The default of 16 KiB is too small for some tokens.
const MAX_HEADER_SIZE = 64 * 1024;

// The most requests of one connection that may wait for the answer to the one before.
const MOST_IN_LINE = 100;

// If many connections come at once, the process can reach its limit of open files before the server can close one. After that,
// `node:http` in Deno 2.9 does not look for new connections any more, and reports no error. So the server tells it to look, in
// this interval, in milliseconds.
const LOOK_AGAIN = 200;

// At the limit, a connection stalls if it has moved fewer bytes than this between two looks, and the time between them in milliseconds.
const STALLS = 1024;
const LOOK_FOR_STALLED = 250;

// The most connections that wait to be accepted. The operating system allows fewer on some machines.
const BACKLOG = 511;

// The connections whose clients stall. Nobody looks for them while there are few connections.
class Stalled {
  readonly #sockets: ReadonlySet<Socket>;
  readonly #maxConnections: number;
  // How many bytes each connection had moved at the last look.
  #moved = new Map<Socket, number>();
  #stalled: Socket[] = [];

  constructor(sockets: ReadonlySet<Socket>, maxConnections: number) {
    this.#sockets = sockets;
    this.#maxConnections = maxConnections;
  }

  look(): void {
    const before = this.#moved;
    this.#moved = new Map();
    this.#stalled = [];
    if (this.#sockets.size < this.#maxConnections / 2) return;
    for (const socket of this.#sockets) {
      const moved = socket.bytesRead + socket.bytesWritten;
      this.#moved.set(socket, moved);
      if (moved - (before.get(socket) ?? -Infinity) < STALLS) this.#stalled.push(socket);
    }
  }

  // Returns the newest one that is still open. Those who stall come later than those who work.
  next(): Socket | undefined {
    let socket = this.#stalled.pop();
    while (socket?.destroyed) socket = this.#stalled.pop();
    return socket;
  }
}

// The requests of one connection that have no answer yet: the answer to the last one, and their number.
interface Line {
  last: Promise<void>;
  length: number;
  // With TLS, a request has another socket than its connection.
  readonly connection: Socket | undefined;
}

// The address and port at the other end: the same for both sockets.
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** A server of `node:http`, or of `node:https`. */
export class NodeServer {
  /** The IP address that the server listens on. */
  readonly hostname: string;
  /** The port that the server listens on. */
  readonly port: number;
  /** Is never settled: a server of `node:http` listens until it is told to stop. */
  readonly failed: Promise<never> = new Promise(() => {});
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;
  readonly #running: ReadonlySet<Promise<void>>;

  private constructor(server: Server, sockets: ReadonlySet<Socket>, running: ReadonlySet<Promise<void>>) {
    ({ address: this.hostname, port: this.port } = server.address() as AddressInfo);
    this.#server = server;
    this.#sockets = sockets;
    this.#running = running;
  }

  /** Starts a server. Twice in `headersTimeout` it looks for clients that are late with their headers. */
  static async listen(
    handler: Handler,
    address: Address,
    { headersTimeout = 60_000, maxConnections = 4_000 }: Limits = {},
  ): Promise<NodeServer> {
    const { tls } = address;
    const options = {
      headersTimeout,
      connectionsCheckingInterval: Math.ceil(headersTimeout / 2),
      // A large upload may take hours.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      maxHeaderSize: MAX_HEADER_SIZE,
    };
    if (tls !== undefined) expectKeyPair(tls);
    const server: Server = tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tls });
    // 0 means no limit. By default `node:http` silently drops all headers after the first 1,000.
    server.maxHeadersCount = 0;

    const sockets = new Set<Socket>();
    // The connections without a request, the one that has none for the longest time first.
    const idle = new Map<string, Socket>();
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      const peer = peerOf(socket);
      idle.set(peer, socket);
      socket.once("close", () => {
        sockets.delete(socket);
        if (idle.get(peer) === socket) idle.delete(peer);
      });
      if (sockets.size <= maxConnections) return;
      // The new one is the last of those that are idle.
      const [[longest, connection]] = idle;
      const closed = longest === peer ? stalled.next() ?? socket : connection;
      idle.delete(peerOf(closed));
      sockets.delete(closed);
      closed.destroy();
    });
    const stalled = new Stalled(sockets, maxConnections);

    const running = new Set<Promise<void>>();
    const lines = new WeakMap<Socket, Line>();
    const answerTo = (isContinueExpected: boolean) => (incoming: IncomingMessage, outgoing: ServerResponse) => {
      const { socket } = incoming;
      const line = lines.get(socket) ?? { last: Promise.resolve(), length: 0, connection: idle.get(peerOf(socket)) };
      lines.set(socket, line);
      if (++line.length > MOST_IN_LINE) return socket.destroy();
      if (line.length === 1) idle.delete(peerOf(socket));
      // A client may send many requests before it reads an answer. Each waits for the one before: that may be a push, and this
      // the pull of what it pushes (RFC 9112 section 9.3.2).
      const answered = line.last.then(() => answer(handler, incoming, outgoing, isContinueExpected));
      line.last = answered;
      running.add(answered);
      answered.finally(() => {
        line.length--;
        const { length, connection } = line;
        if (length === 0 && connection?.destroyed === false) idle.set(peerOf(connection), connection);
        running.delete(answered);
      });
    };
    server.on("request", answerTo(false));
    server.on("checkContinue", answerTo(true));

    await start(server, address, () => stalled.look());
    return new NodeServer(server, sockets, running);
  }

  /** Takes no more connections, waits until all answers are sent, and closes the connections. */
  async shutdown(): Promise<void> {
    this.#server.close();
    while (this.#running.size > 0) await Promise.all(this.#running);
    await this.abort();
  }

  /** Takes no more connections, and closes all connections at once. */
  async abort(): Promise<void> {
    this.#server.close();
    await Promise.all(Array.from(this.#sockets, (socket) => {
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.destroy();
      return closed;
    }));
  }
}

// `Deno.serve` checks this when it starts. `node:https` checks it only when a client connects.
function expectKeyPair({ cert, key }: { cert: string; key: string }): void {
  if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return;
  throw new Error("the certificate and the key do not belong together");
}

async function start(
  server: Server,
  { hostname, port, reusePort = false, keepsAlive = true }: Address,
  lookForStalled: () => void,
): Promise<void> {
  const { address, family } = await lookup(hostname);
  const host = family === 6 ? `[${address}]` : address;
  // Without the permission, `server.listen` would throw an error that nobody can catch.
  if (Deno.permissions.querySync({ name: "net", host: `${host}:${port}` }).state !== "granted") {
    throw new Deno.errors.NotCapable(`listening with node:http needs --allow-net=${host}:${port}`);
  }
  const { promise: started, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host: address, port, reusePort, backlog: BACKLOG }, resolve);
  await started;
  server.off("error", reject);
  server.on("error", (error) => errors.print(`glassbox: ${error.message}`));
  const timers = [
    setInterval(() => lookForConnections(server), LOOK_AGAIN),
    setInterval(lookForStalled, LOOK_FOR_STALLED),
  ];
  if (!keepsAlive) {
    server.unref();
    timers.forEach(Deno.unrefTimer);
  }
  server.once("close", () => timers.forEach(clearInterval));
}

// If it listens already, `listen` of its handle only looks.
function lookForConnections(server: Server): void {
  const { _handle: handle } = server as unknown as { _handle?: { listen(backlog: number): void } | null };
  handle?.listen(BACKLOG);
}
