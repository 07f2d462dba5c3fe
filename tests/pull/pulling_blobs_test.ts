/** https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#pulling-blobs */

import type { Disk } from "../../src/disk/disk.ts";
import { localDisk } from "../../src/disk/local_disk.ts";
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers";
import { createRegistry } from "../../src/registry.ts";
import { bytes, digestOf, expectRefusal, listen, randomBytes, startRegistry, type TestRegistry } from "../fixture.ts";
import { Folder } from "../folder.ts";

const FOO = digestOf("foo");
const DIGITS = "0123456789";

// Pulls the blob `0123456789` with this `Range`, and with these other headers. Returns the answer.
async function pullRange(registry: TestRegistry, range: string, headers: Record<string, string> = {}) {
  const digest = await registry.pushBlob("library/hello", DIGITS);
  return await registry.send("GET", `/v2/library/hello/blobs/${digest}`, { headers: { Range: range, ...headers } });
}

// Returns the boundary of an answer with several ranges.
function boundaryOf({ headers }: Response): string {
  return /^multipart\/byteranges; boundary=([0-9a-f-]{36})$/.exec(headers.get("Content-Type") ?? "")?.[1] ?? "none";
}

// Returns the bytes of its parts. RFC 2046 section 5.1.1: the boundary ends a part, and no length does.
function partsOf(pulled: Response, body: Uint8Array): Uint8Array[] {
  const text = `\r\n${Buffer.from(body).toString("latin1")}`;
  const [preamble, ...parts] = text.split(`\r\n--${boundaryOf(pulled)}`);
  assertEquals([preamble, parts.pop()], ["", "--\r\n"]);
  return parts.map((part) => new Uint8Array(Buffer.from(part.slice(part.indexOf("\r\n\r\n") + 4), "latin1")));
}

async function textsOf(pulled: Response): Promise<string[]> {
  return partsOf(pulled, await pulled.bytes()).map((part) => new TextDecoder().decode(part));
}

async function expectWhole(pulled: Response): Promise<void> {
  assertEquals([pulled.status, pulled.headers.get("Content-Range")], [200, null]);
  assertEquals([pulled.headers.get("Content-Length"), await pulled.text()], ["10", DIGITS]);
}

Deno.test("PULL-BLOB-01 PULL-BLOB-02 PULL-BLOB-03 PULL-BLOB-04: a blob that exists is sent with 200 and its digest", async () => {
  await using registry = await startRegistry();
  const bytes = new Uint8Array(256).map((_, index) => index);
  const digest = await registry.pushBlob("library/hello", bytes);

  const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);

  assertEquals([pulled.status, pulled.headers.get("Docker-Content-Digest")], [200, digest]);
  assertEquals([pulled.headers.get("Content-Length"), pulled.headers.get("ETag")], ["256", `"${digest}"`]);
  assertEquals(await pulled.bytes(), bytes);
});

Deno.test("PULL-BLOB-01: a blob of several megabytes comes back byte for byte", async () => {
  await using registry = await startRegistry();
  const bytes = new Uint8Array(3 * 1024 * 1024 + 1).map((_, index) => index % 251);
  const digest = await registry.pushBlob("library/hello", bytes);

  const whole = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);
  const rest = await registry.send("GET", `/v2/library/hello/blobs/${digest}`, {
    headers: { Range: "bytes=1048575-" },
  });

  assertEquals(digestOf(await whole.bytes()), digest);
  assertEquals(rest.headers.get("Content-Range"), "bytes 1048575-3145728/3145729");
  assertEquals(digestOf(await rest.bytes()), digestOf(bytes.slice(1048575)));
});

Deno.test("PULL-BLOB-01: a large blob reaches each of several slow clients byte for byte, if the bodies are only sent", async () => {
  using root = new Folder();
  const registry = createRegistry({ disk: localDisk(root.path, { sharesBytes: true }) });
  await using server = listen(registry);
  const url = `${server.address}/v2/a/blobs`;
  const bytes = crypto.getRandomValues(new Uint8Array(64 * 1024));
  const blob = new Uint8Array(16 * 1024 * 1024).map((_, index) => bytes[index & 0xffff] ^ (index >> 16));
  const digest = digestOf(blob);
  await (await fetch(`${url}/uploads/?digest=${digest}`, { method: "POST", body: blob })).body?.cancel();

  const digests = await Promise.all([1, 7, 100, 1000].map(async (wait) => {
    const pulled = await fetch(`${url}/${digest}`);
    const hash = createHash("sha256");
    let pieces = 0;
    for await (const piece of pulled.body!) {
      // A client that is slow now and then, so that the server has to wait for it.
      if (++pieces % wait === 0) await new Promise((resolve) => setImmediate(resolve));
      hash.update(piece);
    }
    return `sha256:${hash.digest("hex")}`;
  }));

  assertEquals(digests, [digest, digest, digest, digest]);
});

Deno.test("PULL-BLOB-01: a program that embeds the registry may keep the pieces of a blob as long as it likes", async () => {
  using root = new Folder();
  const registry = createRegistry({ root: root.path });
  const blob = new Uint8Array(3 * 1024 * 1024).map((_, index) => index % 251);
  const digest = digestOf(blob);
  await registry(
    new Request(`http://localhost/v2/a/blobs/uploads/?digest=${digest}`, { method: "POST", body: blob }),
  );

  const pulled = await registry(new Request(`http://localhost/v2/a/blobs/${digest}`));
  const pieces = await Array.fromAsync(pulled.body!);

  assertEquals(pieces.length > 1, true);
  assertEquals(digestOf(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).bytes()), digest);
});

Deno.test("PULL-BLOB-01: a small blob that was pulled before has the bytes that its file holds now, and the client may change them", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushBlob("library/hello", "foo");
  const path = `${registry.root}/library/hello/${digest}/blob`;
  const pull = () => registry.send("GET", `/v2/library/hello/blobs/${digest}`);

  const first = await (await pull()).bytes();
  first.fill(0);
  const unchanged = await (await pull()).text();
  // The file gets damaged. The registry does not hide this until the next start, and `verify` finds it.
  await Deno.writeTextFile(path, "bar");
  await Deno.utime(path, 1, 1);
  const damaged = await (await pull()).text();
  // The right file comes back, from a tool that copies a file with its time.
  await Deno.writeTextFile(`${registry.root}/copy`, "foo");
  await Deno.utime(`${registry.root}/copy`, 1, 1);
  await Deno.rename(`${registry.root}/copy`, path);
  const repaired = await (await pull()).text();
  await Deno.remove(path);
  const removed = await pull();

  assertEquals([unchanged, damaged, repaired], ["foo", "bar", "foo"]);
  await expectRefusal(removed, { status: 404, code: "BLOB_UNKNOWN", rule: "PULL-BLOB-08" });
});

Deno.test("PULL-BLOB-01: a blob of no bytes is sent as no bytes", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushBlob("library/hello", "");

  const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);

  assertEquals([pulled.status, pulled.headers.get("Docker-Content-Digest")], [200, digest]);
  assertEquals([pulled.headers.get("Content-Length"), await pulled.text()], ["0", ""]);
});

// Returns the same disk with another way to open files.
function opening(disk: Disk, open: Disk["open"]): Disk {
  return new Proxy(disk, {
    get(target, name) {
      if (name === "open") return open;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

// The garbage collection moves a blob aside, and moves it back if a client has used it meanwhile. So a blob that was
// found can be gone when it is opened.
Deno.test("PULL-BLOB-01 PULL-BLOB-02: a blob that is gone when it is opened, and is back at the next look, is sent whole", async () => {
  using root = new Folder();
  const disk = localDisk(root.path, { durability: "none" });
  let gone = 0;
  const open: Disk["open"] = (file, part) => gone-- > 0 ? undefined : disk.open(file, part);
  const registry = createRegistry({ disk: opening(disk, open) });
  for (const blob of [bytes(DIGITS), randomBytes(300_000)]) {
    const url = `http://localhost/v2/a/blobs/${digestOf(blob)}`;
    const push = `http://localhost/v2/a/blobs/uploads/?digest=${digestOf(blob)}`;
    await registry(new Request(push, { method: "POST", body: blob }));

    gone = 1;
    const whole = await registry(new Request(url));
    gone = 3;
    const part = await registry(new Request(url, { headers: { Range: "bytes=1-" } }));

    assertEquals([whole.status, whole.headers.get("Content-Length")], [200, String(blob.length)]);
    assertEquals(digestOf(await whole.bytes()), digestOf(blob));
    assertEquals([part.status, part.headers.get("Content-Length")], [206, String(blob.length - 1)]);
    assertEquals(digestOf(await part.bytes()), digestOf(blob.slice(1)));
  }
});

Deno.test("PULL-BLOB-01: a blob that is there and can never be opened is a fault of the registry, and no blob without bytes", async () => {
  using root = new Folder();
  const disk = localDisk(root.path, { durability: "none" });
  const registry = createRegistry({ disk: opening(disk, () => undefined) });
  await registry(new Request(`http://localhost/v2/a/blobs/uploads/?digest=${FOO}`, { method: "POST", body: "foo" }));

  const pulled = await registry(new Request(`http://localhost/v2/a/blobs/${FOO}`));
  const parts = await registry(
    new Request(`http://localhost/v2/a/blobs/${FOO}`, { headers: { Range: "bytes=0-0,2-2" } }),
  );

  assertEquals([pulled.status, (await pulled.json()).errors[0].code], [500, "UNKNOWN"]);
  assertEquals([parts.status, (await parts.json()).errors[0].code], [500, "UNKNOWN"]);
});

Deno.test("PULL-BLOB-08: a blob that is gone when it is opened, and stays gone, is not found", async () => {
  using root = new Folder();
  const disk = localDisk(root.path, { durability: "none" });
  const open: Disk["open"] = (file, part) => {
    Deno.removeSync(`${root.path}/${file.path}`);
    return disk.open(file, part);
  };
  const registry = createRegistry({ disk: opening(disk, open) });
  await registry(new Request(`http://localhost/v2/a/blobs/uploads/?digest=${FOO}`, { method: "POST", body: "foo" }));

  const pulled = await registry(new Request(`http://localhost/v2/a/blobs/${FOO}`));

  await expectRefusal(pulled, { status: 404, code: "BLOB_UNKNOWN", rule: "PULL-BLOB-08" });
});

Deno.test("PULL-BLOB-02: a blob has no type of its own, whatever its bytes are and whatever the client accepts", async () => {
  await using registry = await startRegistry();
  const config = '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}';

  for (const content of [config, "<html><script>alert(1)</script></html>", "\x1f\x8b\x08"]) {
    const digest = await registry.pushBlob("library/hello", content);
    const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digest}`, {
      headers: { Accept: "text/html" },
    });

    assertEquals([pulled.status, pulled.headers.get("Content-Type")], [200, "application/octet-stream"]);
    assertEquals(await pulled.text(), content);
  }
});

Deno.test("PULL-01: a blob can be pulled before any manifest is there, and without one", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");

  const pulled = await registry.send("GET", `/v2/library/hello/blobs/${FOO}`);

  assertEquals([pulled.status, await pulled.text()], [200, "foo"]);
});

Deno.test("PULL-BLOB-03 PULL-BLOB-04: a blob of sha512 is pulled with that digest", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushBlob("library/hello", "foo", "sha512");

  const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);

  assertEquals([pulled.status, pulled.headers.get("Docker-Content-Digest")], [200, digest]);
  assertEquals(await pulled.text(), "foo");
});

Deno.test("PULL-BLOB-08: a blob is found only under the digest that it was pushed to", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");

  const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digestOf("foo", "sha512")}`);

  await expectRefusal(pulled, { status: 404, code: "BLOB_UNKNOWN", rule: "PULL-BLOB-08" });
});

Deno.test("PULL-BLOB-08: an unknown blob, and one that only another repository holds, are not found", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/other", "foo");
  await registry.pushBlob("library/hello", "bar");

  for (const digest of [digestOf("nothing"), FOO]) {
    const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);

    const [detail] = await expectRefusal(pulled, { status: 404, code: "BLOB_UNKNOWN", rule: "PULL-BLOB-08" });
    assertEquals([detail.expected, detail.actual], ["a blob in library/hello", `none for ${digest}`]);
  }
});

Deno.test("PULL-BLOB-08: the digest of a manifest is no blob", async () => {
  await using registry = await startRegistry();
  const { digest } = await registry.pushImage("library/hello");

  const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);

  await expectRefusal(pulled, { status: 404, code: "BLOB_UNKNOWN", rule: "PULL-BLOB-08" });
});

Deno.test("PULL-BLOB-08: a digest of an algorithm that the registry cannot compute is not found", async () => {
  await using registry = await startRegistry();

  for (const digest of [`md5:${"a".repeat(32)}`, `sha384:${"a".repeat(96)}`, `blake3:${"a".repeat(64)}`, "x.y:A_=-z"]) {
    const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);

    await expectRefusal(pulled, { status: 404, code: "BLOB_UNKNOWN", rule: "PULL-BLOB-08" });
  }
});

Deno.test("API-ERR-I04: a malformed digest in the path of a pull is refused with 400", async () => {
  await using registry = await startRegistry();
  const malformed = [
    "foo",
    "sha256:",
    ":abc",
    "sha256:abc",
    FOO.toUpperCase(),
    `sha256:${"A".repeat(64)}`,
    `${FOO}0`,
    `${FOO}:0`,
    `SHA256:${"a".repeat(64)}`,
    "sha256:%20",
  ];

  for (const digest of malformed) {
    const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digest}`);

    await expectRefusal(pulled, { status: 400, code: "DIGEST_INVALID", rule: "API-ERR-I04" });
  }
});

Deno.test("PULL-BLOB-09: a range is answered with 206, the bytes asked for, and the digest of the whole blob", async () => {
  await using registry = await startRegistry();

  const pulled = await pullRange(registry, "bytes=2-5");

  assertEquals([pulled.status, pulled.headers.get("Content-Range")], [206, "bytes 2-5/10"]);
  assertEquals([pulled.headers.get("Content-Length"), await pulled.text()], ["4", "2345"]);
  assertEquals(pulled.headers.get("Docker-Content-Digest"), digestOf(DIGITS));
  assertEquals(pulled.headers.get("ETag"), `"${digestOf(DIGITS)}"`);
});

Deno.test("PULL-BLOB-09: a range may be open, count from the end, or reach over the end", async () => {
  await using registry = await startRegistry();

  const ranges = {
    "bytes=0-0": ["bytes 0-0/10", "0"],
    "bytes=9-9": ["bytes 9-9/10", "9"],
    "bytes=0-9": ["bytes 0-9/10", DIGITS],
    "bytes=0-": ["bytes 0-9/10", DIGITS],
    "bytes=7-": ["bytes 7-9/10", "789"],
    "bytes=8-99": ["bytes 8-9/10", "89"],
    "bytes=8-99999999999999999999999999": ["bytes 8-9/10", "89"],
    "bytes=-3": ["bytes 7-9/10", "789"],
    "bytes=-10": ["bytes 0-9/10", DIGITS],
    "bytes=-99": ["bytes 0-9/10", DIGITS],
    "bytes=00002-05": ["bytes 2-5/10", "2345"],
    // RFC 9110 section 14.1: the names of units are case-insensitive.
    "Bytes=2-5": ["bytes 2-5/10", "2345"],
  };
  for (const [range, [contentRange, text]] of Object.entries(ranges)) {
    const pulled = await pullRange(registry, range);

    assertEquals([pulled.status, pulled.headers.get("Content-Range")], [206, contentRange], range);
    assertEquals([pulled.headers.get("Content-Length"), await pulled.text()], [String(text.length), text]);
  }
});

Deno.test("PULL-BLOB-09: a range that is invalid, or has no byte of the blob, is refused with 416 and the size", async () => {
  await using registry = await startRegistry();

  const ranges = [
    "bytes=10-",
    "bytes=10-12",
    "bytes=99999999999999999999999999-",
    "bytes=5-2",
    "bytes=-0",
    "bytes=",
    "bytes=-",
    "bytes=3",
    "bytes=a-b",
    "bytes=--1",
    "bytes=0x1-2",
  ];
  for (const range of ranges) {
    const refused = await pullRange(registry, range);

    assertEquals(refused.headers.get("Content-Range"), "bytes */10", range);
    const [detail] = await expectRefusal(refused, { status: 416, code: "SIZE_INVALID", rule: "PULL-BLOB-09" });
    assertEquals(detail.actual, range);
  }
});

Deno.test("PULL-BLOB-09: a blob of no bytes has no range that could be sent", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushBlob("library/hello", "");

  const refused = await registry.send("GET", `/v2/library/hello/blobs/${digest}`, { headers: { Range: "bytes=0-" } });

  assertEquals(refused.headers.get("Content-Range"), "bytes */0");
  await expectRefusal(refused, { status: 416, code: "SIZE_INVALID", rule: "PULL-BLOB-09" });
});

// RFC 9110 section 14.2: a server may ignore the header, and must ignore it if it does not know the unit.
Deno.test("PULL-BLOB-09: a range in another unit is answered with the whole blob", async () => {
  await using registry = await startRegistry();

  for (const range of ["pages=1-2", "pages=0-1,8-9", "bytes 2-5", "nonsense", ""]) {
    await expectWhole(await pullRange(registry, range));
  }
});

// RFC 9110 section 14.6.
Deno.test("PULL-BLOB-09: several ranges are answered with 206, and each is a part of the body", async () => {
  await using registry = await startRegistry();

  const answers = {
    "bytes=0-1,8-9": [["bytes 0-1/10", "01"], ["bytes 8-9/10", "89"]],
    "bytes=-1, 0-0": [["bytes 9-9/10", "9"], ["bytes 0-0/10", "0"]],
    "bytes=0-3,4-5": [["bytes 0-3/10", "0123"], ["bytes 4-5/10", "45"]],
    // Ranges that overlap are one part. Ranges that the blob does not have are left out.
    "bytes=7-8,0-1,1-3,20-30": [["bytes 7-8/10", "78"], ["bytes 0-3/10", "0123"]],
  };
  for (const [range, parts] of Object.entries(answers)) {
    const pulled = await pullRange(registry, range);

    const boundary = boundaryOf(pulled);
    const body = parts.map(([contentRange, text]) =>
      `--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: ${contentRange}\r\n\r\n${text}\r\n`
    ).join("") + `--${boundary}--\r\n`;
    assertEquals(Object.fromEntries(pulled.headers), {
      "accept-ranges": "bytes",
      "content-length": String(body.length),
      "content-type": `multipart/byteranges; boundary=${boundary}`,
      "docker-content-digest": digestOf(DIGITS),
      "etag": `"${digestOf(DIGITS)}"`,
      "x-content-type-options": "nosniff",
    });
    assertEquals([pulled.status, await pulled.text()], [206, body], range);
  }
});

// The disk reads a part of at most 128 KiB at once, and streams a longer one.
Deno.test("PULL-BLOB-09: parts of any length are exactly the bytes of their ranges", async () => {
  await using registry = await startRegistry();
  const blob = randomBytes(3 * 1024 * 1024);
  const digest = await registry.pushBlob("library/hello", blob);
  const ranges = [[0, 0], [1_500_000, 3_000_000], [100, 131_171], [200_000, 331_072], [3 * 1024 * 1024 - 1, 3_145_727]];

  const pulled = await registry.send("GET", `/v2/library/hello/blobs/${digest}`, {
    headers: { Range: `bytes=${ranges.map(([first, last]) => `${first}-${last}`)}` },
  });

  const boundary = boundaryOf(pulled);
  const body = await new Blob([
    ...ranges.flatMap(([first, last]) => [
      `--${boundary}\r\nContent-Type: application/octet-stream\r\n`,
      `Content-Range: bytes ${first}-${last}/${blob.length}\r\n\r\n`,
      blob.subarray(first, last + 1),
      "\r\n",
    ]),
    `--${boundary}--\r\n`,
  ]).bytes();
  assertEquals([pulled.status, pulled.headers.get("Content-Length")], [206, String(body.length)]);
  assertEquals(digestOf(await pulled.bytes()), digestOf(body));
});

// On the wire, Deno sends the disk's streams itself, and the registry does not.
Deno.test("PULL-BLOB-09: on the wire, several ranges have the length and the bytes that the headers say", async () => {
  using root = new Folder();
  await using server = listen(createRegistry({ disk: localDisk(root.path, { sharesBytes: true }) }));
  const blob = randomBytes(3 * 1024 * 1024);
  const digest = digestOf(blob);
  await (await fetch(`${server.address}/v2/a/blobs/uploads/?digest=${digest}`, { method: "POST", body: blob })).body
    ?.cancel();

  const pulled = await fetch(`${server.address}/v2/a/blobs/${digest}`, {
    headers: { Range: "bytes=5-9,1000000-3000000" },
  });

  const body = await pulled.bytes();
  assertEquals([pulled.status, pulled.headers.get("Content-Length")], [206, String(body.length)]);
  assertEquals(partsOf(pulled, body).map((part) => digestOf(part)), [
    digestOf(blob.slice(5, 10)),
    digestOf(blob.slice(1_000_000, 3_000_001)),
  ]);
});

// RFC 9110 section 15.3.7.2: an answer with one range is never a multipart one.
Deno.test("PULL-BLOB-09: if one of several ranges is left, the answer is that of one range", async () => {
  await using registry = await startRegistry();

  for (const range of ["bytes=2-5,20-30", "bytes=2-3,3-5", "bytes=,2-5,", "bytes=-0,2-5", "bytes=2-5,2-5"]) {
    const pulled = await pullRange(registry, range);

    assertEquals([pulled.status, pulled.headers.get("Content-Range")], [206, "bytes 2-5/10"], range);
    assertEquals([pulled.headers.get("Content-Length"), await pulled.text()], ["4", "2345"]);
    assertEquals(pulled.headers.get("Content-Type"), "application/octet-stream");
  }
});

Deno.test("PULL-BLOB-09: of several ranges, an invalid one, or no byte in any of them, is refused with 416 and the size", async () => {
  await using registry = await startRegistry();

  for (const range of ["bytes=10-,20-30", "bytes=0-1,5-2", "bytes=0-1,x", "bytes=,", "bytes=-0,-0"]) {
    const refused = await pullRange(registry, range);

    assertEquals(refused.headers.get("Content-Range"), "bytes */10", range);
    await expectRefusal(refused, { status: 416, code: "SIZE_INVALID", rule: "PULL-BLOB-09" });
  }
});

// RFC 9110 section 17.15: many small ranges are either a mistake or an attack.
Deno.test("PULL-BLOB-09: more than 100 ranges are answered with the whole blob, and 100 with 100 parts", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushBlob("library/hello", "0123456789".repeat(21));
  const pull = (count: number) => {
    const ranges = Array.from({ length: count }, (_, index) => `${2 * index}-${2 * index}`);
    return registry.send("GET", `/v2/library/hello/blobs/${digest}`, { headers: { Range: `bytes=${ranges}` } });
  };

  const [hundred, more] = [await pull(100), await pull(101)];

  assertEquals(await textsOf(hundred), [..."02468".repeat(20)]);
  assertEquals([more.status, more.headers.get("Content-Range"), more.headers.get("Content-Length")], [
    200,
    null,
    "210",
  ]);
  assertEquals(await more.text(), "0123456789".repeat(21));
});

// RFC 9110 section 14.2: a Range means something on GET only.
Deno.test("PULL-BLOB-09 PULL-HEAD-03: HEAD with several ranges answers 200 and the whole size", async () => {
  await using registry = await startRegistry();
  const digest = await registry.pushBlob("library/hello", DIGITS);

  const asked = await registry.send("HEAD", `/v2/library/hello/blobs/${digest}`, {
    headers: { Range: "bytes=0-1,8-9" },
  });

  assertEquals([asked.status, asked.headers.get("Content-Length"), await asked.text()], [200, "10", ""]);
  assertEquals([asked.headers.get("Content-Type"), asked.headers.get("Content-Range")], [
    "application/octet-stream",
    null,
  ]);
});

Deno.test("PULL-BLOB-09: of several ranges too, none is sent if If-Range names another blob, or If-None-Match this one", async () => {
  await using registry = await startRegistry();
  const [same, other] = [`"${digestOf(DIGITS)}"`, `"${FOO}"`];

  const goesOn = await pullRange(registry, "bytes=0-1,8-9", { "If-Range": same });
  const anew = await pullRange(registry, "bytes=0-1,8-9", { "If-Range": other });
  const known = await pullRange(registry, "bytes=0-1,8-9", { "If-None-Match": same });
  const unknown = await pullRange(registry, "bytes=0-1,8-9", { "If-None-Match": other });

  for (const pulled of [goesOn, unknown]) {
    assertEquals([pulled.status, await textsOf(pulled)], [206, ["01", "89"]]);
  }
  await expectWhole(anew);
  assertEquals([known.status, known.headers.get("ETag"), await known.text()], [304, same, ""]);
});

Deno.test("PULL-BLOB-09: If-Range lets a download go on if the blob is still the same", async () => {
  await using registry = await startRegistry();

  const pulled = await pullRange(registry, "bytes=5-", { "If-Range": `"${digestOf(DIGITS)}"` });

  assertEquals([pulled.status, pulled.headers.get("Content-Range"), await pulled.text()], [
    206,
    "bytes 5-9/10",
    "56789",
  ]);
});

// RFC 9110 section 13.1.5: the comparison is strong. The registry gives no dates, so no date can match.
Deno.test("PULL-BLOB-09: If-Range with anything else starts the download anew, even for an impossible range", async () => {
  await using registry = await startRegistry();
  const digest = digestOf(DIGITS);

  for (const condition of [`"${FOO}"`, `W/"${digest}"`, digest, "Sat, 29 Oct 1994 19:43:31 GMT", "*"]) {
    for (const range of ["bytes=5-", "bytes=10-"]) {
      await expectWhole(await pullRange(registry, range, { "If-Range": condition }));
    }
  }
});

Deno.test("PULL-BLOB-09: a blob says that it can be pulled in ranges", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");

  for (const method of ["GET", "HEAD"]) {
    const pulled = await registry.send(method, `/v2/library/hello/blobs/${FOO}`);

    assertEquals([pulled.status, pulled.headers.get("Accept-Ranges")], [200, "bytes"]);
  }
});

Deno.test("API-01: a blob that the client has already, as If-None-Match says, is answered with 304, range or not", async () => {
  await using registry = await startRegistry();

  for (const condition of [`"${digestOf(DIGITS)}"`, "*", `W/"${digestOf(DIGITS)}"`, `"x", "${digestOf(DIGITS)}"`]) {
    for (const range of ["bytes=2-5", "bytes=99-", "pages=1"]) {
      const pulled = await pullRange(registry, range, { "If-None-Match": condition });

      assertEquals([pulled.status, await pulled.text()], [304, ""]);
      assertEquals([pulled.headers.get("ETag"), pulled.headers.get("Content-Range")], [`"${digestOf(DIGITS)}"`, null]);
    }
  }
});

Deno.test("API-01: a blob is sent if If-Match names it, and only then", async () => {
  await using registry = await startRegistry();

  const same = await pullRange(registry, "bytes=2-5", { "If-Match": `"${digestOf(DIGITS)}"` });
  const other = await pullRange(registry, "bytes=2-5", { "If-Match": `"${FOO}"` });

  assertEquals([same.status, await same.text()], [206, "2345"]);
  await expectRefusal(other, { status: 412, code: "DENIED", rule: "PUSH-SUBJECT-13" });
});

Deno.test("API-02 API-I01: no pull is redirected, so the status of the spec is the one that the client sees", async () => {
  await using registry = await startRegistry();
  await registry.pushBlob("library/hello", "foo");

  const pulled = await registry.send("GET", `/v2/library/hello/blobs/${FOO}`);

  assertEquals([pulled.status, pulled.headers.get("Location")], [200, null]);
});

Deno.test("PROXY-07 PROXY-08: ns is ignored, and not repeated in OCI-Namespace", async () => {
  await using registry = await startRegistry();
  const { digest, layer } = await registry.pushImage("library/hello", { tag: "latest" });
  const paths = [
    `/v2/library/hello/blobs/${layer}`,
    `/v2/library/hello/manifests/latest`,
    `/v2/library/hello/manifests/${digest}`,
    `/v2/library/hello/tags/list`,
    `/v2/library/hello/referrers/${digest}`,
    `/v2/library/hello/manifests/unknown`,
  ];

  for (const path of paths) {
    for (const method of ["GET", "HEAD"]) {
      const plain = await registry.send(method, path);
      const body = await plain.text();
      for (const ns of ["docker.io", "", "http://169.254.169.254/", "a&ns=b"]) {
        const asked = await registry.send(method, `${path}?ns=${ns}`);

        assertEquals([asked.status, await asked.text()], [plain.status, body]);
        assertEquals([...asked.headers], [...plain.headers]);
        assertEquals(asked.headers.has("OCI-Namespace"), false);
      }
    }
  }
});
