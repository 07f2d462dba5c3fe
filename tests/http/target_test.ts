/** The target of a request, with both HTTP servers: the path is that of the request line, whatever else a client sends. */

import { assert, assertEquals } from "@std/assert";
import { connect } from "node:http2";
import { createRegistry } from "../../src/registry.ts";
import { listen } from "../../src/serving/listening.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import { expectRefusal, startRegistry, type TestRegistry } from "../fixture.ts";
import { type RawAnswer, sendBytes } from "../wire.ts";

interface Target extends AsyncDisposable {
  readonly registry: TestRegistry;
  readonly secret: string;
  /** The URLs in the stories of the requests. */
  readonly urls: string[];
  readonly port: number;
  /** Sends the request line and the headers of a request. */
  send(head: string): Promise<RawAnswer>;
}

/** Starts a registry with the repositories `public` and `a/b`. What follows asks for the tags of `public` only. */
async function start(http: "deno" | "node"): Promise<Target> {
  const registry = await startRegistry();
  await registry.pushImage("public", { tag: "open" });
  const { digest } = await registry.pushImage("a/b", { tag: "t" });
  const urls: string[] = [];
  const disk = localDisk(registry.root, { durability: "none" });
  const answer = createRegistry({ disk, onStory: ({ url }) => urls.push(url) });
  const listening = await listen(answer, { http, hostname: "127.0.0.1", port: 0 });
  return {
    registry,
    secret: digest,
    urls,
    port: listening.port,
    send: (head) => sendBytes(listening.port, head),
    async [Symbol.asyncDispose]() {
      await listening.stop(Date.now() + 5_000);
      await registry[Symbol.asyncDispose]();
    },
  };
}

const HOSTILE_HOSTS = [
  "x/v2/a/b/manifests/t#",
  "x/v2/a/b/manifests/t?",
  "x/v2/a/b/manifests/t?x=",
  "x/v2/a/b/manifests",
  "x?",
  "x#",
  "/v2/a/b/manifests/t#",
  "//x/v2/a/b/manifests/t#",
  "http://x/v2/a/b/manifests/t#",
  "x\\v2\\a\\b\\manifests\\t#",
  "x@y",
  "x:y@z",
  "x:80:80",
  "x:80x",
  "x y",
  "x,y",
  "x, y",
  "x%2fy",
  "x%23",
  "\xe4.example",
  "\xc3\xa4.example",
  "[::1",
  "::1",
  "[::1]x",
  "[x]",
  "",
  ":80",
];

const HOSTS = [
  "x",
  "registry.example:5080",
  "127.0.0.1:5080",
  "[::1]:5080",
  "[::1]",
  "LOCALHOST",
  "a_b.c-d:",
  "x:99999",
];

for (const http of ["deno", "node"] as const) {
  for (const [method, path] of [["GET", "/tags/list"], ["HEAD", "/manifests/open"], ["DELETE", "/manifests/other"]]) {
    Deno.test(`${http}: API-01: a Host that is no host is refused, and moves no ${method} to another path`, async () => {
      await using target = await start(http);

      for (const host of HOSTILE_HOSTS) {
        const { status, headers, body } = await target.send(
          `${method} /v2/public${path} HTTP/1.1\r\nHost: ${host}\r\n`,
        );
        assertEquals([status, headers.has("Docker-Content-Digest")], [400, false], host);
        assert(!body.includes(target.secret), host);
      }

      assertEquals(target.registry.read("a/b/_tags/t"), target.secret);
    });
  }

  Deno.test(`${http}: API-01: the refusal of a Host says what was expected`, async () => {
    await using target = await start(http);

    const { status, headers, body } = await target.send("GET /v2/public/tags/list HTTP/1.1\r\nHost: x/v2/a/b#\r\n");

    const [detail] = await expectRefusal(
      new Response(body, { status, headers: { "Content-Type": headers.get("Content-Type")! } }),
      { status: 400, code: "UNSUPPORTED", rule: "API-01" },
    );
    assertEquals(
      [detail.expected, detail.actual],
      [
        "a path in the request line, and a host with or without a port in the Host header",
        "http://x/v2/a/b#/v2/public/tags/list with the Host header x/v2/a/b#",
      ],
    );
    assertEquals(target.urls, ["http://x/v2/a/b#/v2/public/tags/list"]);
  });

  Deno.test(`${http}: a Host may be a name or an address, with or without a port`, async () => {
    await using target = await start(http);

    for (const host of HOSTS) {
      const { status, body } = await target.send(`GET /v2/public/tags/list HTTP/1.1\r\nHost: ${host}\r\n`);
      assertEquals([status, body], [200, '{"name":"public","tags":["open"]}'], host);
    }

    assertEquals(new Set(target.urls), new Set(["/v2/public/tags/list"]));
  });

  // What stands behind the method, the status, and the path and query that the registry read. If the server of Deno or Node.js refuses
  // the request itself, there is none.
  // deno-fmt-ignore
  const targets: [target: string, status: number | undefined, url?: string][] = [
    ["http://h/v2/public/tags/list",                      200, "/v2/public/tags/list"],
    ["http://h/v2/public/tags/list?n=1",                  200, "/v2/public/tags/list?n=1"],
    ["https://h/v2/public/tags/list",                     200, "/v2/public/tags/list"],
    // Another host than in `Host`, or no host.
    ["http://other/v2/public/tags/list",                  400, "http://other/v2/public/tags/list"],
    ["http://h:80/v2/public/tags/list",                   400, "http://h:80/v2/public/tags/list"],
    // The story has no password.
    ["http://u:p@h/v2/public/tags/list",                  400, "http://…@h/v2/public/tags/list"],
    ["http://h@other/v2/public/tags/list",                400, "http://…@other/v2/public/tags/list"],
    ["http://[::1]/v2/public/tags/list",                  400, "http://[::1]/v2/public/tags/list"],
    ["ftp://h/v2/public/tags/list",                       400, "ftp://h/v2/public/tags/list"],
    ["x://y/http://h/v2/public/tags/list",                400, "x://y/http://h/v2/public/tags/list"],
    ["http://h?/v2/a/b/manifests/t",                      400, "http://h?/v2/a/b/manifests/t"],
    ["*",                                                 http === "deno" ? 400 : 404, http === "deno" ? undefined : "/*"],
    ["h:80",                                              400],
    ["v2/public/tags/list",                               400],
    ["?/v2/public/tags/list",                             400],
    ["#/v2/public/tags/list",                             400],
    ["@h/v2/public/tags/list",                            400],
    // A "#" ends the path for some proxies, and belongs to it for others.
    ["/v2/public/tags/list#",                             400, "http://h/v2/public/tags/list#"],
    ["/v2/a/b/manifests/t#/../../../../public/tags/list", 400, "http://h/v2/a/b/manifests/t#/../../../../public/tags/list"],
    ["/v2/public/tags/list?n=1#x",                        400, "http://h/v2/public/tags/list?n=1#x"],
    // The path is compared as it is. Nothing resolves, joins or lowers any part of it.
    ["/v2/public/tags/list?/v2/a/b/manifests/t",          200, "/v2/public/tags/list?/v2/a/b/manifests/t"],
    ["//h/v2/public/tags/list",                           404, "//h/v2/public/tags/list"],
    ["//v2/public/tags/list",                             404, "//v2/public/tags/list"],
    ["/\\h/v2/public/tags/list",                          404, "/\\h/v2/public/tags/list"],
    ["/v2\\public\\tags\\list",                           404, "/v2\\public\\tags\\list"],
    ["/v2/public/../a/b/manifests/t",                     404, "/v2/public/../a/b/manifests/t"],
    ["/v2/public/%2e%2e/a/b/manifests/t",                 404, "/v2/public/%2e%2e/a/b/manifests/t"],
    ["/v2/public%2f..%2fa/b/manifests/t",                 404, "/v2/public%2f..%2fa/b/manifests/t"],
    ["/v2/public/tags/list%23/manifests/t",               404, "/v2/public/tags/list%23/manifests/t"],
    ["/v2/public/tags/list%3Fn=1",                        404, "/v2/public/tags/list%3Fn=1"],
    ["/V2/public/tags/list",                              404, "/V2/public/tags/list"],
    ["/v2/PUBLIC/tags/list",                              404, "/v2/PUBLIC/tags/list"],
    ["/v2/@h:80/tags/list",                               404, "/v2/@h:80/tags/list"],
    ["/http://h/v2/public/tags/list",                     404, "/http://h/v2/public/tags/list"],
  ];

  Deno.test(`${http}: API-01: a request gets what its request line names, or a refusal`, async () => {
    await using target = await start(http);

    for (const [text, status, url] of targets) {
      target.urls.length = 0;
      const answer = await target.send(`GET ${text} HTTP/1.1\r\nHost: h\r\n`);
      assertEquals([answer.status, ...target.urls], [status, ...(url === undefined ? [] : [url])], text);
      assert(!answer.body.includes(target.secret), text);
    }
  });

  Deno.test(`${http}: no header but Host belongs to the target, and no header changes the method`, async () => {
    await using target = await start(http);

    for (
      const header of [
        "X-HTTP-Method-Override: DELETE",
        "X-HTTP-Method: DELETE",
        "X-Original-URL: /v2/a/b/manifests/t",
        "X-Rewrite-URL: /v2/a/b/manifests/t",
        "X-Forwarded-Host: x/v2/a/b/manifests/t#",
        "X-Forwarded-Prefix: /v2/a/b",
        "X-Forwarded-Proto: x",
        'Forwarded: host="x/v2/a/b/manifests/t#"',
        "Referer: http://h/v2/a/b/manifests/t",
        ":path: /v2/a/b/manifests/t",
      ]
    ) {
      const { status, body } = await target.send(`GET /v2/public/tags/list HTTP/1.1\r\nHost: h\r\n${header}\r\n`);
      if (header.startsWith(":")) assertEquals(status, 400);
      else assertEquals([status, body], [200, '{"name":"public","tags":["open"]}'], header);
    }

    assertEquals(target.registry.read("a/b/_tags/t"), target.secret);
  });

  for (const method of ["POST", "PUT"]) {
    Deno.test(`${http}: a Location has nothing of the Host, and nothing of the headers of proxies (${method})`, async () => {
      await using target = await start(http);
      const path = method === "POST" ? "/v2/public/blobs/uploads/" : (await target.registry.openSession("public")) +
        "?digest=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

      const { status, headers } = await target.send(
        `${method} ${path} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nContent-Length: 0\r\n`,
      );

      assertEquals(status, method === "POST" ? 202 : 201);
      assert(headers.get("Location")!.startsWith("/v2/public/blobs/"), headers.get("Location")!);
    });
  }

  Deno.test(`${http}: RFC 9112 section 3.2: two Hosts are refused, also those that are the same`, async () => {
    await using target = await start(http);

    for (const version of ["1.0", "1.1"]) {
      for (const hosts of ["Host: a\r\nHost: b", "Host: a\r\nHost: a", "Host: a\r\nhost: x/v2/a/b/manifests/t#"]) {
        const { status } = await target.send(`GET /v2/public/tags/list HTTP/${version}\r\n${hosts}\r\n`);
        assertEquals(status, 400, `${version} ${hosts}`);
      }
    }
  });

  Deno.test(`${http}: HTTP/1.0 needs no Host`, async () => {
    await using target = await start(http);

    const { status, body } = await target.send("GET /v2/public/tags/list HTTP/1.0\r\n");

    assertEquals([status, body], [200, '{"name":"public","tags":["open"]}']);
  });
}

// Deno reads the version of HTTP, and does not tell it: the registry cannot know that a Host is missing.
Deno.test("node: RFC 9112 section 3.2: HTTP/1.1 needs a Host", async () => {
  await using target = await start("node");

  assertEquals((await target.send("GET /v2/public/tags/list HTTP/1.1\r\n")).status, 400);
});

Deno.test("a request without Host is read with the same care: an authority or a query is no path", async () => {
  await using target = await start("deno");

  for (
    const line of [
      "GET http://h?/v2/a/b/manifests/t",
      "GET http://h#/v2/a/b/manifests/t",
      "GET http://u@h/v2/a/b/manifests/t",
      "CONNECT h:80",
    ]
  ) {
    const { status, body } = await target.send(`${line} HTTP/1.1\r\n`);
    assertEquals([status, body.includes(target.secret)], [400, false], line);
  }
});

// Sends a GET over HTTP/2. Returns the status, or "none" if the server ends the stream without an answer.
async function getOverHttp2(port: number, headers: Record<string, string>): Promise<number | "none"> {
  const session = connect(`http://127.0.0.1:${port}`);
  const { promise: status, resolve } = Promise.withResolvers<number | "none">();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  session.on("error", () => resolve("none")).on("close", close);
  const stream = session.request({ ":method": "GET", ...headers });
  stream.on("response", (answer) => resolve(answer[":status"]!)).on("error", () => resolve("none")).resume().end();
  const outcome = await status;
  session.destroy();
  await closed;
  return outcome;
}

Deno.test("deno: API-01: over HTTP/2, neither the authority nor a Host changes the path", async () => {
  await using target = await start("deno");
  const path = "/v2/public/tags/list";
  const requests: [headers: Record<string, string>, status: number | "none"][] = [
    [{ ":authority": "h", ":path": path }, 200],
    [{ ":authority": "h", ":path": path, "host": "h" }, 200],
    [{ ":authority": "h", ":path": path, "host": "other" }, 400],
    [{ ":authority": "h", ":path": path, "host": "x/v2/a/b/manifests/t?" }, 400],
    [{ ":authority": "u@h", ":path": path }, 400],
    [{ ":authority": "x/v2/a/b/manifests/t?", ":path": path }, "none"],
    [{ ":authority": "x/v2/a/b/manifests/t#", ":path": path }, "none"],
    [{ ":authority": "h", ":path": "http://h/v2/a/b/manifests/t" }, 404],
  ];

  for (const [headers, status] of requests) {
    assertEquals(await getOverHttp2(target.port, headers), status, JSON.stringify(headers));
  }
  assertEquals(target.urls.filter((url) => url.startsWith("/v2/a/b/")), []);
});
