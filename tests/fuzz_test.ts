/**
 * The fuzz test sends thousands of requests, most of them a little wrong. The spec allows each answer, and in the end
 * the folder holds everything that was acknowledged and nothing else.
 *
 *     FUZZ_SEED=7 FUZZ_COUNT=100000 deno test … --allow-env=FUZZ_SEED,FUZZ_COUNT tests/fuzz_test.ts
 *
 * The same seed sends the same requests. A failure names its seed, and the number of requests that reproduce it.
 */

import type { Disk } from "../src/disk/disk.ts";
import { localDisk } from "../src/disk/local_disk.ts";
import { memoryDisk } from "../src/disk/memory_disk.ts";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { ERROR_CODES } from "../src/api/error_codes.ts";
import { verify } from "../src/housekeeping/verify.ts";
import { createRegistry } from "../src/registry.ts";
import { digestOf, filesOf } from "./fixture.ts";
import { Folder } from "./folder.ts";
import { allowedStatuses } from "./fuzz/allowed.ts";
import { type Answer, factOf, Model, type Sent } from "./fuzz/model.ts";
import { Random } from "./fuzz/random.ts";
import { mutate, type Parts, urlOf, validRequest } from "./fuzz/requests.ts";

const SEED = setting("FUZZ_SEED", 967);
const COUNT = setting("FUZZ_COUNT", 3000);

// Without the permission to read the variable, the default counts, and Deno does not ask for the permission.
function setting(variable: string, usual: number): number {
  const isReadable = Deno.permissions.querySync({ name: "env", variable }).state === "granted";
  return Number((isReadable && Deno.env.get(variable)) || usual);
}

const WHAT =
  `of ${COUNT} mutated requests each gets an answer that the spec allows, and only what was acknowledged is kept`;

Deno.test(WHAT, async () => {
  using folder = new Folder();
  await fuzz(localDisk(folder.path, { durability: "none" }));
});

Deno.test(`in memory, ${WHAT}`, () => fuzz(memoryDisk()));

async function fuzz(disk: Disk): Promise<void> {
  const registry = createRegistry({ disk });
  const random = new Random(SEED);
  const model = new Model();

  for (let number = 1; number <= COUNT; number++) {
    const parts = validRequest(random, model);
    // A third of the requests stays valid, so that there is content to pull, to move and to delete.
    for (let mutations = random.below(3); mutations > 0; mutations--) mutate(parts, random);
    const [sent, answer] = await send(registry, parts);
    try {
      expectAllowed(sent, answer);
      model.learn(sent, answer);
    } catch (error) {
      const text = new TextDecoder();
      throw new Error(
        `FUZZ_SEED=${SEED} FUZZ_COUNT=${number}: ${sent.method} ${sent.url}\n${JSON.stringify([...sent.headers])}\n` +
          `${text.decode(sent.body).slice(0, 2000)}\n\n${answer.status} ${text.decode(answer.body).slice(0, 2000)}`,
        { cause: error },
      );
    }
  }

  const hint = `FUZZ_SEED=${SEED} FUZZ_COUNT=${COUNT}`;
  // A fuzz test whose requests are all refused shows nothing.
  for (const known of [model.blobs, model.manifests, model.tags, model.sessions, model.deleted]) {
    assertNotEquals(known.size, 0, hint);
  }
  await expectKept(disk, model, hint);
  await expectNoFault(disk, model, hint);
}

async function send(registry: (request: Request) => Promise<Response>, parts: Parts): Promise<[Sent, Answer]> {
  const { method, headers, isStreamed } = parts;
  const body = method === "GET" || method === "HEAD" ? undefined : parts.body;
  const request = new Request("http://localhost/", {
    method,
    headers: isStreamed || body === undefined ? headers : { "Content-Length": String(body.length), ...headers },
    body: body !== undefined && isStreamed ? ReadableStream.from(cut(body)) : body,
  });
  // `Request` would normalize its URL. Nobody normalizes a URL that comes over the wire.
  const url = urlOf(parts);
  Object.defineProperty(request, "url", { value: `http://localhost${url}` });
  const response = await registry(request);
  return [
    { method: request.method, url, headers: request.headers, body: body ?? new Uint8Array() },
    { status: response.status, headers: response.headers, body: await response.bytes() },
  ];
}

function* cut(body: Uint8Array<ArrayBuffer>): Iterable<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < body.length; at += 65_536) yield body.slice(at, at + 65_536);
}

function expectAllowed({ method, url, headers: sent }: Sent, { status, headers, body }: Answer): void {
  // RFC 9112 section 3.2: the URL has the host "localhost", and another `Host` is none or a wrong one.
  const allowed = (sent.get("Host") ?? "localhost") === "localhost" ? allowedStatuses(method, url) : [400];
  assert(allowed.includes(status), `${status} is none of ${allowed.join(", ")}`);
  if (method === "HEAD") assertEquals(body.length, 0);
  else if (status >= 400) expectErrors(headers, body);
  if (status === 405) assert(headers.has("Allow"), "405 without Allow");
  if (status === 201) assert(headers.has("Location"), "201 without Location");
  if (status === 202 && method !== "DELETE") {
    assert(headers.has("Location") && headers.has("Range"), "202 without Range");
  }
  // PULL-MANIFEST-11, PULL-BLOB-02: the bytes in an answer have the digest under which they were asked for.
  const digest = headers.get("Docker-Content-Digest");
  if (status === 200 && method === "GET" && digest !== null) {
    assertEquals(digestOf(body, digest.split(":")[0]), digest);
  }
}

// API-ERR-02, API-ERR-03, API-ERR-09.
function expectErrors(headers: Headers, body: Uint8Array): void {
  assertEquals(headers.get("Content-Type"), "application/json");
  const { errors, ...rest } = JSON.parse(new TextDecoder().decode(body));
  assertEquals(rest, {});
  assert(Array.isArray(errors) && errors.length > 0);
  for (const { code, message, detail, ...more } of errors) {
    assert(Object.hasOwn(ERROR_CODES, code), code);
    assertEquals([typeof message, typeof detail, more], ["string", "object", {}]);
  }
}

async function expectKept(disk: Disk, model: Model, hint: string): Promise<void> {
  const files = filesOf(disk).filter((path) => !path.startsWith(".locks/"));
  const bytesOf = (path: string) => new Response(disk.open(disk.look(path)!)).bytes();
  const facts = await Promise.all(files.map(async (path) => factOf(path, await bytesOf(path))));
  assertEquals(facts.sort(), model.facts(), hint);
}

// A manifest may lack content that a client has deleted: the client has named exactly that content.
async function expectNoFault(disk: Disk, model: Model, hint: string): Promise<void> {
  for await (const { kind, path, text } of verify(disk)) {
    if (kind === "note") continue;
    const name = path.split("/").slice(0, -2).join("/");
    const needed = /^needs (\S+) /.exec(text)?.[1];
    assert(model.deleted.has(`${name} ${needed}`), `${hint}: ${path} ${text}`);
  }
}
