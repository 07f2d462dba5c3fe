/**
 * A folder that the system does not let the registry read: the rest stays to be seen, and the page says what is left out.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type DiskFailure, failing } from "../../src/disk/failing.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import type { Unreadable } from "../../src/page/context.ts";
import type { PageOptions } from "../../src/page/page.ts";
import { fileOf, tarOf } from "../archive/tar_maker.ts";
import { pushImage, type Send } from "./images.ts";
import { registryWithPage } from "./registry_with_page.ts";

const READS = ["look", "find", "list", "listMany", "read", "readTogether", "open"] as const;
const PANELS = [
  "/",
  "/at/",
  "/at/open/app",
  "/at/open/app/_tags/v1",
  "/graph/",
  "/graph/open/app",
  "/diff",
  "/?step=1",
];

async function world(options: Partial<PageOptions> = {}) {
  const plan: DiskFailure[] = [];
  const { send } = registryWithPage({ disk: failing(memoryDisk(), plan), ...options });
  for (const name of ["open/app", "shut/app"]) {
    await pushImage(send as Send, name, [{ tar: tarOf(fileOf("a")), command: "ADD a" }], { tag: "v1" });
  }
  const get = async (path: string, type = "text/html") => {
    const answer = await send("GET", path, { headers: { Accept: type } });
    return { status: answer.status, text: await answer.text() };
  };
  return { plan, get };
}

Deno.test("a folder that cannot be read hides nothing else, and each document says what is left out", async () => {
  const { plan, get } = await world();
  plan.push({ operations: READS, path: /^shut\/app/, code: "EACCES" });
  for (const path of PANELS.filter((path) => path !== "/diff" && !path.includes("open"))) {
    const { status, text } = await get(path);
    assertEquals(status, 200, path);
    assert(text.includes("<code>shut/app</code> (permission denied)"), `${path}: ${text}`);
    assert(text.includes("open/app"), path);
  }
  for (const path of ["/at/open/app", "/at/open/app/_tags/v1", "/graph/open/app"]) {
    assertEquals((await get(path)).status, 200, path);
  }
});

Deno.test("what cannot be read is not said to be gone", async () => {
  const { plan, get } = await world();
  plan.push({ operations: READS, path: /^shut\/app/, code: "EIO" });
  for (
    const path of ["/at/shut/app", "/at/shut/app/_tags/v1", "/graph/shut/app", "/diff?a=shut/app:v1&b=open/app:v1"]
  ) {
    const { status, text } = await get(path);
    assertEquals(status, 503, path);
    assert(text.includes("(the disk has a fault)"), `${path}: ${text}`);
    const facts = JSON.parse((await get(path, "application/json")).text);
    assert(facts.unreadable.every((it: Unreadable) => it.path.startsWith("shut/app")), path);
  }
});

Deno.test("a root that cannot be read at all is told on every panel", async () => {
  const { plan, get } = await world();
  plan.push({ operations: READS, code: "EACCES" });
  for (const path of PANELS) {
    const { status, text } = await get(path);
    assert([200, 503].includes(status), `${path}: ${status}`);
    assert(text.includes("The registry cannot read all of its folder."), path);
  }
});

Deno.test("a person does not learn from that which hidden repositories there are", async () => {
  const { plan, get } = await world({ shows: (name) => name.startsWith("open/") });
  plan.push({ operations: READS, path: /^shut\/app/, code: "EACCES" });
  for (const path of PANELS) {
    const { text } = await get(path);
    assert(!text.includes("shut"), path);
  }
  assertEquals((await get("/at/shut/app")).status, 404);
});

Deno.test("everything is there again when it can be read, without a restart", async () => {
  const { plan, get } = await world();
  plan.push({ operations: READS, code: "EACCES" });
  await get("/at/");
  plan.length = 0;
  const { status, text } = await get("/at/");
  assertEquals([status, text.includes("cannot read"), text.includes("shut/app")], [200, false, true]);
});
