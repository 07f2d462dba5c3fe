/**
 * Probes: for each rule of the spec that a registry can break visibly, a few requests that show whether it does.
 *
 *     "PUSH-CHUNK-13": async ({ plain, bent, name }) => {
 *       const session = await openSession(plain, name);                   arranged with a registry that keeps all rules
 *       const chunk = await bent.patch(session, "abc", { range: "5-7" }); asked with the registry that may break one
 *       see(chunk.status === 416);
 *     },
 *
 * Both registries have the same disk. So a probe arranges with one, and asks the other only about its own rule. If it cannot ask,
 * because something before the question went wrong, it has not seen the rule broken, and throws `NotSeen`. That is what lets a
 * test say that a bug breaks just these rules.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Registry } from "../../../src/registry.ts";
import type { Rule } from "../../../src/spec/headings.ts";
import { heldBody, TYPES } from "../../fixture.ts";

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** True if the body broke off. */
  readonly isBroken: boolean;
  // deno-lint-ignore no-explicit-any
  json(): any;
}

/** What is sent besides a method and a path. */
export interface Sending {
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** A client: it follows redirects, tries again after 429 and 5xx, and notes what it has got. */
export class Client {
  /** What it has sent and got, without what is different each time. */
  readonly log: string[] = [];
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  async send(method: string, path: string, sending: Sending = {}): Promise<Answer> {
    for (let tries = 1;; tries++) {
      const answer = await this.#once(method, path, sending);
      const location = answer.headers.get("Location");
      if (answer.status === 307 && location !== null) path = pathOf(location);
      else if (tries === 3 || (answer.status !== 429 && answer.status < 500)) return answer;
      else if (sending.body instanceof ReadableStream) throw new NotSeen();
    }
  }

  async #once(method: string, path: string, { headers = {}, body }: Sending): Promise<Answer> {
    const isKnown = typeof body === "string" || body instanceof Uint8Array;
    const length = isKnown ? { "Content-Length": String(bytesOf(body).length) } : undefined;
    const request = new Request(`http://localhost${path}`, { method, body, headers: { ...length, ...headers } });
    const response = await this.#registry(request);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let isBroken = false;
    try {
      for await (const piece of response.body ?? []) pieces.push(piece);
    } catch {
      isBroken = true;
    }
    const bytes = await new Blob(pieces).bytes();
    // On the wire, a server ends the connection if this many bytes do not come.
    const announced = Number(response.headers.get("Content-Length") ?? 0);
    if (method !== "HEAD" && bytes.length < announced) isBroken = true;
    const text = new TextDecoder().decode(bytes);
    const shown = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    this.log.push(withoutChance(`${method} ${path} ${response.status}\n${shown}\n${isBroken}\n${hexOf(bytes)}`));
    return { status: response.status, headers: response.headers, bytes, text, isBroken, json: () => JSON.parse(text) };
  }

  get(path: string, headers?: Record<string, string>): Promise<Answer> {
    return this.send("GET", path, { headers });
  }

  head(path: string): Promise<Answer> {
    return this.send("HEAD", path);
  }

  post(path: string, body?: Sending["body"], headers?: Record<string, string>): Promise<Answer> {
    return this.send("POST", path, { body, headers });
  }

  patch(path: string, body: string, range?: string): Promise<Answer> {
    return this.send("PATCH", path, { body, headers: range === undefined ? {} : { "Content-Range": range } });
  }

  /** Closes an upload session with the digest of some content. */
  close(session: string, digest: string, body = "", range?: string): Promise<Answer> {
    const path = `${session}${session.includes("?") ? "&" : "?"}digest=${digest}`;
    return this.send("PUT", path, { body, headers: range === undefined ? {} : { "Content-Range": range } });
  }

  put(name: string, reference: string, body: string, type: string = TYPES.index): Promise<Answer> {
    return this.send("PUT", `/v2/${name}/manifests/${reference}`, { body, headers: { "Content-Type": type } });
  }

  delete(path: string): Promise<Answer> {
    return this.send("DELETE", path);
  }
}

// A session has a new UUID each time. Nothing else is left to chance.
function withoutChance(text: string): string {
  return text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UUID");
}

function hexOf(bytes: Uint8Array): string {
  const text = new TextDecoder("latin1").decode(bytes);
  return text.length > 300 ? digestOf(bytes) : text;
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new TextEncoder().encode(text) : text;
}

/** What a probe works with. */
export interface World {
  /** The registry that keeps all rules. */
  readonly plain: Client;
  /** The registry that may break one. */
  readonly bent: Client;
  /** A repository that nobody else uses. */
  readonly name: string;
}

/** Thrown if a probe has seen a rule broken. */
export class Broken extends Error {}

/** Thrown if a probe could not look. */
export class NotSeen extends Error {}

function see(isKept: boolean, what = ""): void {
  if (!isKept) throw new Broken(what);
}

function unless(isImpossible: boolean): void {
  if (isImpossible) throw new NotSeen();
}

export function digestOf(content: string | Uint8Array, algorithm = "sha256"): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest("hex")}`;
}

function pathOf(location: string, base = "http://localhost/"): string {
  const { pathname, search } = new URL(location, new URL(base, "http://localhost"));
  return pathname + search;
}

async function openSession(client: Client, name: string): Promise<string> {
  const path = `/v2/${name}/blobs/uploads/`;
  const answer = await client.post(path);
  unless(answer.status !== 202 || !answer.headers.has("Location"));
  return pathOf(answer.headers.get("Location")!, path);
}

async function pushBlob(client: Client, name: string, content: string): Promise<string> {
  const digest = digestOf(content);
  const answer = await client.post(`/v2/${name}/blobs/uploads/?digest=${digest}`, content);
  unless(answer.status !== 201);
  return `/v2/${name}/blobs/${digest}`;
}

// An index without manifests needs no blobs. The blanks are a part of its bytes.
const INDEX = `{ "schemaVersion": 2, "mediaType": "${TYPES.index}",  "manifests": [] }`;

function indexWith(more: object): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [], ...more }, null, 1);
}

const LARGE = indexWith({ annotations: { large: "x".repeat(3_999_000) } });

async function pushIndex(client: Client, name: string, tag: string, index = INDEX): Promise<string> {
  const answer = await client.put(name, tag, index);
  unless(answer.status !== 201);
  return `/v2/${name}/manifests/${digestOf(index)}`;
}

async function pushTags(client: Client, name: string, ...tags: string[]): Promise<void> {
  for (const tag of tags) await pushIndex(client, name, tag);
}

function imageOf(config: string, layer: string, more: object = {}): string {
  const size = (content: string) => bytesOf(content).length;
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: { mediaType: TYPES.config, digest: digestOf(config), size: size(config) },
    layers: [{ mediaType: TYPES.layer, digest: digestOf(layer), size: size(layer) }],
    ...more,
  });
}

async function pushImage(client: Client, name: string, reference: string, more: object = {}): Promise<string> {
  await pushBlob(client, name, "{}");
  await pushBlob(client, name, "layer");
  const image = imageOf("{}", "layer", more);
  const answer = await client.put(name, reference, image, TYPES.image);
  unless(answer.status !== 201);
  return digestOf(image);
}

function codesOf(answer: Answer): string[] {
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  unless(!isJson);
  const { errors } = answer.json();
  unless(!Array.isArray(errors));
  return errors.map(({ code }: { code: string }) => code);
}

function seeCode(answer: Answer, code: string, status = answer.status): void {
  see(answer.status === status && codesOf(answer).includes(code), `${answer.status} ${answer.text}`);
}

const SUBJECT = { mediaType: TYPES.index, digest: digestOf("subject"), size: 7 };
const REFERRERS = (name: string, digest = SUBJECT.digest) => `/v2/${name}/referrers/${digest}`;
const UNKNOWN = digestOf("nobody has pushed this");
const isRefused = ({ status }: Answer) => status >= 400 && status < 500;
const isOff = ({ status }: Answer) => status === 400 || status === 405;

async function tagsOf(client: Client, name: string, query = ""): Promise<string[]> {
  const answer = await client.get(`/v2/${name}/tags/list${query}`);
  unless(answer.status !== 200);
  return answer.json().tags;
}

async function referrersOf(client: Client, path: string): Promise<Record<string, unknown>[]> {
  const answer = await client.get(path);
  unless(answer.status !== 200);
  return answer.json().manifests;
}

function isSorted(tags: readonly string[]): boolean {
  return tags.toString() === tags.toSorted().toString();
}

// A client that has got the wrong bytes asks once more, because a network may have changed them.
async function contentAt(client: Client, path: string): Promise<string> {
  const first = await client.get(path);
  const second = await client.get(path);
  unless(second.status !== 200 || second.isBroken);
  return first.text === second.text ? first.text : second.text;
}

// Pushes a blob, and holds the last bytes back until an action has run.
async function whilePushing(
  client: Client,
  path: string,
  method: string,
  type: string,
  text: string,
  action: () => Promise<void>,
) {
  const held = heldBody(text.slice(0, 3), text.slice(3));
  const pushed = client.send(method, path, { body: held.body, headers: { "Content-Type": type } });
  await Promise.race([held.reached, pushed]);
  try {
    await action();
  } finally {
    held.release();
    await pushed;
  }
}

/** Returns true if a registry offers pushes at all. If it does not, no rule about them is broken. */
export async function offersPush(client: Client, name: string): Promise<boolean> {
  return (await client.post(`/v2/${name}/blobs/uploads/`)).status !== 405;
}

/** The probes. The rules that are not here cannot be seen at one registry, are about clients, or repeat others. */
export const PROBES: Partial<Record<Rule, (world: World) => Promise<void>>> = {
  "REQ-02": async ({ bent, name }) => see(await offersPush(bent, name)),
  "PULL-MANIFEST-02": async ({ bent, name }) => {
    see(isRefused(await bent.put(name, "a+b", INDEX)) && isRefused(await bent.get(`/v2/${name}/manifests/a+b`)));
    see(isRefused(await bent.put(name, "sha256:zz", INDEX)));
  },
  "PULL-MANIFEST-03": async ({ plain, bent, name }) => {
    await pushIndex(plain, `${name}/a__b/c---d.e`, "t");
    see((await bent.get(`/v2/${name}/a__b/c---d.e/manifests/t`)).status === 200);
    for (const bad of ["UPPER/x", `${name}/a..b`]) see(isRefused(await bent.post(`/v2/${bad}/blobs/uploads/`)));
  },
  "PULL-MANIFEST-04": async ({ plain, bent, name }) => {
    await pushIndex(plain, name, "t".repeat(128));
    see((await bent.get(`/v2/${name}/manifests/${"t".repeat(128)}`)).status === 200);
    see(isRefused(await bent.put(name, "t".repeat(129), INDEX)));
  },
  "PULL-MANIFEST-05": async ({ plain, bent, name }) => {
    for (const tag of ["_x", "V1.0-a"]) {
      await pushIndex(plain, name, tag);
      see((await bent.get(`/v2/${name}/manifests/${tag}`)).status === 200, tag);
    }
    see(isRefused(await bent.put(name, ".x", INDEX)));
  },
  "PULL-MANIFEST-07": async ({ plain, bent, name }) => {
    const path = await pushIndex(plain, name, "t");
    for (const answer of [await bent.get(path), await bent.head(path)]) {
      see(!(answer.headers.get("Content-Type") ?? "").includes(";"));
    }
  },
  "PULL-MANIFEST-09": async ({ plain, bent, name }) => {
    const path = await pushIndex(plain, name, "t");
    const answer = await bent.get(path);
    unless(answer.status !== 200);
    see(answer.headers.get("Content-Type") === TYPES.index);
  },
  "PULL-MANIFEST-11": async ({ plain, bent, name }) => {
    const path = await pushIndex(plain, name, "t");
    for (const at of [path, `/v2/${name}/manifests/t`]) {
      const answer = await bent.get(at);
      unless(answer.status !== 200 || answer.isBroken);
      see(answer.text === INDEX, answer.text);
    }
  },
  "PULL-MANIFEST-12": async ({ plain, bent, name }) => {
    const path = await pushIndex(plain, name, "t");
    see((await bent.get(path)).status === 200);
    await whilePushing(bent, `/v2/${name}/manifests/t`, "PUT", TYPES.index, INDEX, async () => {
      see((await bent.get(`/v2/${name}/manifests/t`)).status === 200, "while the tag moves");
    });
  },
  "PULL-MANIFEST-13": async ({ plain, bent, name }) => {
    const path = await pushIndex(plain, name, "t");
    for (const at of [path, `/v2/${name}/manifests/t`]) {
      const answer = await bent.get(at);
      unless(answer.status !== 200 || answer.isBroken);
      see(answer.headers.get("Docker-Content-Digest") === digestOf(answer.bytes));
    }
  },
  "PULL-MANIFEST-19": async ({ plain, bent, name }) => {
    const path = await pushIndex(plain, name, "t");
    for (const reference of ["unknown", UNKNOWN]) {
      see((await bent.get(`/v2/${name}/manifests/${reference}`)).status === 404);
    }
    see((await bent.get(path.replace(name, `${name}/other`))).status === 404);
  },
  "PULL-MANIFEST-I01": async ({ bent }) => {
    see(isRefused(await bent.post(`/v2/${"n".repeat(256)}/blobs/uploads/`)));
  },
  "PULL-MANIFEST-I02": async ({ plain, bent, name }) => {
    const answer = await bent.get(await pushIndex(plain, name, "t"));
    unless(answer.status !== 200);
    see(answer.headers.has("Content-Type"));
  },
  "PULL-BLOB-01": async ({ plain, bent, name }) => {
    const answer = await bent.get(await pushBlob(plain, name, "0123456789"));
    unless(answer.status !== 200 || answer.isBroken);
    see(answer.text === "0123456789", answer.text);
  },
  "PULL-BLOB-02": async ({ plain, bent, name }) => {
    see((await bent.get(await pushBlob(plain, name, "0123456789"))).status === 200);
  },
  "PULL-BLOB-03": async ({ plain, bent, name }) => {
    const answer = await bent.get(await pushBlob(plain, name, "0123456789"));
    unless(answer.status !== 200);
    see(answer.headers.has("Docker-Content-Digest"));
  },
  "PULL-BLOB-04": async ({ plain, bent, name }) => {
    const answer = await bent.get(await pushBlob(plain, name, "0123456789"));
    const digest = answer.headers.get("Docker-Content-Digest");
    unless(answer.status !== 200 || digest === null || answer.isBroken);
    see(digest === digestOf(answer.bytes));
  },
  "PULL-BLOB-08": async ({ plain, bent, name }) => {
    const manifest = await pushIndex(plain, name, "t");
    const blob = await pushBlob(plain, name, "0123456789");
    const elsewhere = blob.replace(name, `${name}/other`);
    for (const path of [`/v2/${name}/blobs/${UNKNOWN}`, manifest.replace("manifests", "blobs"), elsewhere]) {
      see((await bent.get(path)).status === 404, path);
    }
    const coming = `/v2/${name}/blobs/uploads/?digest=${digestOf("coming")}`;
    await whilePushing(bent, coming, "POST", "application/octet-stream", "coming", async () => {
      see((await bent.get(`/v2/${name}/blobs/${digestOf("coming")}`)).status === 404, "while it arrives");
    });
  },
  "PULL-BLOB-09": async ({ plain, bent, name }) => {
    const path = await pushBlob(plain, name, "0123456789");
    const part = await bent.get(path, { Range: "bytes=2-5" });
    unless(part.isBroken);
    see(part.status === 206 && part.headers.get("Content-Range") === "bytes 2-5/10" && part.bytes.length === 4);
    see((await bent.get(path, { Range: "bytes=20-" })).status === 416);
  },
  "PULL-HEAD-01": async ({ plain, bent, name }) => {
    for (const path of [await pushIndex(plain, name, "t"), await pushBlob(plain, name, "0123456789")]) {
      const answer = await bent.head(path);
      see(answer.status === 200 && answer.bytes.length === 0, path);
    }
  },
  "PULL-HEAD-02": async ({ plain, bent, name }) => {
    for (const path of [await pushIndex(plain, name, "t"), await pushBlob(plain, name, "0123456789")]) {
      const answer = await bent.head(path);
      if (answer.status === 200) see(path.endsWith(answer.headers.get("Docker-Content-Digest") ?? "none"), path);
    }
  },
  "PULL-HEAD-03": async ({ plain, bent, name }) => {
    const sizes: [string, number][] = [
      [await pushIndex(plain, name, "t"), bytesOf(INDEX).length],
      [await pushBlob(plain, name, ""), 0],
    ];
    for (const [path, size] of sizes) {
      const answer = await bent.head(path);
      if (answer.status === 200) see(answer.headers.get("Content-Length") === String(size), path);
    }
  },
  "PULL-HEAD-04": async ({ bent, name }) => {
    for (const kind of ["blobs", "manifests"]) see((await bent.head(`/v2/${name}/${kind}/${UNKNOWN}`)).status === 404);
  },
  "PUSH-01": async ({ bent, name }) => {
    see((await bent.put(name, "t", indexWith({ subject: SUBJECT }))).status === 201);
  },
  "PUSH-03": async ({ bent, name }) => {
    const answer = await bent.put(name, "t", imageOf("missing", "gone"), TYPES.image);
    unless(answer.status === 201);
    seeCode(answer, "MANIFEST_BLOB_UNKNOWN");
  },
  "PUSH-BLOB-01": async ({ plain, bent, name }) => {
    const uploads = `/v2/${name}/blobs/uploads/`;
    for (const digest of ["sha256:zz", `md5:${"0".repeat(32)}`]) {
      see([400, 202].includes((await bent.post(`${uploads}?digest=${digest}`, "x")).status));
      see((await bent.close(await openSession(plain, name), digest, "x")).status === 400);
    }
    see((await bent.post(`${uploads}?digest-algorithm=md5`)).status === 400);
  },
  "PUSH-MONO-01": async ({ bent, name }) => {
    const headers = { "Content-Type": "application/octet-stream" };
    see((await bent.post(`/v2/${name}/blobs/uploads/`, "", headers)).status === 202);
  },
  "PUSH-MONO-02": async ({ bent, name }) => {
    const answer = await bent.post(`/v2/${name}/blobs/uploads/`);
    unless(answer.status !== 202);
    see(answer.headers.has("Location"));
  },
  "PUSH-MONO-03": async ({ bent, name }) => {
    const sessions = [await openSession(bent, name), await openSession(bent, name)];
    see(
      sessions[0] !== sessions[1] && sessions.every((path) => /[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}/.test(path)),
    );
  },
  "PUSH-MONO-09": async ({ plain, bent, name }) => {
    see((await bent.close(await openSession(plain, name), digestOf("0123456789"), "0123456789")).status === 201);
  },
  "PUSH-MONO-10": async ({ plain, bent, name }) => {
    const session = await openSession(plain, name);
    const answer = await bent.close(session, digestOf("0123456789"), "0123456789");
    unless(answer.status !== 201);
    see((await plain.get(pathOf(answer.headers.get("Location") ?? "/", session))).text === "0123456789");
  },
  "PUSH-SINGLE-03": async ({ bent, name }) => {
    const answer = await bent.post(`/v2/${name}/blobs/uploads/?digest=${digestOf("lie")}`, "truth");
    see(answer.status !== 201, "stored");
    see((await bent.get(`/v2/${name}/blobs/${digestOf("lie")}`)).status === 404);
  },
  "PUSH-SINGLE-04": async ({ bent, name }) => {
    const answer = await bent.post(`/v2/${name}/blobs/uploads/?digest=${digestOf("x")}`, "x");
    unless(answer.status !== 202);
    see(answer.headers.has("Location"));
  },
  "PUSH-SINGLE-06": async ({ bent, name }) => {
    const answer = await bent.post(`/v2/${name}/blobs/uploads/?digest=${digestOf("x")}`, "x");
    see([201, 202].includes(answer.status));
  },
  "PUSH-SINGLE-07": async ({ plain, bent, name }) => {
    const answer = await bent.post(`/v2/${name}/blobs/uploads/?digest=${digestOf("x")}`, "x");
    unless(answer.status !== 201);
    const path = pathOf(answer.headers.get("Location") ?? "/", `/v2/${name}/blobs/uploads/`);
    see((await plain.get(path)).text === "x");
  },
  "PUSH-CHUNK-03": async ({ bent, name }) => {
    const answer = await bent.post(`/v2/${name}/blobs/uploads/`);
    const least = answer.headers.get("OCI-Chunk-Min-Length");
    see(least === null || /^\d+$/.test(least));
  },
  "PUSH-CHUNK-09": async ({ bent, name }) => {
    const path = `/v2/${name}/blobs/uploads/`;
    const opened = await bent.post(path);
    unless(opened.status !== 202 || Number(opened.headers.get("OCI-Chunk-Min-Length") ?? 0) > 5);
    const session = pathOf(opened.headers.get("Location")!, path);
    for (const [text, range] of [["01234", "0-4"], ["56789", "5-9"]]) {
      see((await bent.patch(session, text, range)).status === 202, range);
    }
  },
  "PUSH-CHUNK-10": async ({ plain, bent, name }) => {
    const session = await openSession(plain, name);
    for (const [text, range] of [["01234", "0-4"], ["56789", "5-9"]]) {
      const answer = await bent.patch(session, text, range);
      unless(answer.status !== 202);
      see(answer.headers.has("Location") && answer.headers.get("Range") === range.replace("5", "0"));
    }
  },
  "PUSH-CHUNK-13": async ({ plain, bent, name }) => {
    const session = await openSession(plain, name);
    await plain.patch(session, "01234", "0-4");
    for (const range of ["6-10", "3-7", "0-4"]) see((await bent.patch(session, "56789", range)).status === 416);
    see((await plain.get(session)).headers.get("Range") === "0-4");
  },
  "PUSH-CHUNK-19": async ({ plain, bent, name }) => {
    const session = await openSession(plain, name);
    for (const text of ["01234", "56789"]) unless((await bent.patch(session, text)).status !== 202);
    see((await bent.close(session, digestOf("0123456789"))).status === 201);
  },
  "PUSH-CHUNK-20": async ({ plain, bent, name }) => {
    for (const last of ["", "56789"]) {
      const session = await openSession(plain, name);
      const first = "0123456789".slice(0, 10 - last.length);
      await plain.patch(session, first, `0-${first.length - 1}`);
      const answer = await bent.close(session, digestOf("0123456789"), last);
      unless(answer.status !== 201);
      const location = answer.headers.get("Location");
      see(location !== null, "no Location");
      see(await contentAt(bent, pathOf(location!, session)) === "0123456789", "the content");
      await plain.delete(pathOf(location!, session));
    }
  },
  "PUSH-CHUNK-21": async ({ plain, bent, name }) => {
    const session = await openSession(plain, name);
    await plain.patch(session, "01234", "0-4");
    see((await bent.close(session, digestOf("0123456789"), "56789", "6-10")).status === 416);
  },
  "PUSH-CHUNK-22": async ({ plain, bent, name }) => {
    see((await bent.get(await openSession(plain, name))).status === 204);
  },
  "PUSH-CHUNK-23": async ({ plain, bent, name }) => {
    const session = await openSession(plain, name);
    await plain.patch(session, "01234", "0-4");
    const answer = await bent.get(session);
    unless(answer.status !== 204);
    see(answer.headers.has("Location") && answer.headers.get("Range") === "0-4");
  },
  "PUSH-CHUNK-I01": async ({ bent, name }) => {
    const path = `/v2/${name}/blobs/uploads/`;
    const opened = await bent.post(`${path}?digest-algorithm=sha512`);
    unless(opened.status !== 202);
    const answer = await bent.close(pathOf(opened.headers.get("Location")!, path), digestOf("x", "sha512"), "x");
    unless([404, 405].includes(answer.status));
    see(answer.status === 201);
  },
  "PUSH-CHUNK-I04": async ({ plain, bent, name }) => {
    const session = await openSession(plain, name);
    unless((await bent.patch(session, "01234", "0-4")).status !== 202);
    const answer = await bent.patch(session, "56789", "5-9");
    unless(answer.status !== 202);
    see(answer.headers.get("Range") === "0-9");
  },
  "PUSH-CANCEL-01": async ({ plain, bent, name }) => {
    see((await bent.delete(await openSession(plain, name))).status === 204);
  },
  "PUSH-CANCEL-I01": async ({ plain, bent, name }) => {
    const session = await openSession(plain, name);
    await plain.delete(session);
    see((await bent.patch(session, "x")).status === 404);
    see((await bent.close(session, digestOf("x"), "x")).status === 404);
    unless((await bent.get(session)).status !== 404);
  },
  "PUSH-MOUNT-01": async ({ plain, bent, name }) => {
    await pushBlob(plain, name, "x");
    const answer = await bent.post(`/v2/${name}/to/blobs/uploads/?mount=${digestOf("x")}&from=${name}`);
    unless(answer.status === 202 || isOff(answer));
    see(answer.status === 201 && (await plain.get(`/v2/${name}/to/blobs/${digestOf("x")}`)).status === 200);
  },
  "PUSH-MOUNT-02": async ({ plain, bent, name }) => {
    await pushBlob(plain, name, "x");
    const path = `/v2/${name}/to/blobs/uploads/`;
    const answer = await bent.post(`${path}?mount=${digestOf("x")}&from=${name}`);
    unless(answer.status !== 201);
    see((await plain.get(pathOf(answer.headers.get("Location") ?? "/", path))).text === "x");
  },
  "PUSH-MOUNT-08": async ({ bent, name }) => {
    const answer = await bent.post(`/v2/${name}/to/blobs/uploads/?mount=${UNKNOWN}&from=${name}`);
    unless(answer.status === 405);
    see(answer.status === 202);
  },
  "PUSH-MOUNT-I03": async ({ plain, bent, name }) => {
    const path = `/v2/${name}/to/blobs/uploads/`;
    const answer = await bent.post(`${path}?mount=${UNKNOWN}&from=${name}`);
    unless(answer.status !== 202);
    const session = pathOf(answer.headers.get("Location") ?? "/", path);
    see((await plain.close(session, digestOf("x"), "x")).status === 201);
  },
  "PUSH-MANIFEST-03": async ({ plain, bent, name }) => {
    const answer = await bent.put(name, "t", INDEX, `${TYPES.index}; charset=utf-8`);
    unless(answer.status !== 201);
    see((await plain.get(`/v2/${name}/manifests/t`)).headers.get("Content-Type") === TYPES.index);
  },
  "PUSH-MANIFEST-06": async ({ bent, name }) => {
    for (const reference of ["sha256:zz", "-bad"]) see(isRefused(await bent.put(name, reference, INDEX)));
  },
  "PUSH-MANIFEST-09": async ({ bent, name }) => {
    const odd = `{"unknown" : [ ],  "manifests": [], "mediaType":"${TYPES.index}", "schemaVersion": 2}\n \n`;
    unless((await bent.put(name, "t", odd)).status !== 201);
    see(await contentAt(bent, `/v2/${name}/manifests/t`) === odd);
  },
  "PUSH-MANIFEST-10": async ({ plain, bent, name }) => {
    see((await bent.put(name, digestOf(INDEX), INDEX)).status === 201, "by digest");
    await pushBlob(plain, name, "{}");
    await pushBlob(plain, name, "layer");
    see((await bent.put(name, "t", imageOf("{}", "layer"), TYPES.image)).status === 201, "by tag");
  },
  "PUSH-MANIFEST-11": async ({ plain, bent, name }) => {
    const answer = await bent.put(name, "t", INDEX);
    unless(answer.status !== 201);
    const path = pathOf(answer.headers.get("Location") ?? "/", `/v2/${name}/manifests/t`);
    see((await plain.get(path)).text === INDEX);
  },
  "PUSH-MANIFEST-12": async ({ bent, name }) => {
    const index = `${INDEX}\n`;
    for (const reference of ["t", digestOf(index), digestOf(index, "sha512")]) {
      const answer = await bent.put(name, reference, index);
      const wanted = reference === "t" ? digestOf(index) : reference;
      if (answer.status === 201) see(answer.headers.get("Docker-Content-Digest") === wanted, reference);
    }
  },
  "PUSH-MANIFEST-18": async ({ plain, bent, name }) => {
    const path = `/v2/${name}/manifests/${digestOf(INDEX)}?tag=a&tag=b`;
    const answer = await bent.send("PUT", path, { body: INDEX, headers: { "Content-Type": TYPES.index } });
    const tags = answer.headers.get("OCI-Tag");
    unless(answer.status !== 201 || tags === null);
    see(tags?.split(/, */).sort().join() === "a,b" && (await tagsOf(plain, name)).join() === "a,b");
  },
  "PUSH-MANIFEST-20": async ({ bent, name }) => {
    for (const kind of ["manifests", "blobs"]) {
      see((await bent.get(`/v2/${name}/never/${kind}/${UNKNOWN}`)).status === 404);
    }
  },
  "PUSH-MANIFEST-22": async ({ bent, name }) => {
    const headers = { "Content-Type": TYPES.index, "Content-Length": String(100 * 1024 ** 2) };
    const body = ReadableStream.from<Uint8Array<ArrayBuffer>>([]);
    const answer = await bent.send("PUT", `/v2/${name}/manifests/t`, { headers, body });
    unless(isOff(answer));
    see(answer.status === 413);
  },
  "PUSH-MANIFEST-23": async ({ bent, name }) => {
    see((await bent.put(name, "t", LARGE)).status === 201);
  },
  "PUSH-SUBJECT-01": async ({ bent, name }) => {
    const answer = await bent.put(name, "t", indexWith({ subject: SUBJECT }));
    unless(answer.status !== 201);
    see(answer.headers.get("OCI-Subject") === SUBJECT.digest);
    see(!(await bent.put(name, "t", INDEX)).headers.has("OCI-Subject"));
  },
  "DISC-TAGS-01": async ({ plain, bent, name }) => {
    await pushBlob(plain, name, "x");
    see((await bent.get(`/v2/${name}/tags/list`)).status === 200);
  },
  "DISC-TAGS-03": async ({ plain, bent, name }) => {
    await pushTags(plain, name, "B", "a", "C", "b");
    const tags = await tagsOf(bent, name);
    see(isSorted(tags) || isSorted(tags.map((tag) => tag.toLowerCase())));
  },
  "DISC-TAGS-04": async ({ plain, bent, name }) => {
    await pushTags(plain, name, "a");
    const answer = await bent.get(`/v2/${name}/tags/list`);
    unless(answer.status !== 200);
    see(answer.json().name === name && Array.isArray(answer.json().tags));
  },
  "DISC-TAGS-06": async ({ plain, bent, name }) => {
    await pushTags(plain, name, "a", "b", "c", "d");
    const answer = await bent.get(`/v2/${name}/tags/list?n=2`);
    unless(answer.status !== 200 || answer.headers.has("Link") && answer.json().tags.length < 2);
    see(answer.json().tags.length === 2);
  },
  "DISC-TAGS-08": async ({ plain, bent, name }) => {
    await pushTags(plain, name, "a", "b", "c", "d");
    const answer = await bent.get(`/v2/${name}/tags/list?n=2`);
    const link = answer.headers.get("Link");
    unless(link === null);
    const next = /^<([^>]+)>; rel="next"$/.exec(link!);
    see(next !== null && (await plain.get(pathOf(next[1]))).status === 200);
  },
  "DISC-TAGS-09": async ({ plain, bent, name }) => {
    await pushTags(plain, name, "a");
    see((await tagsOf(bent, name, "?n=0")).length === 0);
  },
  "DISC-TAGS-10": async ({ plain, bent, name }) => {
    await pushTags(plain, name, "a");
    see(!(await bent.get(`/v2/${name}/tags/list?n=0`)).headers.has("Link"));
  },
  "DISC-TAGS-11": async ({ plain, bent, name }) => {
    await pushTags(plain, name, "B", "a", "C", "b");
    see(isSorted(await tagsOf(bent, name, "?n=3")));
  },
  "DISC-TAGS-14": async ({ plain, bent, name }) => {
    await pushTags(plain, name, "B", "a", "C", "b");
    see(isSorted(await tagsOf(bent, name, "?last=B")));
  },
  "DISC-TAGS-I01": async ({ plain, bent, name }) => {
    await pushTags(plain, name, "a", "b", "c");
    see((await tagsOf(bent, name, "?n=2"))[0] === "a");
  },
  "DISC-TAGS-I02": async ({ plain, bent, name }) => {
    await pushTags(plain, name, "a", "b", "c", "d");
    see((await tagsOf(bent, name, "?last=b")).every((tag) => tag > "b"));
  },
  "DISC-REFERRERS-01": async ({ plain, bent, name }) => {
    await pushIndex(plain, name, "t");
    see((await bent.get(REFERRERS(name))).status === 200);
  },
  "DISC-REFERRERS-02": async ({ bent, name }) => {
    see((await bent.get(REFERRERS(`${name}/never`))).status !== 404);
  },
  "DISC-REFERRERS-03": async ({ bent, name }) => {
    see((await bent.get(REFERRERS(name, "notadigest"))).status === 400);
  },
  "DISC-REFERRERS-04": async ({ bent, name }) => {
    const answer = await bent.get(REFERRERS(name));
    unless(answer.status !== 200);
    const { schemaVersion, mediaType, manifests } = answer.json();
    see(schemaVersion === 2 && mediaType === TYPES.index && Array.isArray(manifests));
  },
  "DISC-REFERRERS-05": async ({ bent, name }) => {
    const answer = await bent.get(REFERRERS(name));
    unless(answer.status !== 200);
    see(answer.headers.get("Content-Type") === TYPES.index);
  },
  "DISC-REFERRERS-06": async ({ plain, bent, name }) => {
    await pushImage(plain, name, "t", { subject: SUBJECT, artifactType: "a/b" });
    see((await referrersOf(bent, REFERRERS(name))).every(({ artifactType }) => artifactType === "a/b"));
  },
  "DISC-REFERRERS-07": async ({ plain, bent, name }) => {
    await pushImage(plain, name, "t", { subject: SUBJECT });
    see((await referrersOf(bent, REFERRERS(name))).every(({ artifactType }) => artifactType === TYPES.config));
  },
  "DISC-REFERRERS-08": async ({ plain, bent, name }) => {
    await pushIndex(plain, name, "t", indexWith({ subject: SUBJECT }));
    see((await referrersOf(bent, REFERRERS(name))).every((descriptor) => !("artifactType" in descriptor)));
  },
  "DISC-REFERRERS-09": async ({ plain, bent, name }) => {
    await pushIndex(plain, name, "t", indexWith({ subject: SUBJECT, annotations: { a: "b" } }));
    const referrers = await referrersOf(bent, REFERRERS(name));
    see(referrers.every(({ annotations }) => JSON.stringify(annotations) === '{"a":"b"}'));
  },
  "DISC-REFERRERS-10": async ({ bent, name }) => {
    const referrers = await referrersOf(bent, REFERRERS(name));
    see(Array.isArray(referrers) && referrers.length === 0);
  },
  "DISC-REFERRERS-13": async ({ plain, bent, name }) => {
    await pushImage(plain, name, "t", { subject: SUBJECT, artifactType: "a/b" });
    see((await referrersOf(bent, `${REFERRERS(name)}?artifactType=c/d`)).length === 0);
  },
  "DISC-REFERRERS-14": async ({ bent, name }) => {
    const answer = await bent.get(`${REFERRERS(name)}?artifactType=c/d`);
    const plainAnswer = await bent.get(REFERRERS(name));
    unless(answer.status !== 200 || !answer.headers.has("OCI-Filters-Applied"));
    see(answer.headers.get("OCI-Filters-Applied") === "artifactType");
    see(!plainAnswer.headers.has("OCI-Filters-Applied"));
  },
  "DISC-REFERRERS-I02": async ({ plain, bent, name }) => {
    await pushIndex(plain, `${name}/other`, "t", indexWith({ subject: SUBJECT }));
    see((await referrersOf(bent, REFERRERS(name))).length === 0);
  },
  "MGMT-TAG-01": async ({ plain, bent, name }) => {
    await pushIndex(plain, name, "t");
    const answer = await bent.delete(`/v2/${name}/manifests/t`);
    see(answer.status === 202 || isOff(answer));
  },
  "MGMT-TAG-I01": async ({ plain, bent, name }) => {
    await pushIndex(plain, name, "t");
    unless((await bent.delete(`/v2/${name}/manifests/t`)).status !== 202);
    see((await bent.get(`/v2/${name}/manifests/t`)).status === 404);
  },
  "MGMT-MANIFEST-01": async ({ plain, bent, name }) => {
    const answer = await bent.delete(await pushIndex(plain, name, "t"));
    see(answer.status === 202 || isOff(answer));
  },
  "MGMT-MANIFEST-02": async ({ bent, name }) => {
    const answer = await bent.delete(`/v2/${name}/never/manifests/${UNKNOWN}`);
    see(answer.status === 404 || isOff(answer));
  },
  "MGMT-MANIFEST-I01": async ({ plain, bent, name }) => {
    const path = await pushIndex(plain, name, "t");
    unless((await bent.delete(path)).status !== 202);
    for (const at of [path, `/v2/${name}/manifests/t`]) see((await bent.get(at)).status === 404, at);
  },
  "MGMT-BLOB-01": async ({ plain, bent, name }) => {
    const answer = await bent.delete(await pushBlob(plain, name, "x"));
    see(answer.status === 202 || isOff(answer));
  },
  "MGMT-BLOB-02": async ({ plain, bent, name }) => {
    const manifest = await pushIndex(plain, name, "t");
    for (const path of [`/v2/${name}/blobs/${UNKNOWN}`, manifest.replace("manifests", "blobs")]) {
      const answer = await bent.delete(path);
      see(answer.status === 404 || isOff(answer), path);
    }
  },
  "UPGRADE-03": async ({ bent, name }) => {
    const indexes = ["1", "2"].map((n) => indexWith({ subject: SUBJECT, annotations: { n } }));
    const pushes = await Promise.all(indexes.map((index, n) => bent.put(name, `t${n}`, index)));
    unless(pushes.some(({ status }) => status !== 201));
    const answer = await bent.get(REFERRERS(name));
    see(answer.status === 200 && answer.json().manifests.length === 2);
  },
  "API-01": async ({ bent, name }) => {
    const answer = await bent.send("PUT", `/v2/${name}/tags/list`);
    see(answer.status === 405 && answer.headers.has("Allow"));
  },
  "API-SUPPORT-I01": async ({ bent }) => see((await bent.get("/v2/")).status === 200),
  "API-ERR-02": async ({ bent, name }) => {
    const answer = await bent.get(`/v2/${name}/manifests/unknown`);
    unless(!answer.headers.get("Content-Type")?.startsWith("application/json"));
    see(Array.isArray(answer.json().errors));
  },
  "API-ERR-03": async ({ bent, name }) => {
    const codes = codesOf(await bent.get(`/v2/${name}/manifests/unknown`));
    see(codes.every((code) => /^[A-Z_]+$/.test(code)));
  },
  "API-ERR-09": async ({ bent, name }) => {
    for (const path of [`/v2/${name}/manifests/unknown`, `/v2/${name}/blobs/${UNKNOWN}`]) {
      const codes = codesOf(await bent.get(path));
      see(!codes.includes("UNKNOWN"));
    }
  },
  "API-ERR-I01": async ({ bent, name }) => seeCode(await bent.get(`/v2/${name}/blobs/${UNKNOWN}`), "BLOB_UNKNOWN"),
  "API-ERR-I03": async ({ plain, bent, name }) => {
    const session = await openSession(plain, name);
    await plain.delete(session);
    for (const answer of [await bent.patch(session, "x", "0-0"), await bent.close(session, digestOf("x"), "x")]) {
      unless(isOff(answer));
      see(answer.status >= 400 && answer.status < 500, String(answer.status));
      seeCode(answer, "BLOB_UPLOAD_UNKNOWN");
    }
  },
  "API-ERR-I04": async ({ plain, bent, name }) => {
    const answer = await bent.close(await openSession(plain, name), digestOf("lie"), "truth");
    unless([404, 405].includes(answer.status));
    see(answer.status === 400);
    seeCode(answer, "DIGEST_INVALID");
  },
  "API-ERR-I05": async ({ bent, name }) => {
    const answer = await bent.put(name, "t", imageOf("missing", "gone"), TYPES.image);
    unless(answer.status === 201 || answer.status === 405);
    seeCode(answer, "MANIFEST_BLOB_UNKNOWN");
  },
  "API-ERR-I06": async ({ bent, name }) => {
    const answer = await bent.put(name, "t", '{"schemaVersion": 1}');
    unless(answer.status === 405);
    see(answer.status === 400);
    seeCode(answer, "MANIFEST_INVALID");
  },
  "API-ERR-I07": async ({ plain, bent, name }) => {
    await pushIndex(plain, name, "t");
    seeCode(await bent.get(`/v2/${name}/manifests/unknown`), "MANIFEST_UNKNOWN");
  },
  "API-ERR-I08": async ({ bent }) => {
    const answer = await bent.post("/v2/UPPER/x/blobs/uploads/");
    unless(answer.status === 405);
    see(isRefused(answer), "taken");
    seeCode(answer, "NAME_INVALID");
  },
  "API-ERR-I09": async ({ bent, name }) => seeCode(await bent.get(`/v2/${name}/never/tags/list`), "NAME_UNKNOWN"),
  "API-ERR-I10": async ({ plain, bent, name }) => {
    const answer = await bent.patch(await openSession(plain, name), "012", "0-4");
    unless(answer.status === 404 || answer.status === 405);
    seeCode(answer, "SIZE_INVALID");
  },
  "API-WARN-02": async ({ bent }) => {
    const warning = (await bent.get("/v2/")).headers.get("Warning");
    see(warning === null || /^299 - "/.test(warning));
  },
  "API-WARN-03": async ({ bent }) => {
    const warning = (await bent.get("/v2/")).headers.get("Warning");
    see(warning === null || warning.endsWith('"'));
  },
  "DEF-I01": async ({ plain, bent, name }) => {
    const manifest = await pushIndex(plain, `${name}/bar`, "t");
    const blob = await pushBlob(plain, `${name}/bar`, "x");
    await pushIndex(plain, `${name}/tags/hidden`, "t");
    await pushIndex(plain, name, "a");
    see((await bent.get(manifest.replace("/bar/manifests/", "/manifests/bar/"))).status === 404, "a manifest");
    await bent.delete(blob.replace("/bar/blobs/", "/blobs/bar/"));
    see((await plain.get(blob)).status === 200, "a blob");
    see((await tagsOf(bent, name)).join() === "a", "tags");
  },
  "DEF-I02": async ({ bent, name }) => {
    see(isRefused(await bent.put(name, "t", "no JSON")));
  },
  "DEF-I03": async ({ plain, bent, name }) => {
    const path = await pushIndex(plain, name, "one");
    await pushIndex(plain, name, "two");
    unless((await bent.delete(`/v2/${name}/manifests/one`)).status !== 202);
    for (const at of [path, `/v2/${name}/manifests/two`]) see((await plain.get(at)).status === 200, at);
  },
  "USE-I04": async ({ plain, bent, name }) => {
    const sessions = [await openSession(plain, name), await openSession(plain, name)];
    const answers = await Promise.all(sessions.map((session) => bent.close(session, digestOf("x"), "x")));
    unless(answers.some(({ status }) => status === 404 || status === 405));
    see(answers.every(({ status }) => status === 201));
  },
};

/** A walk: requests about what no rule decides. Their answers show that a quirk does something. */
export async function walk({ plain, bent, name }: World): Promise<void> {
  await pushTags(plain, name, ...Array.from({ length: 4 }, (_, i) => `t${i}`));
  const blob = await pushBlob(plain, name, "blob");
  await bent.get("/v2");
  await bent.get("/v2/_catalog");
  await bent.get("/v2/_catalog?n=2000");
  for (const query of ["", "?n=2", "?n=x", "?n=2000"]) await bent.get(`/v2/${name}/tags/list${query}`);
  await bent.get(blob);
  await bent.send("PUT", `/v2/${name}/manifests/${digestOf(INDEX)}?tag=x`, {
    body: INDEX,
    headers: { "Content-Type": TYPES.index },
  });
  await bent.delete(`/v2/${name}/manifests/unknown`);
  await bent.delete(`/v2/${name}/manifests/t0`);
  await bent.post(`/v2/${name}/to/blobs/uploads/?mount=${digestOf("blob")}&from=${name}`);
  await bent.post(`/v2/${name}/blobs/uploads/?digest=${digestOf("blob")}`, "blob");
  const image = imageOf("{}", "layer").replace(TYPES.config, "application/vnd.unknown");
  await pushBlob(plain, name, "{}");
  await pushBlob(plain, name, "layer");
  await bent.put(name, "artifact", image, TYPES.image);
  const session = await openSession(bent, name);
  await bent.patch(session, "01234", "0-4");
  await bent.patch(session, "56789", "5-9");
}
