/**
 * Answering a request of `node:http`.
 *
 *     IncomingMessage ──▶ Request ──▶ handler ──▶ Response ──▶ ServerResponse
 *
 * The handler knows only the standard `Request` and `Response`. No body is collected first: the client is read no
 * faster than the handler reads, and the answer is read no faster than the client does.
 *
 * Next: serving.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { errors } from "./output.ts";

/** The client that sent a request. */
export interface Client {
  /** The client's address. It is known until the request is answered. */
  readonly remoteAddr: { readonly hostname: string; readonly port: number };
}

/** Answers a request. */
export type Handler = (request: Request, client: Client) => Promise<Response>;

// In milliseconds. If the answer comes before the end of the request's body, the server reads on for this long: if it cut
// off a client that is still sending, the client might never see the answer (RFC 9112 section 9.6).
const LINGER = 30_000;

// The most headers of a request. Deno takes seconds to make a `Request` with thousands of them.
const MOST_HEADERS = 200;

/** Answers a request. Returns when the answer is sent or the connection is closed, and never throws. */
export async function answer(
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
  // If fewer bytes come than are announced, `node:http` lets the client wait for the rest.
  let missing = Number(headers.get("Content-Length") ?? 0);
  const reader = body.getReader();
  closed.then(() => reader.cancel()).catch(() => {});
  let isClosed = false;
  reader.closed.then(() => isClosed = true, () => {});
  for (let isFirst = true;; isFirst = false) {
    const { done, value } = await reader.read();
    if (done) return missing > 0 ? void outgoing.destroy() : await end();
    missing -= value.length;
    // A body made from a text or from bytes has one chunk, and is closed with it; `isClosed` is set a microtask later.
    // For such a body `node:http` adds the Content-Length.
    if (isFirst && missing <= 0 && (await null, isClosed)) return await end(value);
    // The registry may use the memory of a chunk again when the next one is read. So this one is sent first.
    await Promise.race([closed, new Promise((resolve) => outgoing.write(value, resolve))]);
  }
}
