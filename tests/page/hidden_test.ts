/**
 * What a person sees who may not pull from all repositories: nothing that shows that the others are there.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { fileOf, tarOf } from "../archive/tar_maker.ts";
import { digestOf } from "../fixture.ts";
import { pushBlob, pushImage, type Send } from "./images.ts";
import { registryWithPage } from "./registry_with_page.ts";

// One repository that the person may see, and one that he may not.
async function world() {
  const { send } = registryWithPage({ shows: (name) => name.startsWith("open/") });
  const tar = tarOf(fileOf("a"));
  await pushImage(send as Send, "hidden/app", [{ tar, command: "ADD a" }], { tag: "v1" });
  const open = await pushImage(send as Send, "open/app", [{ tar, command: "ADD a" }], { tag: "v1" });
  const only = await pushBlob(send as Send, "hidden/app", "only there");
  const shown = async (path: string, type: string) => {
    const answer = await send("GET", path, { headers: { Accept: type } });
    return [answer.status, (await answer.text()).replaceAll(path.replace(/^.*[?]/, ""), "")] as const;
  };
  return { send, shown, open, only };
}

Deno.test("a digest that only hidden repositories have is answered as one that nobody has", async () => {
  const { shown, only } = await world();
  const nobodys = digestOf("nobody has this");
  for (const type of ["application/json", "text/html"]) {
    for (
      const address of [
        "/at/open/app/DIGEST",
        "/at/open/app/DIGEST!/a",
        "/graph/open/app/DIGEST",
        "/diff?a=open/app:v1&b=open/app@DIGEST",
      ]
    ) {
      const [[status, text], [statusOfNobodys, textOfNobodys]] = [
        await shown(address.replace("DIGEST", only), type),
        await shown(address.replace("DIGEST", nobodys), type),
      ];
      const plain = (text: string) => text.replaceAll(/[0-9a-f]{12,64}/g, "…");
      assertEquals([status, plain(text)], [statusOfNobodys, plain(textOfNobodys)], address);
    }
  }
});

Deno.test("no address names a hidden repository: not what is nearby, not a comparison, not the stories of a rule", async () => {
  const { send, shown, open, only } = await world();
  await send("POST", `/v2/open/app/blobs/uploads/?mount=${only}&from=hidden/app`);
  await send("GET", "/v2/hidden%2Fapp/tags/list?n=many");
  await send("GET", "/v2/hidden/app/tags/list?n=many");
  await send("GET", "/v2/_catalog?n=many&last=hidden/app");
  const [layer] = open.layers;
  const found: string[] = [];
  for (
    const path of [
      "/",
      "/at/",
      "/at/hiden/app",
      "/at/hidden",
      "/at/open/ap",
      "/at/open/app",
      "/at/open/app/_tags/v1",
      `/at/open/app/${open.digest}/manifest.json`,
      `/at/open/app/${layer}/layer.tar.gz`,
      `/at/open/app/${layer}/layer.tar.gz!/b`,
      `/at/open/app/${only}/blob`,
      "/at/open/app:v1!/",
      "/hiden/app",
      "/graph/",
      "/graph/open/app",
      "/graph/hiden/app",
      "/diff",
      "/diff?a=open/app:v1&b=open/app",
      "/diff?a=open/app:v1&b=hiden/app:v1",
      "/diff?a=open/app:v1&b=hidden",
      `/diff?a=open/app:v1&b=open/app@${only}`,
      "/rule/PUSH-MOUNT-01",
      "/rule/PUSH-MOUNT-05",
      "/rule/DISC-TAGS-05",
      "/rule/API-ERR-01",
      "/story/x",
    ]
  ) {
    for (const type of ["application/json", "text/html"]) {
      const [, text] = await shown(path, type);
      if (/hidden(?:\/|%2F)app/i.test(text)) {
        found.push(`${path} ${type}: ${/.{80}hidden(?:\/|%2F)app.{20}/i.exec(text)}`);
      }
    }
  }
  assertEquals(found, []);
});

Deno.test("the number of names of a file counts only repositories that the person may see", async () => {
  const countsFor = async (shows?: (name: string) => boolean) => {
    const { send } = registryWithPage({ shows });
    const tar = tarOf(fileOf("a"));
    const { digest, layers: [layer] } = await pushImage(send as Send, "open/app", [{ tar, command: "ADD a" }], {
      tag: "v1",
    });
    for (const name of ["hidden/app", "hidden/more", "open/copy"]) {
      await send("POST", `/v2/${name}/blobs/uploads/?mount=${layer}&from=open/app`);
    }
    const facts = async (path: string) =>
      await (await send("GET", path, { headers: { Accept: "application/json" } })).json();
    const path = `open/app/${layer}/layer.tar.gz`;
    const boxes = (await Promise.all(["/graph/", "/graph/open/app"].map(facts))).map(({ boxes }) =>
      boxes.find((box: { path: string }) => box.path === path).names
    );
    return [
      (await facts(`/at/${path}`)).look.names,
      (await facts("/at/open/app")).look.contents.rows.find((row: { digest: string }) => row.digest === layer).names,
      (await facts(`/at/open/app/${digest}/manifest.json`)).look.layers[0].names,
      ...boxes,
    ];
  };

  assertEquals(await countsFor(), [4, 4, 4, 4, 4]);
  assertEquals(await countsFor((name) => name.startsWith("open/")), [2, 2, 2, 2, 2]);
  // A file with one visible name has no mark at its box.
  assertEquals(await countsFor((name) => name === "open/app"), [1, 1, 1, undefined, undefined]);
});
