/**
 * The HTTP server of `node:http`, as Deno has it.
 * https://nodejs.org/api/http.html#class-httpserver
 *
 *     IncomingMessage ──▶ Request ──▶ handler ──▶ Response ──▶ ServerResponse
 *
 * It answers a client that offers an upgrade (`Upgrade: h2c`) as if the client had not. It speaks HTTP/1.1 only.
 *
 * Next: serving.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
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
}

/** The client that sent a request. */
export interface Client {
  /** The client's address. It is known until the request is answered. */
  readonly remoteAddr: { readonly hostname: string; readonly port: number };
}

/** Answers a request. */
export type Handler = (request: Request, client: Client) => Promise<Response>;

/** The limits of a server. */
export interface Limits {
  /** The time that a client has to send the headers of a request, in milliseconds. Default: 60 seconds. */
  readonly headersTimeout?: number;
  /**
   * The most connections at a time. For a further one, the server closes the one that is idle for the longest time, or the new
   * one if none is idle. Default: 4,000. All servers of a process together must have fewer connections than the process may have
   * open files.
   */
  readonly maxConnections?: number;
}

// In milliseconds. Clients written in Go close an idle connection after 90 seconds. If the server closed it earlier, a request
// could be on its way at that moment.
const KEEP_ALIVE_TIMEOUT = 95_000;

// In milliseconds. If the answer comes before the end of the request's body, the server reads on for this long: if it cut
// off a client that is still sending, the client might never see the answer (RFC 9112 section 9.6).
const LINGER = 30_000;

// In bytes, of the request line and the headers together. The default of 16 KiB is too small for some tokens.
const MAX_HEADER_SIZE = 64 * 1024;

// The most headers of a request. Deno takes seconds to make a `Request` with thousands of them.
const MOST_HEADERS = 200;

// The most requests of one connection that may wait for the answer to the one before.
const MOST_IN_LINE = 100;

// If many connections come at once, the process can reach its limit of open files before the server can close one. After that,
// `node:http` in Deno 2.9 does not look for new connections any more, and reports no error. So the server tells it to look, in
// this interval, in milliseconds.
const LOOK_AGAIN = 200;

// The most connections that wait to be accepted. The operating system allows fewer on some machines.
const BACKLOG = 511;

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
      const [[longest, connection] = [peer, socket]] = idle;
      idle.delete(longest);
      sockets.delete(connection);
      connection.destroy();
    });

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

    await start(server, address);
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

async function start(server: Server, { hostname, port, reusePort = false }: Address): Promise<void> {
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
  const timer = setInterval(() => lookForConnections(server), LOOK_AGAIN);
  server.once("close", () => clearInterval(timer));
}

// If it listens already, `listen` of its handle only looks.
function lookForConnections(server: Server): void {
  const { _handle: handle } = server as unknown as { _handle?: { listen(backlog: number): void } | null };
  handle?.listen(BACKLOG);
}

// Answers a request. Returns when the answer is sent or the connection is closed, and never throws.
async function answer(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  isContinueExpected: boolean,
): Promise<void> {
  const { socket } = incoming;
  if (socket.destroyed) return;
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  // A client may send many requests before it reads the first answer, and each of them adds a listener.
  socket.setMaxListeners(0);
  socket.once("close", close);
  // The event "close" of the socket is enough for us. But without this listener an error would end the program.
  outgoing.on("error", () => {});
  const body = hasBody(incoming) ? bodyOf(incoming, () => isContinueExpected && outgoing.writeContinue()) : undefined;
  try {
    const response = await respond(handler, incoming, body?.stream);
    // If the server has not told the client to continue, the client may leave out the body, and the server cannot know that.
    if (isContinueExpected && !incoming.complete) outgoing.shouldKeepAlive = false;
    await send(response, outgoing, closed);
  } catch (error) {
    printError(error);
    // Without the end of the connection, the client could take a part of the answer for the whole.
    socket.destroy();
  } finally {
    socket.off("close", close);
    body?.detach();
    discardRest(incoming);
  }
}

function printError(error: unknown): void {
  const text = `glassbox: ${error instanceof Error ? error.stack ?? error.message : error}`;
  errors.print(text);
}

async function respond(handler: Handler, incoming: IncomingMessage, body?: ReadableStream): Promise<Response> {
  const { method = "", url: target = "", rawHeaders, socket } = incoming;
  if (rawHeaders.length > 2 * MOST_HEADERS) {
    return new Response(null, { status: STATUS_CODE.RequestHeaderFieldsTooLarge });
  }
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at], rawHeaders[at + 1]);
  const host = headers.get("Host") || "localhost";
  const authority = `${"encrypted" in socket ? "https" : "http"}://${host}`;
  // If a client takes the server for a proxy, it sends a whole URL.
  const url = target === "*" ? `${authority}/*` : target.startsWith("/") ? authority + target : target;
  const client = {
    get remoteAddr() {
      const { remoteAddress = "", remotePort = 0 } = socket;
      return { hostname: remoteAddress, port: remotePort };
    },
  };
  try {
    return await handler(new RawRequest(method, url, headers, body), client);
  } catch (error) {
    printError(error);
    return new Response("Internal Server Error", { status: STATUS_CODE.InternalServerError });
  }
}

// A request with the method and URL as the client sent them. `Request` itself resolves the `..` of a path, and refuses TRACE.
class RawRequest extends Request {
  override readonly method: string;
  override readonly url: string;

  constructor(method: string, url: string, headers: Headers, body?: ReadableStream) {
    super("http://localhost/", { method: method === "TRACE" ? "GET" : method, headers, body });
    this.method = method;
    this.url = url;
  }
}

function hasBody({ method, headers }: IncomingMessage): boolean {
  // `Request` takes no body with a GET or a HEAD, and nothing reads one.
  if (method === "GET" || method === "HEAD" || method === "TRACE") return false;
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

// The body of a request, as a stream. `detach` ends the stream early.
interface Body {
  readonly stream: ReadableStream<Uint8Array>;
  detach(): void;
}

// Reads from the client no faster than the stream is read. Calls `onFirstRead` before it reads at all.
function bodyOf(incoming: IncomingMessage, onFirstRead: () => void): Body {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let isRead = false;
  const onData = (chunk: Uint8Array) => {
    incoming.pause();
    controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
  };
  const onEnd = () => controller.close();
  const onError = (error: Error) => controller.error(error);
  const ignore = () => incoming.off("data", onData).off("end", onEnd).off("error", onError);
  const stream = new ReadableStream<Uint8Array>({
    start(own) {
      controller = own;
      // The empty listener stays: without any, an error would end the program.
      incoming.on("error", () => {}).pause().on("data", onData).on("end", onEnd).on("error", onError);
    },
    pull() {
      if (!isRead) onFirstRead();
      isRead = true;
      incoming.resume();
    },
    cancel() {
      ignore();
    },
  }, { highWaterMark: 0 });
  return {
    stream,
    detach() {
      ignore();
      controller.error(new Error("the request was answered before the end of its body"));
    },
  };
}

// Reads what is left of a body, so that the next request on the connection can come.
function discardRest(incoming: IncomingMessage): void {
  incoming.resume();
  if (incoming.complete || incoming.destroyed) return;
  const timer = setTimeout(() => incoming.socket.destroy(), LINGER);
  incoming.once("close", () => clearTimeout(timer));
}

// Sends an answer. Returns when all of it is sent. If the connection closes before that, cancels the body and returns.
async function send(
  { status, headers, body }: Response,
  outgoing: ServerResponse,
  closed: Promise<void>,
): Promise<void> {
  outgoing.statusCode = status;
  for (const [name, value] of headers) outgoing.appendHeader(name, value);
  const end = (last?: Uint8Array) =>
    Promise.race([closed, new Promise<void>((resolve) => outgoing.end(last, resolve))]);
  if (body === null || outgoing.req.method === "HEAD") {
    await body?.cancel();
    return await end();
  }
  const reader = body.getReader();
  closed.then(() => reader.cancel()).catch(() => {});
  let isClosed = false;
  reader.closed.then(() => isClosed = true, () => {});
  for (let isFirst = true;; isFirst = false) {
    const { done, value } = await reader.read();
    if (done) return await end();
    // A body made from a text or from bytes has one chunk, and is closed with it; `isClosed` is set a microtask later.
    // For such a body `node:http` adds the Content-Length.
    if (isFirst && (await null, isClosed)) return await end(value);
    // The registry may use the memory of a chunk again when the next one is read. So this one is sent first.
    await Promise.race([closed, new Promise((resolve) => outgoing.write(value, resolve))]);
  }
}
