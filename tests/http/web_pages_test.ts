/** Web pages: what a browser sends for a foreign page is refused; people in front of a browser and other programs are served. */

import { assert, assertEquals } from "@std/assert";
import { localDisk } from "../../src/disk/local_disk.ts";
import { createRegistry, type RegistryOptions } from "../../src/registry.ts";
import { accessFor, digestOf, expectRefusal, startRegistry } from "../fixture.ts";
import { Folder } from "../folder.ts";

const FOO = digestOf("foo");
const DENIED = { status: 403, code: "DENIED", rule: "API-ERR-I12" };
const MOZILLA = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";

// The methods and paths of everything that changes something, and of what no client should ask for.
const WRITES = [
  ["POST", "/v2/page/blobs/uploads/"],
  ["POST", `/v2/page/blobs/uploads/?digest=${FOO}`],
  ["POST", `/v2/page/blobs/uploads/?mount=${FOO}&from=library/hello`],
  ["PATCH", "/v2/page/blobs/uploads/01234567-89ab-4cde-8f01-23456789abcd"],
  ["PUT", `/v2/page/blobs/uploads/01234567-89ab-4cde-8f01-23456789abcd?digest=${FOO}`],
  ["PUT", "/v2/page/manifests/latest"],
  ["DELETE", "/v2/library/hello/manifests/latest"],
  ["DELETE", `/v2/library/hello/blobs/${FOO}`],
  ["OPTIONS", "/v2/"],
];
const READS = [
  ["GET", "/v2/"],
  ["GET", "/v2/_catalog"],
  ["HEAD", `/v2/library/hello/blobs/${FOO}`],
  ["GET", `/v2/library/hello/blobs/${FOO}`],
];

/** Sends a request to a new registry that has the blob `foo`. Returns the answer, and the files afterwards. */
async function ask(
  method: string,
  url: string,
  headers: Record<string, string>,
  options: Partial<RegistryOptions> = {},
): Promise<{ response: Response; files: string[] }> {
  using folder = new Folder();
  const registry = createRegistry({ disk: localDisk(folder.path, { durability: "none" }), ...options });
  const push = new Request(`http://localhost/v2/library/hello/blobs/uploads/?digest=${FOO}`, {
    method: "POST",
    body: "foo",
  });
  assertEquals((await registry(push)).status, 201);
  const body = method === "POST" || method === "PATCH" || method === "PUT" ? "foo" : undefined;
  const response = await registry(new Request(url, { method, headers, body }));
  return { response: new Response(await response.bytes(), response), files: folder.tree() };
}

async function expectDenied(
  method: string,
  url: string,
  headers: Record<string, string>,
  options?: Partial<RegistryOptions>,
): Promise<void> {
  const what = `${method} ${url} ${JSON.stringify(headers)}`;
  const { response, files } = await ask(method, url, headers, options);
  assertEquals(response.status, 403, what);
  if (method !== "HEAD") await expectRefusal(response, DENIED);
  assertEquals(files, [`library/hello/${FOO}/blob`], what);
}

async function expectServed(
  method: string,
  url: string,
  headers: Record<string, string>,
  options?: Partial<RegistryOptions>,
): Promise<void> {
  const { response } = await ask(method, url, headers, options);
  assert(response.status !== 403, `${method} ${url} ${JSON.stringify(headers)} ${await response.text()}`);
}

const FOREIGN: Record<string, string>[] = [
  { "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site" },
  { "Origin": "https://evil.example" },
  { "Origin": "http://localhost" },
  { "Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site" },
  { "Origin": "https://localhost:5080" },
  { "Origin": "http://localhost.evil.example:5080" },
  { "Origin": "http://127.0.0.1:5080" },
  { "Origin": "chrome-extension://abcdefghijklmnop", "Sec-Fetch-Site": "none" },
  { "Origin": "null" },
  { "Origin": "null", "Sec-Fetch-Site": "same-origin" },
  { "Origin": "" },
  { "Origin": "http://localhost:5080, https://evil.example" },
  { "Sec-Fetch-Site": "cross-site" },
  { "Sec-Fetch-Site": "same-site" },
  { "Sec-Fetch-Site": "" },
  { "Sec-Fetch-Site": "something new" },
  { "Origin": "http://localhost:5080", "Sec-Fetch-Site": "cross-site" },
];

for (const [method, path] of WRITES) {
  Deno.test(`API-ERR-I12: a page of another site cannot send ${method} ${path}`, async () => {
    for (const headers of FOREIGN) {
      await expectDenied(method, `http://localhost:5080${path}`, { "Content-Type": "text/plain", ...headers });
    }
  });

  Deno.test(`a page of the registry's own, and a program that is no browser, can send ${method} ${path}`, async () => {
    for (
      const headers of [
        {},
        { "Origin": "http://localhost:5080" },
        { "Origin": "http://localhost:5080", "Sec-Fetch-Site": "same-origin" },
        { "Sec-Fetch-Site": "none" },
        { "User-Agent": MOZILLA },
        { "Referer": "https://evil.example/" },
      ] as Record<string, string>[]
    ) {
      await expectServed(method, `http://localhost:5080${path}`, headers);
    }
    // Such a program may use any name.
    await expectServed(method, `http://registry.default.svc:5000${path}`, { "User-Agent": "docker/26.1.5" });
  });
}

Deno.test("the refusal of a page says which origin may write, and which one came", async () => {
  const { response } = await ask("POST", "http://localhost:5080/v2/page/blobs/uploads/", {
    "Origin": "https://evil.example",
    "Sec-Fetch-Site": "cross-site",
  });

  const [detail] = await expectRefusal(response, DENIED);
  assertEquals([detail.expected, detail.actual], [
    "a write from no web page, or from one of http://localhost:5080",
    "Origin: https://evil.example, Sec-Fetch-Site: cross-site",
  ]);
});

const BROWSERS: Record<string, string>[] = [
  { "User-Agent": MOZILLA },
  { "Sec-Fetch-Site": "none" },
  { "Sec-Fetch-Site": "same-origin" },
  { "Sec-Fetch-Site": "cross-site" },
  { "Origin": "https://evil.example" },
  { "Origin": "null" },
];

const FOREIGN_HOSTS = [
  "evil.example",
  "evil.example:5080",
  "localhost.evil.example:5080",
  "127.0.0.1.evil.example",
  "xlocalhost:5080",
  "128.0.0.1:5080",
  "10.0.0.5:5080",
  "0.0.0.0:5080",
  "[::2]:5080",
  "[::]:5080",
];

Deno.test("API-ERR-I12: a browser cannot use a name that is not known to be the registry's own (DNS rebinding)", async () => {
  for (const host of FOREIGN_HOSTS) {
    for (const headers of BROWSERS) {
      for (const [method, path] of [...READS, ...WRITES.slice(0, 2)]) {
        await expectDenied(method, `http://${host}${path}`, headers);
      }
    }
    // A page of the foreign name itself is for the browser a page of the registry.
    await expectDenied("POST", `http://${host}/v2/page/blobs/uploads/`, { "Origin": `http://${host}` });
  }
});

Deno.test("the refusal of a name says which names a browser may use", async () => {
  const { response } = await ask("GET", "http://evil.example:5080/v2/_catalog", { "User-Agent": MOZILLA });

  const [detail] = await expectRefusal(response, DENIED);
  assertEquals([detail.expected, detail.actual], [
    "from a browser, a host that is loopback, or that --host, --origin or --allow-host names",
    "evil.example:5080",
  ]);
});

Deno.test("a program that is no browser can read under any name", async () => {
  for (const host of [...FOREIGN_HOSTS, "registry", "registry.default.svc:5000"]) {
    for (const agent of ["docker/26.1.5", "curl/7.88.1", "Go-http-client/1.1", "Deno/2.9.6", "", "node"]) {
      for (const [method, path] of READS) {
        const { response } = await ask(method, `http://${host}${path}`, {
          "User-Agent": agent,
          "Accept-Language": "*",
        });
        assertEquals(response.status, 200, `${host} ${agent}`);
      }
    }
  }
});

Deno.test("a browser can read under each name of loopback", async () => {
  for (
    const host of [
      "localhost",
      "localhost:5080",
      "glassbox.localhost:5080",
      "127.0.0.1:5080",
      "127.8.9.10",
      "[::1]:5080",
    ]
  ) {
    for (const headers of BROWSERS) {
      for (const [method, path] of READS) {
        const { response } = await ask(method, `http://${host}${path}`, headers);
        assertEquals(response.status, 200, `${host} ${JSON.stringify(headers)}`);
      }
    }
  }
});

Deno.test("a browser can read under the hosts of allowHost and of origin, and a page of the origin can write", async () => {
  const options = {
    allowHost: ["registry.lan", "10.0.0.5", "fd00::1", "UPPER.lan"],
    origin: "https://registry.example:8443",
  };
  const hosts = [
    "registry.lan",
    "registry.lan:5080",
    "10.0.0.5:5080",
    "[fd00::1]:5080",
    "upper.lan",
    "registry.example",
  ];

  for (const host of hosts) {
    await expectServed("GET", `http://${host}/v2/`, { "User-Agent": MOZILLA }, options);
    await expectServed("POST", `http://${host}/v2/page/blobs/uploads/`, { "Origin": `http://${host}` }, options);
    await expectDenied("POST", `http://${host}/v2/page/blobs/uploads/`, { "Origin": "https://evil.example" }, options);
  }
  // The registry behind a proxy with TLS: the browser knows it by the origin, and the proxy asks by HTTP.
  for (const host of ["registry.example", "registry.example:8443", "10.0.0.5:5080"]) {
    await expectServed("POST", `http://${host}/v2/page/blobs/uploads/`, {
      "Origin": "https://registry.example:8443",
      "Sec-Fetch-Site": "same-origin",
    }, options);
  }
  await expectDenied("GET", "http://other.lan/v2/", { "User-Agent": MOZILLA }, options);
  await expectDenied("GET", "http://sub.registry.lan/v2/", { "User-Agent": MOZILLA }, options);
});

Deno.test("with all addresses among the hosts, a browser can use each address, and still no foreign name", async () => {
  for (const all of ["0.0.0.0", "::"]) {
    for (const host of ["192.168.1.5:5080", "[fe80::1]:5080", "localhost:5080"]) {
      await expectServed("GET", `http://${host}/v2/`, { "User-Agent": MOZILLA }, { allowHost: [all] });
    }
    await expectDenied("GET", "http://evil.example:5080/v2/", { "User-Agent": MOZILLA }, { allowHost: [all] });
    await expectDenied("POST", "http://192.168.1.5:5080/v2/page/blobs/uploads/", { "Origin": "http://evil.example" }, {
      allowHost: [all],
    });
  }
});

Deno.test("a foreign page is refused before a password is asked for, and before one is tried", async () => {
  const tried: string[] = [];
  const wrappers = [accessFor({ isPassword: (user) => Promise.resolve(tried.push(user) > 0) })];

  for (const authorization of [undefined, `Basic ${btoa("alice:secret")}`]) {
    const request = new Request("http://localhost/v2/page/blobs/uploads/", {
      method: "POST",
      headers: { "Origin": "https://evil.example", ...(authorization && { "Authorization": authorization }) },
    });
    await expectRefusal(await createRegistry({ wrappers })(request), DENIED);
  }

  assertEquals(tried, []);
});

Deno.test("no answer lets a page of another origin read it", async () => {
  for (const [method, path] of [...READS, ...WRITES]) {
    const { response } = await ask(method, `http://localhost:5080${path}`, {
      "Origin": "https://evil.example",
      "Access-Control-Request-Method": "PUT",
    });
    const cors = [...response.headers.keys()].filter((name) => name.startsWith("access-control-"));
    assertEquals(cors, [], `${method} ${path}`);
  }
});

Deno.test("every answer with a body forbids the browser to guess its type", async () => {
  await using registry = await startRegistry();
  const { digest, layer } = await registry.pushImage("library/hello", { tag: "latest" });
  const page = await registry.pushBlob("library/hello", "<script>fetch('/v2/', { method: 'DELETE' })</script>");
  const hello = "/v2/library/hello";
  const asked: [method: string, path: string, headers?: Record<string, string>][] = [
    ["GET", "/v2/"],
    ["GET", "/v2/_catalog"],
    ["GET", `${hello}/tags/list`],
    ["GET", `${hello}/tags/list?n=0`],
    ["GET", `${hello}/referrers/${digest}`],
    ["GET", `${hello}/manifests/latest`],
    ["HEAD", `${hello}/manifests/latest`],
    ["GET", `${hello}/blobs/${page}`],
    ["GET", `${hello}/blobs/${page}`],
    ["HEAD", `${hello}/blobs/${page}`],
    ["GET", `${hello}/blobs/${layer}`, { "Range": "bytes=1-" }],
    ["GET", `${hello}/blobs/${layer}`, { "Range": "bytes=0-0,2-2" }],
    ["GET", `${hello}/blobs/${layer}`, { "Range": "bytes=999-" }],
    ["GET", `${hello}/manifests/<script>`],
    ["GET", "/<script>"],
    ["PATCH", "/v2/"],
  ];

  for (const [method, path, headers] of asked) {
    const response = await registry.send(method, path, { headers });
    assertEquals(response.headers.get("X-Content-Type-Options"), "nosniff", `${method} ${path}`);
    assert(!/html/.test(response.headers.get("Content-Type") ?? ""), `${method} ${path}`);
  }
});
