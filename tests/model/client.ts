/**
 * A client of the model: it does one thing after the other, and tells the model what it has learned from each answer.
 *
 *     201 to a push       it is there
 *     202 to a delete     it is gone
 *     a refusal           nothing has changed; a refused manifest names the blobs that are missing
 *     no answer           the program was killed; nobody knows
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Random } from "../fuzz/random.ts";
import { digestOf } from "../fixture.ts";
import type { Sent } from "../processes/program.ts";
import { type Blob, BLOBS, type Manifest, MANIFESTS, referencesOf, TAGS } from "./content.ts";
import type { Repository } from "./model.ts";
import type { Register, Value } from "./registers.ts";
import { type Answer, Lost, type World } from "./world.ts";

/** A client. */
export class Client {
  constructor(private readonly world: World, private readonly random: Random) {}

  /** Does some things, until the world ends. */
  async work(things: number): Promise<void> {
    const often = [this.#pushBlob, this.#pushImage, this.#pushImage, this.#pull, this.#pull];
    const seldom = [this.#pushWrongBytes, this.#giveUp, this.#listTags, this.#listReferrers, this.#listRepositories];
    const deletes = [this.#deleteTag, this.#deleteManifest, this.#deleteBlob];
    for (let done = 0; done < things && !this.world.isOver; done++) {
      const repository = this.random.pick(this.world.model.repositories);
      const thing = this.random.pick([...often, ...often, ...seldom, ...deletes]);
      try {
        await thing.call(this, repository);
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
      }
    }
  }

  // ── Blobs ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #pushBlob(repository: Repository, blob: Blob = this.random.pick(BLOBS)): Promise<void> {
    const way = this.random.below(4);
    if (way === 0) return await this.#mountBlob(repository, blob);
    if (way === 1) return await this.#pushInSession(repository, blob, await this.#openSession(repository));
    const there = { register: repository.blobs.get(blob.digest)!, value: blob.digest };
    await this.#change("POST", `${uploadsOf(repository)}?digest=${blob.digest}`, [there], [201], { body: blob.bytes });
  }

  async #mountBlob(repository: Repository, blob: Blob): Promise<void> {
    const { digest } = blob;
    const from = this.random.pick(this.world.model.repositories);
    const there = repository.blobs.get(digest)!;
    const query = `?mount=${digest}&from=${from.name}`;
    const answer = await this.#change("POST", uploadsOf(repository) + query, [{ register: there, value: digest }], [
      201,
      202,
    ]);
    if (answer.status === 201) return;
    for (const register of [there, from.blobs.get(digest)!]) register.see(undefined, answer.since, answer.by);
    await this.#pushInSession(repository, blob, answer.headers.get("Location")!);
  }

  async #openSession(repository: Repository): Promise<string> {
    const answer = await this.#send("POST", uploadsOf(repository), [202]);
    return answer.headers.get("Location")!;
  }

  // Sends the bytes in chunks, and goes on wherever a connection broke off or a program was killed.
  async #pushInSession({ blobs }: Repository, { digest, bytes }: Blob, location: string): Promise<void> {
    const there = { register: blobs.get(digest)!, value: digest };
    const most = this.random.pick([bytes.length, 2 + Math.ceil(bytes.length / 3)]);
    // A request that broke off may still be read, and append its bytes later than this client thinks.
    let isDisturbed = false;
    for (let offset = 0;;) {
      const chunk = bytes.subarray(offset, offset + most);
      const end = offset + chunk.length;
      const sent: Sent = {
        body: chunk,
        headers: chunk.length === 0 ? {} : { "Content-Range": `${offset}-${end - 1}` },
      };
      const isLast = chunk.length === 0 || (end === bytes.length && this.random.onceIn(2));
      try {
        if (!isLast && this.random.onceIn(5)) {
          isDisturbed = true;
          await this.world.breakOff(this.random, "PATCH", location, sent, chunk.subarray(0, chunk.length / 2));
          offset = await this.#sizeOf(location, offset, bytes.length) ?? offset;
          continue;
        }
        const refused = isDisturbed ? [416] : [];
        const answer = isLast
          ? await this.#change("PUT", `${location}?digest=${digest}`, [there], [201, ...refused], sent)
          : await this.#send("PATCH", location, [202, ...refused], sent);
        if (answer.status === 201) return;
        offset = sizeIn(answer);
        if (answer.status === 202) assertEquals(offset, end, answer.by);
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        const size = await this.#sizeOf(location, offset, isDisturbed ? bytes.length : end, isLast);
        if (size === undefined) return;
        offset = size;
      }
    }
  }

  // Asks how much of a session has arrived. Returns `undefined` if it has ended, which is right only if it was being closed.
  async #sizeOf(location: string, least: number, most: number, mayHaveEnded = false): Promise<number | undefined> {
    try {
      const answer = await this.#send("GET", location, mayHaveEnded ? [204, 404] : [204]);
      if (answer.status === 404) return undefined;
      const size = sizeIn(answer);
      assert(least <= size && size <= most, `${answer.by}: ${size} bytes instead of ${least} to ${most}`);
      return size;
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      return await this.#sizeOf(location, least, most, mayHaveEnded);
    }
  }

  async #pushWrongBytes(repository: Repository): Promise<void> {
    const [blob, other] = [this.random.pick(BLOBS), this.random.pick(BLOBS)];
    if (blob.digest === other.digest) return;
    const query = `?digest=${other.digest}`;
    if (this.random.onceIn(2)) {
      const answer = await this.#send("POST", uploadsOf(repository) + query, [400], { body: blob.bytes });
      return assertEquals(codeOf(answer), "DIGEST_INVALID", answer.by);
    }
    const location = await this.#openSession(repository);
    await this.#send("PATCH", location, [202], { body: blob.bytes });
    const answer = await this.#send("PUT", location + query, [400]);
    assertEquals(codeOf(answer), "DIGEST_INVALID", answer.by);
    await this.#send("GET", location, [404]);
  }

  // Begins an upload, and cancels it, or just goes away. Some of these uploads are made old, so that they expire.
  async #giveUp(repository: Repository): Promise<void> {
    const location = await this.#openSession(repository);
    const answer = await this.#send("PATCH", location, [202], { body: "the beginning" });
    assertEquals(sizeIn(answer), "the beginning".length, answer.by);
    const way = this.random.below(3);
    if (way === 0) return;
    if (way === 1) await this.#send("DELETE", location, [204]);
    else this.world.age(`${repository.name}/_uploads/${location.split("/").at(-1)}/data`);
    await this.#send("GET", location, [404]);
    await this.#send("PUT", `${location}?digest=${digestOf("the beginning")}`, [404]);
  }

  async #deleteBlob({ blobs }: Repository): Promise<void> {
    const [, register] = this.random.pick([...blobs]);
    await this.#delete(register);
  }

  async #delete(register: Register): Promise<void> {
    const answer = await this.#change("DELETE", register.url, [{ register, value: undefined }], [202, 404]);
    if (answer.status === 404) register.see(undefined, answer.since, answer.by);
  }

  // ── Manifests ─────────────────────────────────────────────────────────────────────────────────────────────────────

  // Pushes all that a manifest needs, and then the manifest. Somebody may remove a part of it meanwhile; then once more.
  async #pushImage(repository: Repository, manifest: Manifest = this.random.pick(MANIFESTS)): Promise<void> {
    let missing = new Set(referencesOf(manifest).filter(() => !this.random.onceIn(8)));
    for (let tries = 0; tries < 3; tries++) {
      for (const blob of manifest.blobs.filter(({ digest }) => missing.has(digest))) {
        const isAsked = this.random.onceIn(2);
        if (!isAsked || !await this.look(repository.blobs.get(blob.digest)!)) await this.#pushBlob(repository, blob);
      }
      for (const child of manifest.children.filter(({ digest }) => missing.has(digest))) {
        if (!await this.look(repository.manifests.get(child.digest)!)) await this.#pushImage(repository, child);
      }
      missing = await this.#pushManifest(repository, manifest);
      if (missing.size === 0) return;
    }
  }

  // Returns the digests that are missing.
  async #pushManifest({ name, manifests, blobs, tags }: Repository, manifest: Manifest): Promise<Set<string>> {
    const { digest, mediaType, subject } = manifest;
    const chosen = TAGS.filter(() => this.random.onceIn(4));
    // A push to a tag gives the manifest a digest by sha256.
    const isByTag = chosen.length === 1 && digest.startsWith("sha256:");
    const reference = isByTag ? chosen[0] : `${digest}?${chosen.map((tag) => `tag=${tag}`).join("&")}`;
    const there = [manifests.get(digest)!, ...chosen.map((tag) => tags.get(tag)!)];
    const answer = await this.#change(
      "PUT",
      `/v2/${name}/manifests/${reference}`,
      there.map((register) => ({ register, value: digest })),
      [201, 400],
      { body: manifest.bytes, headers: { "Content-Type": mediaType } },
    );
    const missing = new Set<string>();
    if (answer.status === 400) {
      assertEquals(codeOf(answer), "MANIFEST_BLOB_UNKNOWN", answer.by);
      for (const { detail } of errorsOf(answer)) missing.add(detail.expected.split(" ")[0]);
    } else {
      assertEquals(answer.headers.get("OCI-Subject"), subject?.digest ?? null, answer.by);
    }
    // It was looked for all of them at one moment.
    for (const [parts, registers] of [[manifest.blobs, blobs], [manifest.children, manifests]] as const) {
      for (const { digest } of parts) {
        registers.get(digest)!.see(missing.has(digest) ? undefined : digest, answer.since, answer.by);
      }
    }
    return missing;
  }

  async #deleteTag({ tags }: Repository): Promise<void> {
    const [, register] = this.random.pick([...tags]);
    await this.#delete(register);
  }

  // The tags that point to a manifest go with it.
  async #deleteManifest({ manifests, tags }: Repository): Promise<void> {
    const [digest, register] = this.random.pick([...manifests]);
    const by = `DELETE ${register.url}`;
    const losses = [...tags.values()].map((tag) => ({ tag, loss: tag.begin(undefined, by) }));
    let answer: Answer | undefined;
    try {
      answer = await this.#change("DELETE", register.url, [{ register, value: undefined }], [202, 404]);
      if (answer.status === 404) register.see(undefined, answer.since, answer.by);
    } finally {
      for (const { tag, loss } of losses) {
        const values = tag.possible(loss.begin, loss);
        if (answer?.status === 404 || !values.has(digest)) tag.withdraw(loss);
        else if (answer === undefined || [...values].some((value) => value !== undefined && value !== digest)) {
          tag.lose(loss);
        } else tag.confirm(loss);
      }
    }
  }

  // ── Pulls and lists ───────────────────────────────────────────────────────────────────────────────────────────────

  async #pull({ blobs, manifests, tags }: Repository): Promise<void> {
    const [, register] = this.random.pick([...blobs, ...manifests, ...manifests, ...tags, ...tags, ...tags]);
    const digest = await this.look(register);
    const manifest = register.url.includes("/manifests/") && MANIFESTS.find((manifest) => manifest.digest === digest);
    if (!manifest) return;
    // Those that see the tag see its manifest, and everything that it needs.
    await this.look(manifests.get(manifest.digest)!);
    for (const { digest } of manifest.blobs) await this.look(blobs.get(digest)!);
    for (const { digest } of manifest.children) await this.look(manifests.get(digest)!);
  }

  /** Looks what is behind a URL. Returns its digest, if there is something. */
  async look(register: Register): Promise<string | undefined> {
    const isHead = this.random.onceIn(4);
    const answer = await this.#send(isHead ? "HEAD" : "GET", register.url, [200, 404]);
    if (answer.status === 404) {
      register.see(undefined, answer.since, answer.by);
      return undefined;
    }
    const digest = answer.headers.get("Docker-Content-Digest") ?? "";
    const isManifest = register.url.includes("/manifests/");
    const content = (isManifest ? MANIFESTS : BLOBS).find((content) => content.digest === digest);
    assert(content !== undefined, `${answer.by}: nobody has pushed ${digest}`);
    assertEquals(Number(answer.headers.get("Content-Length")), content.bytes.length, answer.by);
    if (!isHead) assertEquals(digestOf(answer.body, digest.split(":")[0]), digest, answer.by);
    if ("mediaType" in content && isManifest) assertEquals(answer.headers.get("Content-Type"), content.mediaType);
    register.see(digest, answer.since, answer.by);
    return digest;
  }

  async #listTags(repository: Repository): Promise<void> {
    const answer = await this.#send("GET", `/v2/${repository.name}/tags/list`, [200, 404]);
    if (answer.status === 404) return seeNothingIn(repository, answer);
    const listed = JSON.parse(new TextDecoder().decode(answer.body)).tags;
    for (const [tag, register] of repository.tags) {
      if (!listed.includes(tag)) register.see(undefined, answer.since, answer.by);
      else assert(!register.isSurely(undefined) || register.possible(answer.since).size > 1, `${answer.by}: ${tag}`);
    }
  }

  async #listReferrers({ name, manifests }: Repository): Promise<void> {
    const subject = this.random.pick(
      MANIFESTS.map(({ subject }) => subject).filter((subject) => subject !== undefined),
    );
    const answer = await this.#send("GET", `/v2/${name}/referrers/${subject.digest}`, [200]);
    const entries: { digest: string }[] = JSON.parse(new TextDecoder().decode(answer.body)).manifests;
    const listed = new Set(entries.map(({ digest }) => digest));
    for (const { digest } of MANIFESTS.filter((manifest) => manifest.subject === subject)) {
      manifests.get(digest)!.see(listed.delete(digest) ? digest : undefined, answer.since, answer.by);
    }
    assertEquals([...listed], [], answer.by);
  }

  async #listRepositories(): Promise<void> {
    const answer = await this.#send("GET", "/v2/_catalog", [200]);
    const { repositories } = JSON.parse(new TextDecoder().decode(answer.body));
    for (const repository of this.world.model.repositories) {
      if (!repositories.includes(repository.name)) seeNothingIn(repository, answer);
    }
  }

  // ── Requests ──────────────────────────────────────────────────────────────────────────────────────────────────────

  async #send(method: string, path: string, allowed: readonly number[], sent?: Sent): Promise<Answer> {
    const answer = await this.world.send(this.random, method, path, sent);
    assert(allowed.includes(answer.status), `${answer.by}: ${new TextDecoder().decode(answer.body)}`);
    return answer;
  }

  // Sends a request that gives registers a value, if its answer is 201, or 202 to a DELETE.
  async #change(
    method: string,
    path: string,
    changes: readonly { register: Register; value: Value }[],
    allowed: readonly number[],
    sent?: Sent,
  ): Promise<Answer> {
    const events = changes.map(({ register, value }) => ({
      register,
      event: register.begin(value, `${method} ${path}`),
    }));
    let answer: Answer;
    try {
      answer = await this.#send(method, path, allowed, sent);
    } catch (error) {
      for (const { register, event } of events) register.lose(event);
      throw error;
    }
    const isDone = answer.status === (method === "DELETE" ? 202 : 201);
    for (const { register, event } of events) isDone ? register.confirm(event) : register.withdraw(event);
    return answer;
  }
}

// A repository that is not there has nothing.
function seeNothingIn({ blobs, manifests, tags }: Repository, { since, by }: Answer): void {
  for (const register of [...blobs.values(), ...manifests.values(), ...tags.values()]) {
    register.see(undefined, since, by);
  }
}

function uploadsOf({ name }: Repository): string {
  return `/v2/${name}/blobs/uploads/`;
}

// Returns how many bytes a session has. For none and for one the Range is the same, but a refusal has none for none.
function sizeIn({ status, headers }: Answer): number {
  const range = headers.get("Range");
  return range === null || (range === "0-0" && status !== 416) ? 0 : Number(range.split("-")[1]) + 1;
}

function errorsOf({ body }: Answer): { code: string; detail: { expected: string } }[] {
  return JSON.parse(new TextDecoder().decode(body)).errors;
}

function codeOf(answer: Answer): string {
  return errorsOf(answer)[0].code;
}
