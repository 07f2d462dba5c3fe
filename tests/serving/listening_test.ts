/** The two HTTP servers: their common guarantees, and their differences. Every test uses a real socket. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { localDisk } from "../../src/disk/local_disk.ts";
import { createRegistry } from "../../src/registry.ts";
import { type Handler, type HttpServer, listen, type ListenOptions } from "../../src/serving/listening.ts";
import { digestOf } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { CERTIFICATE, KEY } from "./certificate.ts";

const MEBIBYTE = 1024 * 1024;

/** A server for one test. */
class TestServer implements AsyncDisposable {
  private constructor(readonly port: number, readonly stop: (deadline: number) => Promise<void>) {}

  /** Stops without a deadline. A request that does not end by itself fails the test. */
  async stopInPeace(): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error("it does not stop")), 20_000);
    await Promise.race([this.stop(Infinity), late]).finally(() => clearTimeout(timer));
  }

  static async start(http: HttpServer, handler: Handler, options: Partial<ListenOptions> = {}): Promise<TestServer> {
    const listening = await listen(handler, { hostname: "127.0.0.1", port: 0, ...options, http });
    return new TestServer(listening.port, (deadline) => listening.stop(deadline));
  }

  /** Returns the URL of a path. */
  url(path = "/"): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  connect(tls?: { cert: string }): Promise<Connection> {
    return Connection.open(this.port, tls?.cert);
  }

  /** Returns the output of a program that talks to the server. */
  async run(program: string, ...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(0);
  }
}

/** A connection that sends exactly the test's bytes. */
class Connection implements Disposable {
  readonly #connection: Deno.TcpConn | Deno.TlsConn;
  readonly #timer: ReturnType<typeof setTimeout>;
  #heard = "";

  private constructor(connection: Deno.TcpConn | Deno.TlsConn) {
    this.#connection = connection;
    // If a test waits for a text that does not come, it fails instead of hanging.
    this.#timer = setTimeout(() => connection.close(), 20_000);
  }

  /** Connects, with TLS if there is a certificate. */
  static async open(port: number, certificate?: string): Promise<Connection> {
    if (certificate === undefined) return new Connection(await Deno.connect({ hostname: "127.0.0.1", port }));
    return new Connection(await Deno.connectTls({ hostname: "localhost", port, caCerts: [certificate] }));
  }

  async write(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  /** Returns the bytes up to a text, or up to the end of the connection. */
  async read(until?: string): Promise<string> {
    const piece = new Uint8Array(65_536);
    while (until === undefined || !this.#heard.includes(until)) {
      const length = await this.#connection.read(piece).catch((error) => {
        if (error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.UnexpectedEof) return null;
        throw error;
      });
      if (length === null) {
        assert(until === undefined, `the connection ended after: ${this.#heard}`);
        return this.#take(this.#heard.length);
      }
      this.#heard += new TextDecoder().decode(piece.subarray(0, length));
    }
    return this.#take(this.#heard.indexOf(until) + until.length);
  }

  #take(length: number): string {
    const text = this.#heard.slice(0, length);
    this.#heard = this.#heard.slice(length);
    return text;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    try {
      this.#connection.close();
    } catch (error) {
      // It took too long, so it is closed already.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

const HOST = "HTTP/1.1\r\nHost: localhost\r\n";
const LAST = "Connection: close\r\n\r\n";

function text(body: string): Handler {
  return () => Promise.resolve(new Response(body));
}

/** A stream of pieces of 1 MiB, each filled with its number. It counts how many were asked for. */
function pieces(count: number) {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  const source = {
    asked: 0,
    cancelled,
    stream: new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (source.asked === count) return controller.close();
        controller.enqueue(new Uint8Array(MEBIBYTE).fill(source.asked++));
      },
      cancel: () => resolve(),
    }, { highWaterMark: 0 }),
  };
  return source;
}

/** Reads the bytes of `pieces`, and returns how many pieces there were. */
async function countPieces(stream: ReadableStream<Uint8Array>): Promise<number> {
  let at = 0;
  for await (const chunk of stream) {
    for (let from = 0; from < chunk.length;) {
      const number = Math.floor(at / MEBIBYTE);
      const to = Math.min(chunk.length, from + (number + 1) * MEBIBYTE - at);
      assert(chunk.subarray(from, to).every((byte) => byte === number), `piece ${number}`);
      at += to - from;
      from = to;
    }
  }
  return at / MEBIBYTE;
}

/** Returns the error that a promise ends with. */
async function errorOf(something: Promise<unknown>): Promise<Error> {
  const outcome = await something.catch((error) => error);
  assert(outcome instanceof Error, `no error, but ${outcome}`);
  return outcome;
}

async function expectNobodyListens(server: TestServer): Promise<void> {
  const error = await errorOf(server.connect());
  assert(error instanceof Deno.errors.ConnectionRefused, `${error}`);
}

for (const http of ["deno", "node"] as const) {
  Deno.test(`${http}: the method, the URL, the headers and the body of a request reach the registry`, async () => {
    let received: unknown[] = [];
    await using server = await TestServer.start(http, async (request) => {
      const { method, url, headers } = request;
      received = [method, url, headers.get("X-One"), headers.get("Accept"), await request.text()];
      return new Response();
    });
    using connection = await server.connect();

    await connection.write(
      `PUT /v2/?a=b HTTP/1.1\r\nHost: r.example:5080\r\nX-One: 1\r\nAccept: a/b\r\nAccept: c/d\r\nContent-Length: 3\r\n${LAST}foo`,
    );
    await connection.read();

    assertEquals(received, ["PUT", "http://r.example:5080/v2/?a=b", "1", "a/b, c/d", "foo"]);
  });

  Deno.test(`${http}: the status, the headers and the body of an answer reach the client`, async () => {
    await using server = await TestServer.start(http, () => {
      const headers = [["Location", "/v2/x"], ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]] as [string, string][];
      return Promise.resolve(new Response("foo", { status: 201, headers }));
    });

    const response = await fetch(server.url());

    assertEquals([response.status, response.statusText], [201, "Created"]);
    assertEquals(response.headers.get("Location"), "/v2/x");
    assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
    assertEquals(response.headers.get("Content-Length"), "3");
    assertEquals(await response.text(), "foo");
  });

  Deno.test(`${http}: the registry learns the client's address`, async () => {
    await using server = await TestServer.start(
      http,
      (_request, client) => Promise.resolve(Response.json(client.remoteAddr)),
    );

    const { hostname, port } = await (await fetch(server.url())).json();

    assertEquals(hostname, "127.0.0.1");
    assert(port > 0 && port !== server.port);
  });

  Deno.test(`${http}: a path arrives as it was sent`, async () => {
    const urls: string[] = [];
    await using server = await TestServer.start(http, (request) => {
      urls.push(request.url);
      return Promise.resolve(new Response());
    });

    for (
      const target of ["/v2/a/../b", "/v2/%2e%2E/a%2Fb", "//v2//", "/v2/?n=%20&last=a/../b", "http://other/v2/./x"]
    ) {
      using connection = await server.connect();
      await connection.write(`GET ${target} ${HOST}${LAST}`);
      await connection.read();
    }

    assertEquals(urls, [
      "http://localhost/v2/a/../b",
      "http://localhost/v2/%2e%2E/a%2Fb",
      "http://localhost//v2//",
      "http://localhost/v2/?n=%20&last=a/../b",
      "http://other/v2/./x",
    ]);
  });

  Deno.test(`${http}: OPTIONS * and TRACE reach the registry too`, async () => {
    const requests: string[] = [];
    await using server = await TestServer.start(http, ({ method, url }) => {
      requests.push(`${method} ${url}`);
      return Promise.resolve(new Response());
    });

    for (const line of ["OPTIONS *", "TRACE /v2/"]) {
      using connection = await server.connect();
      await connection.write(`${line} ${HOST}${LAST}`);
      await connection.read();
    }

    assertEquals(requests, ["OPTIONS http://localhost/*", "TRACE http://localhost/v2/"]);
  });

  Deno.test(`${http}: a body of 32 MiB comes in piece by piece`, async () => {
    await using server = await TestServer.start(
      http,
      async (request) => new Response(`${await countPieces(request.body!)}`),
    );

    const response = await fetch(server.url(), { method: "POST", body: pieces(32).stream });

    assertEquals(await response.text(), "32");
  });

  Deno.test(`${http}: a body is not taken from the client faster than it is read`, async () => {
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    const { promise: gone, resolve: go } = Promise.withResolvers<void>();
    await using server = await TestServer.start(http, async ({ body }) => {
      if (body === null) return new Response("pong");
      await body.getReader().read();
      start();
      await gone;
      return new Response();
    });
    const upload = await server.connect();
    let written = 0;
    await upload.write(`POST / ${HOST}Content-Length: ${256 * MEBIBYTE}\r\n\r\n`);
    const writing = (async () => {
      const piece = "a".repeat(MEBIBYTE);
      for (; written < 256; written++) await upload.write(piece);
    })().catch(() => {});
    await started;

    // Meanwhile the server has every opportunity to take more.
    using connection = await server.connect();
    for (let count = 0; count < 500; count++) {
      await connection.write(`GET / ${HOST}\r\n`);
      await connection.read("pong");
    }

    // The bytes under way are in the buffers of two sockets and of the server.
    assert(written < 64, `${written} MiB`);
    upload[Symbol.dispose]();
    await writing;
    go();
  });

  for (const length of ["with its length announced", "without its length"]) {
    Deno.test(`${http}: a body of 32 MiB ${length} goes out piece by piece`, async () => {
      const headers: Record<string, string> = length.startsWith("without")
        ? {}
        : { "Content-Length": `${32 * MEBIBYTE}` };
      await using server = await TestServer.start(
        http,
        () => Promise.resolve(new Response(pieces(32).stream, { headers })),
      );

      const response = await fetch(server.url());

      assertEquals(response.headers.get("Content-Length"), headers["Content-Length"] ?? null);
      assertEquals(await countPieces(response.body!), 32);
    });
  }

  Deno.test(`${http}: a body is not read faster than the client reads, and is cancelled when the client goes away`, async () => {
    const source = pieces(Infinity);
    await using server = await TestServer.start(http, () => Promise.resolve(new Response(source.stream)));
    using client = Deno.createHttpClient({});
    const { body } = await fetch(server.url(), { client });
    const reader = body!.getReader();
    for (let read = 0; read < 64 * MEBIBYTE;) read += (await reader.read()).value!.length;

    await reader.cancel();
    await source.cancelled;

    // The bytes under way are in the buffers of two sockets and two programs.
    assert(source.asked < 128, `${source.asked} MiB`);
  });

  Deno.test(`${http}: a body that fails ends the connection before the announced length`, async () => {
    await using server = await TestServer.start(http, () => {
      let count = 0;
      const stream = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (count++ === 0) controller.enqueue(new Uint8Array(10));
          else controller.error("the disk failed (this is part of a test)");
        },
      }, { highWaterMark: 0 });
      return Promise.resolve(new Response(stream, { headers: { "Content-Length": "20" } }));
    });

    const response = await fetch(server.url());

    assert(await errorOf(response.bytes()) instanceof TypeError);
  });

  Deno.test(`${http}: if the client goes away, reading the request's body throws`, async () => {
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    const { promise: outcome, resolve: end } = Promise.withResolvers<unknown>();
    await using server = await TestServer.start(http, async (request) => {
      const reader = request.body!.getReader();
      const { value } = await reader.read();
      start();
      end([value?.length, await reader.read().catch((error) => error)]);
      return new Response();
    });
    {
      using connection = await server.connect();
      await connection.write(`POST / ${HOST}Content-Length: 6\r\n\r\nfoo`);
      await started;
    }

    const [length, error] = await outcome as [number, unknown];

    assertEquals(length, 3);
    assert(error instanceof Error, `${error}`);
  });

  Deno.test(`${http}: the answer to HEAD has the headers of a GET and no body`, async () => {
    await using server = await TestServer.start(
      http,
      () => Promise.resolve(new Response(null, { headers: { "Content-Length": "7", "ETag": '"x"' } })),
    );
    using connection = await server.connect();

    await connection.write(`HEAD / ${HOST}\r\nHEAD / ${HOST}${LAST}`);
    const first = await connection.read("\r\n\r\n");
    const second = await connection.read();

    for (const answer of [first, second]) {
      assertMatch(answer, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
      assertMatch(answer, /^content-length: 7\r$/im);
      assertMatch(answer, /^etag: "x"\r$/im);
    }
  });

  for (const status of [204, 304]) {
    Deno.test(`${http}: an answer with status ${status} has no body`, async () => {
      await using server = await TestServer.start(
        http,
        () => Promise.resolve(new Response(null, { status, headers: { "ETag": '"x"' } })),
      );
      using connection = await server.connect();

      await connection.write(`GET / ${HOST}\r\nGET / ${HOST}${LAST}`);
      const answers = [await connection.read("\r\n\r\n"), await connection.read()];

      for (const answer of answers) {
        assertMatch(answer, new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\n\r\n$`));
        assertMatch(answer, /^etag: "x"\r$/im);
      }
    });
  }

  Deno.test(`${http}: an answer without a body says that it has no bytes`, async () => {
    await using server = await TestServer.start(http, () => Promise.resolve(new Response(null, { status: 202 })));

    const response = await fetch(server.url(), { method: "POST" });

    assertEquals([response.status, response.headers.get("Content-Length")], [202, "0"]);
    assertEquals(await response.text(), "");
  });

  Deno.test(`${http}: requests that come without waiting are answered one after the other`, async () => {
    const steps: string[] = [];
    await using server = await TestServer.start(http, async ({ url }) => {
      steps.push(`begin ${url.slice(-2)}`);
      await new Promise((resolve) => setTimeout(resolve));
      steps.push(`end ${url.slice(-2)}`);
      return new Response(`[${url.slice(-2)}]`);
    });
    using connection = await server.connect();

    await connection.write(`GET /1 ${HOST}\r\nGET /2 ${HOST}${LAST}`);

    assertMatch(await connection.read(), /^HTTP[^]*\r\n\r\n\[\/1\]HTTP[^]*\r\n\r\n\[\/2\]$/);
    assertEquals(steps, ["begin /1", "end /1", "begin /2", "end /2"]);
  });

  Deno.test(`${http}: after an answer that came before the end of the body, the next request is answered`, async () => {
    await using server = await TestServer.start(http, ({ url }) => Promise.resolve(new Response(url.slice(-2))));
    using connection = await server.connect();

    await connection.write(`POST /1 ${HOST}Content-Length: 3\r\n\r\nfooGET /2 ${HOST}${LAST}`);

    assertMatch(await connection.read(), /^HTTP[^]*\r\n\r\n\/1HTTP[^]*\r\n\r\n\/2$/);
  });

  Deno.test(`${http}: a client that expects "100 Continue" gets it when the body is read`, async () => {
    await using server = await TestServer.start(http, async (request) => new Response(await request.text()));
    using connection = await server.connect();

    await connection.write(`POST / ${HOST}Expect: 100-continue\r\nContent-Length: 3\r\n${LAST}`);
    assertEquals(await connection.read("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    await connection.write("foo");

    assertMatch(await connection.read(), /^HTTP\/1\.1 200 [^]*foo$/);
  });

  Deno.test(`${http}: an exception is an answer with status 500`, async () => {
    await using server = await TestServer.start(
      http,
      () => Promise.reject("the registry failed (this is part of a test)"),
    );

    const response = await fetch(server.url());

    assertEquals([response.status, await response.text()], [500, "Internal Server Error"]);
  });

  Deno.test(`${http}: while it stops, running uploads finish and new requests are told to come back later`, async () => {
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    await using server = await TestServer.start(http, async (request) => {
      if (request.body === null) return new Response();
      const reader = request.body.getReader();
      let received = 0;
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
        received += chunk.value.length;
        start();
      }
      return new Response(`${received}`);
    });
    using uploading = await server.connect();
    using known = await server.connect();
    await known.write(`GET / ${HOST}\r\n`);
    await known.read("\r\n\r\n");
    await uploading.write(`POST / ${HOST}Content-Length: 6\r\n\r\nfoo`);
    await started;

    const stopped = server.stopInPeace();
    using stranger = await server.connect();
    const refusals: string[] = [];
    for (const connection of [known, stranger]) {
      await connection.write(`GET / ${HOST}${LAST}`);
      refusals.push(await connection.read());
    }
    await uploading.write("bar");
    const answer = await uploading.read();
    await stopped;

    assertMatch(answer, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n6$/);
    for (const refusal of refusals) {
      const [head, body] = refusal.split("\r\n\r\n");
      assertMatch(head, /^HTTP\/1\.1 503 /);
      for (
        const header of [
          /^retry-after: 5$/im,
          /^connection: close$/im,
          /^content-type: application\/json$/im,
          /^x-content-type-options: nosniff$/im,
        ]
      ) {
        assertMatch(head.replaceAll("\r", ""), header);
      }
      assertEquals(JSON.parse(body), {
        errors: [{ code: "TOOMANYREQUESTS", message: "the registry is stopping" }],
      });
    }
    await expectNobodyListens(server);
  });

  Deno.test(`${http}: while it stops, running downloads finish`, async () => {
    await using server = await TestServer.start(http, () => Promise.resolve(new Response(pieces(32).stream)));
    const response = await fetch(server.url());

    const stopped = server.stopInPeace();

    assertEquals(await countPieces(response.body!), 32);
    await stopped;
  });

  Deno.test(`${http}: clients that are connected and send no request do not keep it from stopping`, async () => {
    await using server = await TestServer.start(http, text("foo"));
    using silent = await server.connect();
    using half = await server.connect();
    await half.write("GET / HTTP/1.1\r\nHost: loc");
    using idle = await server.connect();
    await idle.write(`GET / ${HOST}\r\n`);
    await idle.read("foo");

    await server.stopInPeace();

    for (const connection of [silent, half, idle]) assertEquals(await connection.read(), "");
  });

  Deno.test(`${http}: the deadline breaks off an upload that runs longer`, async () => {
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    const { promise: outcome, resolve: end } = Promise.withResolvers<unknown>();
    await using server = await TestServer.start(http, async (request) => {
      const reader = request.body!.getReader();
      await reader.read();
      start();
      end(await reader.read().catch((error) => error));
      return new Response();
    });
    using connection = await server.connect();
    await connection.write(`POST / ${HOST}Content-Length: 6\r\n\r\nfoo`);
    await started;

    await server.stop(Date.now());

    assert(await outcome instanceof Error);
    assertEquals(await connection.read(), "");
    await expectNobodyListens(server);
  });

  Deno.test(`${http}: two servers share a port if both are told so, and a port in use is refused otherwise`, async () => {
    await using one = await TestServer.start(http, text("one"), { reusePort: true });
    await using other = await TestServer.start(http, text("other"), { reusePort: true, port: one.port });

    const heard = new Set<string>();
    // The system distributes the connections by chance. All of them go to one server in less than 1 of 10²⁰ runs.
    for (let count = 0; count < 70; count++) {
      const response = await fetch(other.url(), { headers: { "Connection": "close" } });
      heard.add(await response.text());
    }

    assertEquals(heard, new Set(["one", "other"]));
    const refusal = await errorOf(TestServer.start(http, text("third"), { port: one.port }));
    assertMatch(refusal.message, /address already in use/i);
  });

  Deno.test(`${http}: a certificate makes it speak TLS`, async () => {
    await using server = await TestServer.start(
      http,
      async (request) => new Response(`${request.url} ${await request.text()}`),
      { tls: { cert: CERTIFICATE, key: KEY } },
    );

    const url = server.url("/v2/").replace("http", "https");
    const answer = await server.run("curl", "-sSk", "--http1.1", "--data-binary", "foo", url);

    assertEquals(answer, `${url} foo`);
  });

  Deno.test(`${http}: a certificate with the key of another one is refused at the start`, async () => {
    await errorOf(TestServer.start(http, text(""), { tls: { cert: CERTIFICATE, key: OTHER_KEY } }));
  });

  Deno.test(`${http}: a blob is pushed to a registry and pulled again`, async () => {
    using folder = new Folder();
    const registry = createRegistry({ disk: localDisk(folder.path, { durability: "none", sharesBytes: true }) });
    await using server = await TestServer.start(http, registry);
    const layer = new Uint8Array(8 * MEBIBYTE).map((_, at) => at % 251);
    const digest = digestOf(layer);

    const opened = await fetch(server.url("/v2/library/hello/blobs/uploads/"), { method: "POST" });
    await opened.body?.cancel();
    const location = new URL(opened.headers.get("Location")!, server.url());
    const patched = await fetch(location, {
      method: "PATCH",
      body: new Blob([layer.subarray(0, 5 * MEBIBYTE)]).stream(),
    });
    await patched.body?.cancel();
    const closed = await fetch(`${new URL(patched.headers.get("Location")!, server.url())}?digest=${digest}`, {
      method: "PUT",
      body: layer.subarray(5 * MEBIBYTE),
    });
    await closed.body?.cancel();
    const head = await fetch(server.url(`/v2/library/hello/blobs/${digest}`), { method: "HEAD" });
    const pulled = await fetch(server.url(`/v2/library/hello/blobs/${digest}`));

    assertEquals([opened.status, patched.status, closed.status, head.status, pulled.status], [
      202,
      202,
      201,
      200,
      200,
    ]);
    assertEquals(head.headers.get("Content-Length"), `${layer.length}`);
    assertEquals(digestOf(await pulled.bytes()), digest);
  });
}

// ── Where the two differ ────────────────────────────────────────────────────────────────────────────────────────────

const OFFER = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";

const echo: Handler = async (request) => new Response(`${request.method} ${await request.text()}`);

for (const body of ["Content-Length: 3\r\n\r\nfoo", "Transfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n0\r\n\r\n"]) {
  const header = body.split(":")[0];

  Deno.test(`node: a request with ${header} that offers an upgrade is answered as if it had not`, async () => {
    await using server = await TestServer.start("node", echo);
    using connection = await server.connect();

    await connection.write(`POST / ${HOST}${OFFER}${body}`);
    assertMatch(await connection.read("POST foo"), /^HTTP\/1\.1 200 OK\r\n/);
    await connection.write(`GET / ${HOST}${LAST}`);
    assertMatch(await connection.read(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nGET $/);
  });

  // If this test fails after an update of Deno, the main reason for `--http node` is gone.
  Deno.test(`deno: a request with ${header} that offers an upgrade is refused before the registry sees it`, async () => {
    await using server = await TestServer.start("deno", echo);
    using connection = await server.connect();

    await connection.write(`POST / ${HOST}${OFFER}${body}`);

    assertMatch(await connection.read(), /^HTTP\/1\.1 400 Bad Request\r\n/);
  });
}

for (const [http, answer] of [["node", "POST foo 200"], ["deno", " 400"]] as const) {
  Deno.test(`${http}: curl --http2 with a body gets ${answer.slice(-3)}`, async () => {
    await using server = await TestServer.start(http, echo);

    const args = ["-sS", "--http2", "--max-time", "20", "--data-binary", "foo", "-w", " %{http_code}", server.url()];

    assertEquals(await server.run("curl", ...args), answer);
  });
}

const JAVA = `
import java.net.URI;
import java.net.http.*;

public class Push {
  public static void main(String[] args) throws Exception {
    var body = HttpRequest.BodyPublishers.ofString("foo");
    var request = HttpRequest.newBuilder(URI.create(args[0])).POST(body).build();
    var response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    System.out.print(response.body() + " " + response.statusCode());
  }
}
`;

function hasJava(): boolean {
  try {
    const { stdout } = new Deno.Command("java", { args: ["--list-modules"] }).outputSync();
    const modules = new TextDecoder().decode(stdout);
    return ["java.net.http", "jdk.compiler"].every((name) => modules.includes(name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test({
  name: "node: Java's HttpClient pushes with its default settings",
  ignore: !hasJava(),
  async fn() {
    await using server = await TestServer.start("node", echo);
    using folder = new Folder();
    await Deno.writeTextFile(`${folder.path}/Push.java`, JAVA);
    assertEquals(await server.run("java", `${folder.path}/Push.java`, server.url()), "POST foo 200");
  },
});

Deno.test("node: a request with thousands of headers is refused with 431, and quickly", async () => {
  await using server = await TestServer.start("node", text("never"));
  using connection = await server.connect();
  const headers = Array.from({ length: 5000 }, (_, number) => `${number.toString(16)}:\r\n`).join("");

  await connection.write(`GET / ${HOST}${headers}${LAST}`);

  assertMatch(await connection.read(), /^HTTP\/1\.1 431 /);
});

Deno.test("node: a client that sends hundreds of requests and reads no answer is cut off", async () => {
  await using server = await TestServer.start("node", () => new Promise<Response>(() => {}));
  using connection = await server.connect();

  await connection.write(`GET / ${HOST}\r\n`.repeat(300)).catch(() => {});

  assertEquals(await connection.read().catch(() => ""), "");
});

Deno.test("node: after an answer in the midst of a long body, the next request is answered", async () => {
  await using server = await TestServer.start("node", async ({ body }) => {
    if (body === null) return new Response("next");
    await body.getReader().read();
    return new Response("enough", { status: 413 });
  });
  using connection = await server.connect();

  await connection.write(`POST / ${HOST}Content-Length: ${8 * MEBIBYTE}\r\n\r\na`);
  assertMatch(await connection.read("enough"), /^HTTP\/1\.1 413 /);
  await connection.write("a".repeat(8 * MEBIBYTE - 1));
  await connection.write(`GET / ${HOST}${LAST}`);

  assertMatch(await connection.read(), /^HTTP\/1\.1 200 [^]*next$/);
});

Deno.test("node: reading on after the answer throws", async () => {
  const { promise: outcome, resolve: end } = Promise.withResolvers<unknown>();
  await using server = await TestServer.start("node", async ({ body }) => {
    const reader = body!.getReader();
    await reader.read();
    end(reader.read().catch((error) => error));
    return new Response("enough", { status: 413 });
  });
  using connection = await server.connect();

  await connection.write(`POST / ${HOST}Content-Length: 3\r\n\r\na`);
  await connection.read("enough");

  assert(await outcome instanceof Error);
});

Deno.test("node: a client that is late with its headers is disconnected, and one that is slow with its body is not", async () => {
  await using server = await TestServer.start("node", echo, { headersTimeout: 200 });
  using uploading = await server.connect();
  await uploading.write(`POST / ${HOST}Content-Length: 6\r\n\r\nfoo`);
  using late = await server.connect();
  await late.write("GET / HTTP/1.1\r\nHost: loc");
  using silent = await server.connect();

  const answers = [await late.read(), await silent.read()];
  await uploading.write("bar");
  await uploading.read("POST foobar");
  // An idle connection has no headers to send until its next request begins.
  using later = await server.connect();
  await later.read();
  await uploading.write(`GET / ${HOST}${LAST}`);

  for (const answer of answers) assertMatch(answer, /^(?:HTTP\/1\.1 408 [^]*)?$/);
  assertMatch(await uploading.read(), /^HTTP\/1\.1 200 OK\r\n/);
});

for (const withTls of [false, true]) {
  const name = withTls ? " with TLS" : "";
  Deno.test(`node: over the limit${name}, the connection that is idle for the longest time is closed`, async () => {
    const tls = withTls ? { cert: CERTIFICATE, key: KEY } : undefined;
    const asked = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const handler = async (request: Request) => {
      if (!request.url.endsWith("/slow")) return new Response("quick");
      asked.resolve();
      await finish.promise;
      return new Response("slow");
    };
    await using server = await TestServer.start("node", handler, { maxConnections: 3, tls });
    using running = await server.connect(tls);
    await running.write(`GET /slow ${HOST}\r\n`);
    await asked.promise;
    using longest = await server.connect(tls);
    await longest.write(`GET / ${HOST}\r\n`);
    await longest.read("quick");
    using used = await server.connect(tls);
    for (const connection of [longest, used]) {
      await connection.write(`GET / ${HOST}\r\n`);
      await connection.read("quick");
    }

    using further = await server.connect(tls);
    await further.write(`GET / ${HOST}\r\n`);
    assertMatch(await further.read("quick"), /^HTTP\/1\.1 200 OK\r\n/);

    assertEquals(await longest.read(), "");
    await used.write(`GET / ${HOST}\r\n`);
    assertMatch(await used.read("quick"), /^HTTP\/1\.1 200 OK\r\n/);
    finish.resolve();
    assertMatch(await running.read("slow"), /^HTTP\/1\.1 200 OK\r\n/);
  });
}

Deno.test("node: over the limit, a new connection is closed if a request runs on each of the others", async () => {
  const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const finish = Promise.withResolvers<void>();
  let requests = 0;
  const handler = async () => {
    asked[requests++].resolve();
    await finish.promise;
    return new Response("slow");
  };
  await using server = await TestServer.start("node", handler, { maxConnections: 2 });
  using first = await server.connect();
  using second = await server.connect();
  for (const connection of [first, second]) await connection.write(`GET / ${HOST}\r\n`);
  await Promise.all(asked.map(({ promise }) => promise));

  using third = await server.connect();
  assertEquals(await third.read(), "");
  finish.resolve();

  for (const connection of [first, second]) assertMatch(await connection.read("slow"), /^HTTP\/1\.1 200 OK\r\n/);
});

Deno.test("node: the answer with status 304 keeps its Content-Length", async () => {
  await using server = await TestServer.start(
    "node",
    () => Promise.resolve(new Response(null, { status: 304, headers: { "Content-Length": "7" } })),
  );
  using connection = await server.connect();

  await connection.write(`GET / ${HOST}${LAST}`);

  assertMatch(await connection.read(), /^HTTP\/1\.1 304 [^]*^content-length: 7\r$[^]*\r\n\r\n$/im);
});

Deno.test("node: a client that expects 100 Continue and is refused is not told to continue, and the connection ends", async () => {
  await using server = await TestServer.start("node", () => Promise.resolve(new Response("no", { status: 413 })));
  using connection = await server.connect();

  await connection.write(`POST / ${HOST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`);

  assertMatch(await connection.read(), /^HTTP\/1\.1 413 [^]*^connection: close\r$[^]*\r\n\r\nno$/im);
});

Deno.test("node: the deadline breaks off a download that nobody reads", async () => {
  const source = pieces(Infinity);
  await using server = await TestServer.start("node", () => Promise.resolve(new Response(source.stream)));
  using connection = await server.connect();
  await connection.write(`GET / ${HOST}\r\n`);
  await connection.read("\r\n\r\n");

  await server.stop(Date.now());
  await source.cancelled;

  await expectNobodyListens(server);
});

Deno.test("node: a client that goes away while one of its requests runs and others wait does not keep the server from stopping", async () => {
  const { promise: gone, resolve: go } = Promise.withResolvers<void>();
  let running = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  await using server = await TestServer.start("node", async () => {
    if (++running === 1) resolve();
    await gone;
    return new Response(pieces(32).stream);
  });
  {
    using connection = await server.connect();
    await connection.write(`GET / ${HOST}\r\n`.repeat(3));
    await all;
  }

  const stopped = server.stopInPeace();
  go();

  await stopped;
});

// The key of another certificate.
const OTHER_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9huPI+7AOua/JeFM
/jTV6sHwGQx651kOyZfNu9+ujPmhRANCAAQU8KP+Tsyz8nZzLIubgB0xxnNEIrIZ
6FaMWQMSPT9ulsQk3OyKYCf6eGX18UJ/rnVnvuqbV/n74lQO4rd6DGBJ
-----END PRIVATE KEY-----
`;
