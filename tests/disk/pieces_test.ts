/** The memory of files that are sent: what is counted is given back, whenever the client goes. */

import { assertEquals } from "@std/assert";
import { FilePieces } from "../../src/disk/pieces.ts";
import { rootOf } from "../../src/disk/root.ts";
import { streamOf } from "../../src/disk/streaming.ts";
import { bytes } from "../fixture.ts";
import { Folder } from "../folder.ts";

const LENGTH = 5 * 1024 * 1024;

Deno.test("clients that break off their downloads leave nothing counted as in flight", async () => {
  using folder = new Folder();
  await Deno.writeFile(`${folder.path}/blob`, new Uint8Array(LENGTH));
  const root = rootOf(folder.path, {});
  const ended: Promise<unknown>[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (_, { completed }) => {
    ended.push(completed.catch(() => {}));
    const file = Deno.openSync(`${folder.path}/blob`);
    const body = streamOf(new FilePieces(root, file, LENGTH, () => completed));
    return new Response(body, { headers: { "Content-Length": String(LENGTH) } });
  });

  const piece = new Uint8Array(64 * 1024);
  for (let round = 0; round < 40; round++) {
    await Promise.all(Array.from({ length: 10 }, async (_, number) => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
      await connection.write(bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
      for (let read = 0; read < (3 * number) % 17; read++) await connection.read(piece);
    }));
  }
  await Promise.all(ended);
  // The server tells a stream that its client has gone a moment later.
  const deadline = Date.now() + 5000;
  while (root.inFlight.bytes > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve));

  assertEquals(root.inFlight.bytes, 0);
});

Deno.test("the last pieces count until they are sent", async () => {
  using folder = new Folder();
  await Deno.writeFile(`${folder.path}/blob`, new Uint8Array(LENGTH));
  const root = rootOf(folder.path, {});
  const { promise: sent, resolve } = Promise.withResolvers<void>();
  const pieces = new FilePieces(root, Deno.openSync(`${folder.path}/blob`), LENGTH, () => sent);

  let received = 0;
  for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) received += piece.length;
  const before = root.inFlight.bytes;
  resolve();
  await sent;

  assertEquals([received, before > 0, root.inFlight.bytes], [LENGTH, true, 0]);
});
