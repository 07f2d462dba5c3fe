/** The hashes of upload sessions are the same whether this thread keeps them or another thread behind a port. */

import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { HASHES } from "../../src/definitions/digest.ts";
import { newSessionId } from "../../src/definitions/session.ts";
import { HashesHere, type RunningHashes } from "../../src/disk/running_hashes.ts";
import { answerThrough, HashesElsewhere } from "../../src/disk/hashes_elsewhere.ts";
import { bytes } from "../fixture.ts";

type Keeper = { hashes: RunningHashes; other: RunningHashes } & Disposable;

function here(): Keeper {
  const hashes = new HashesHere(HASHES);
  return { hashes, other: hashes, [Symbol.dispose]: () => {} };
}

// Two threads serve, and a third one hashes for both. Here one thread plays all three, but it transfers the bytes too.
function elsewhere(): Keeper {
  const keeper = new HashesHere(HASHES);
  const ports: MessagePort[] = [];
  const connect = () => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    answerThrough(port1, keeper);
    return Promise.resolve(port2);
  };
  return {
    hashes: new HashesElsewhere(connect),
    other: new HashesElsewhere(connect),
    [Symbol.dispose]: () => ports.forEach((port) => port.close()),
  };
}

function hashOf(text: string, algorithm = "sha256"): string {
  return createHash(algorithm).update(text).digest("hex");
}

for (const [where, keep] of [["here", here], ["elsewhere", elsewhere]] as const) {
  Deno.test(`hashes that are kept ${where}: one piece has a hash, and then there is none any more`, async () => {
    using keeper = keep();
    const id = newSessionId();

    await keeper.hashes.update(id, 0, bytes("foo"));

    assertEquals(await keeper.hashes.digest(id, 3, "sha256"), hashOf("foo"));
    assertEquals(await keeper.hashes.digest(id, 3, "sha256"), undefined);
  });

  Deno.test(`hashes that are kept ${where}: many pieces have one hash, even if several are on their way`, async () => {
    using keeper = keep();
    const id = newSessionId();
    const pieces = Array.from({ length: 20 }, (_, number) => `piece ${number % 10}`);

    const updates = pieces.map((piece, number) => keeper.hashes.update(id, number * 7, bytes(piece)));
    await Promise.all(updates);

    assertEquals(await keeper.hashes.digest(id, 140, "sha256"), hashOf(pieces.join("")));
  });

  Deno.test(`hashes that are kept ${where}: there is none for another size, or in another algorithm`, async () => {
    using keeper = keep();
    const [id, other] = [newSessionId(), newSessionId()];
    for (const session of [id, other]) {
      await keeper.hashes.update(session, 0, bytes("foo"));
      await keeper.hashes.update(session, 3, bytes("bar"));
    }

    assertEquals(await keeper.hashes.digest(id, 5, "sha256"), undefined);
    assertEquals(await keeper.hashes.digest(other, 6, "sha512"), undefined);
  });

  Deno.test(`hashes that are kept ${where}: the algorithm is the one that the session began with`, async () => {
    using keeper = keep();
    const id = newSessionId();

    await keeper.hashes.begin(id, "sha512");
    await keeper.hashes.update(id, 0, bytes("foo"));
    await keeper.hashes.update(id, 3, bytes("bar"));

    assertEquals(await keeper.hashes.digest(id, 6, "sha512"), hashOf("foobar", "sha512"));
  });

  Deno.test(`hashes that are kept ${where}: the algorithm is the one that the first piece names`, async () => {
    using keeper = keep();
    const id = newSessionId();

    await keeper.hashes.update(id, 0, bytes("foo"), "sha512");
    await keeper.hashes.update(id, 3, bytes("bar"), "sha512");

    assertEquals(await keeper.hashes.digest(id, 6, "sha512"), hashOf("foobar", "sha512"));
  });

  Deno.test(`hashes that are kept ${where}: there is none if bytes were left out`, async () => {
    using keeper = keep();
    const id = newSessionId();

    await keeper.hashes.update(id, 0, bytes("foo"));
    await keeper.hashes.update(id, 4, bytes("bar"));

    assertEquals(await keeper.hashes.digest(id, 7, "sha256"), undefined);
  });

  Deno.test(`hashes that are kept ${where}: there is none for a session that was forgotten`, async () => {
    using keeper = keep();
    const [short, long] = [newSessionId(), newSessionId()];
    await keeper.hashes.update(short, 0, bytes("foo"));
    await keeper.hashes.update(long, 0, bytes("foo"));
    await keeper.hashes.update(long, 3, bytes("bar"));

    await keeper.hashes.forget(short);
    await keeper.hashes.forget(long);

    assertEquals(await keeper.hashes.digest(short, 3, "sha256"), undefined);
    assertEquals(await keeper.hashes.digest(long, 6, "sha256"), undefined);
  });

  Deno.test(`hashes that are kept ${where}: one thread ends what another one began, if it has all the bytes`, async () => {
    using keeper = keep();
    const id = newSessionId();
    await keeper.hashes.update(id, 0, bytes("foo"));
    await keeper.hashes.update(id, 3, bytes("bar"));

    await keeper.other.update(id, 6, bytes("baz"));

    assertEquals(await keeper.other.digest(id, 9, "sha256"), hashOf("foobarbaz"));
  });

  Deno.test(`hashes that are kept ${where}: a buffer comes back when its bytes are hashed`, async () => {
    using keeper = keep();
    const id = newSessionId();
    await keeper.hashes.update(id, 0, bytes("foo"));

    const buffer = await keeper.hashes.update(id, 3, new Uint8Array(new ArrayBuffer(8), 0, 3));

    assertEquals(buffer?.byteLength, 8);
  });
}

Deno.test("if the other thread cannot hash, the caller gets its error, and the next call an answer", async () => {
  const keeper = new HashesHere(HASHES);
  const { port1, port2 } = new MessageChannel();
  answerThrough(port1, keeper);
  const hashes = new HashesElsewhere(() => Promise.resolve(port2));
  const id = newSessionId();

  await assertRejects(() => hashes.begin(id, "md5"), Error, "is not a function");
  await hashes.begin(id, "sha512");
  const empty = await hashes.digest(id, 0, "sha512");
  port1.close();
  port2.close();

  assertEquals(empty, hashOf("", "sha512"));
});
