/** A slow disk: other threads open files and change names. */

import { assertEquals } from "@std/assert";
import { callsFor, isSlow } from "../../src/disk/calls.ts";
import { digestOf, startRegistry } from "../fixture.ts";
import { Folder } from "../folder.ts";

Deno.test("a slow disk ends up with the same files as a fast one", async () => {
  const trees = await Promise.all([false, true].map(async (isSlow) => {
    await using registry = await startRegistry({ isSlow, durability: "sync" });
    await registry.pushImage("library/hello", { tag: "latest" });
    await registry.pushImage("library/hello", { tag: "latest", annotations: { new: "yes" } });
    const layer = digestOf("layer of library/hello");
    const mount = `/v2/library/other/blobs/uploads/?mount=${layer}&from=library/hello`;
    assertEquals((await registry.send("POST", mount)).status, 201);
    const location = await registry.openSession("library/hello");
    assertEquals((await registry.send("PATCH", location, { body: "foo" })).status, 202);
    assertEquals((await registry.send("PUT", `${location}?digest=${digestOf("foo")}`)).status, 201);
    assertEquals((await registry.send("DELETE", `/v2/library/hello/manifests/latest`)).status, 202);
    assertEquals((await registry.send("DELETE", `/v2/library/hello/blobs/${layer}`)).status, 202);
    return registry.tree();
  }));

  assertEquals(trees[1], trees[0]);
});

Deno.test("on a slow disk this thread does other work while a name is changed", async () => {
  using folder = new Folder();
  await Deno.writeTextFile(`${folder.path}/a`, "");
  const order: string[] = [];

  const renaming = Promise.resolve(callsFor(true).rename(`${folder.path}/a`, `${folder.path}/b`));
  await Promise.all([
    renaming.then(() => order.push("renamed")),
    Promise.resolve().then(() => order.push("other work")),
  ]);

  assertEquals([order, folder.tree()], [["other work", "renamed"], ["b"]]);
});

Deno.test("looking whether a disk is slow leaves no file behind", () => {
  using folder = new Folder();

  isSlow(folder.path);

  assertEquals([...Deno.readDirSync(folder.path)], []);
});
