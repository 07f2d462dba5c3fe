/** A symbolic link that somebody has planted in the root leads nowhere; the root itself may be one. */

import { assertEquals } from "@std/assert";
import { cp } from "node:fs/promises";
import { digestOf, startRegistry, TYPES } from "./fixture.ts";
import { Folder } from "./folder.ts";
import { indexOf, openSession, pushBlob, pushIndex } from "./processes/content.ts";
import { SharedRoot } from "./processes/shared_root.ts";

const HELLO = "/v2/library/hello";
const SECRET = indexOf("secret");

Deno.test("a root that is itself reached through a symbolic link is served like any other", async () => {
  using folder = new Folder();
  await using root = new SharedRoot();
  await Deno.remove(root.path);
  await Deno.symlink(folder.path, root.path);
  const [registry] = await root.start(1);

  const pushed = await pushBlob(registry, "library/hello", "foo");
  const pulled = await registry.send("GET", `${HELLO}/blobs/${digestOf("foo")}`);

  assertEquals([pushed.status, pulled.status, await pulled.text()], [201, 200, "foo"]);
  assertEquals(folder.tree(), [`library/hello/${digestOf("foo")}/blob`]);
});

// The links that somebody plants in the folder of library/hello, and their targets outside.
const LINKS: Record<string, { link: string; outside: string }> = {
  "the bytes of a manifest": { link: `${SECRET.digest}/manifest.json`, outside: "manifest.json" },
  "the folder of a manifest": { link: SECRET.digest, outside: "." },
  "the folder of the tags": { link: "_tags", outside: "tags" },
  "the folder of the referrers": { link: "_referrers", outside: "referrers" },
  "the folder of the uploads": { link: "_uploads", outside: "uploads" },
};

for (const [what, { link, outside }] of Object.entries(LINKS)) {
  Deno.test(`nothing is read or written through a symbolic link in the place of ${what}`, async () => {
    using elsewhere = new Folder();
    for (const folder of ["tags", "referrers", "uploads"]) await Deno.mkdir(`${elsewhere.path}/${folder}`);
    await Deno.writeTextFile(`${elsewhere.path}/manifest.json`, SECRET.text);
    await Deno.writeTextFile(`${elsewhere.path}/content-type`, TYPES.index);
    await Deno.writeTextFile(`${elsewhere.path}/tags/secret`, SECRET.digest);
    const before = elsewhere.tree();
    await using root = new SharedRoot();
    const [registry] = await root.start(1);
    await pushBlob(registry, "library/hello", "what makes it a repository");
    const path = `${root.path}/library/hello/${link}`;
    const folder = path.replace(/[/][^/]*$/, "");
    await Deno.mkdir(folder, { recursive: true });
    // A manifest needs this file beside its bytes; in other folders it means nothing.
    await Deno.writeTextFile(`${folder}/content-type`, TYPES.index);
    await Deno.remove(path).catch(() => {});
    await Deno.symlink(`${elsewhere.path}/${outside}`, path);

    const answers = [
      await registry.send("GET", `${HELLO}/manifests/${SECRET.digest}`),
      await registry.send("GET", `${HELLO}/manifests/secret`),
    ];
    const subject = { mediaType: TYPES.index, digest: digestOf("subject"), size: 7 };
    await registry.send("POST", `${HELLO}/blobs/uploads/`);
    await pushBlob(registry, "library/hello", "foo");
    await pushIndex(registry, `${HELLO}/manifests/latest`, indexOf("new", { subject }));
    await pushIndex(registry, `${HELLO}/manifests/${SECRET.digest}`, SECRET);
    await registry.send("DELETE", `${HELLO}/manifests/secret`);
    await registry.send("DELETE", `${HELLO}/manifests/${SECRET.digest}`);

    assertEquals(answers.map(({ status }) => status), [404, 404]);
    assertEquals(elsewhere.tree(), before);
  });
}

for (const outside of ["a file", "a folder", "itself"]) {
  Deno.test(`an upload session whose bytes are a symbolic link to ${outside} is no session`, async () => {
    using elsewhere = new Folder();
    await Deno.writeTextFile(`${elsewhere.path}/secret`, "secret");
    await using root = new SharedRoot();
    const [registry] = await root.start(1);
    // With an upload in it, the folder of the uploads is not removed as an empty folder.
    await openSession(registry);
    const session = crypto.randomUUID();
    const folder = `${root.path}/library/hello/_uploads/${session}`;
    await Deno.mkdir(folder, { recursive: true });
    const target = { "a file": `${elsewhere.path}/secret`, "a folder": elsewhere.path, "itself": `${folder}/data` };
    await Deno.symlink(target[outside as keyof typeof target], `${folder}/data`);
    const path = `${HELLO}/blobs/uploads/${session}`;

    const answers = [
      await registry.send("GET", path),
      await registry.send("PATCH", path, { body: "foo" }),
      await registry.send("PUT", `${path}?digest=${digestOf("foo")}`, { body: "foo" }),
      await registry.send("DELETE", path),
    ];

    assertEquals(answers.map(({ status }) => status), [404, 404, 404, 404]);
    assertEquals(elsewhere.read("secret"), "secret");
  });
}

Deno.test("if the folder of the locks is a symbolic link, a push is a failure of the registry, and the story has the cause", async () => {
  using elsewhere = new Folder();
  await using registry = await startRegistry();
  await Deno.symlink(elsewhere.path, `${registry.root}/.locks`);

  const headers = { "Content-Type": TYPES.index };
  const pushed = await registry.send("PUT", `${HELLO}/manifests/latest`, { body: indexOf("one").text, headers });

  const message = "the registry failed; its log says why";
  assertEquals([pushed.status, await pushed.json()], [500, {
    errors: [{ code: "UNKNOWN", message, detail: { cause: null } }],
  }]);
  assertEquals(
    registry.stories.at(-1)!.refusal?.message,
    `${registry.root}/.locks is a symbolic link; the registry follows none, and needs a folder there for its locks`,
  );
  assertEquals(elsewhere.everything(), []);
});

Deno.test("if the file of a lock is a symbolic link, a push is a failure of the registry, and no file is made where it leads", async () => {
  using elsewhere = new Folder();
  await using registry = await startRegistry();
  const push = async (text: string) => {
    const headers = { "Content-Type": TYPES.index };
    const pushed = await registry.send("PUT", `${HELLO}/manifests/latest`, { body: text, headers });
    await pushed.body?.cancel();
    return pushed.status;
  };
  assertEquals(await push(indexOf("one").text), 201);
  const [{ name }] = Deno.readDirSync(`${registry.root}/.locks`);
  const lock = `${registry.root}/.locks/${name}`;
  await Deno.remove(lock);
  await Deno.symlink(`${elsewhere.path}/made`, lock);

  assertEquals(await push(indexOf("two").text), 500);
  assertEquals(
    registry.stories.at(-1)!.refusal?.message,
    `${lock} is a symbolic link; the registry follows none, and needs a file there for a lock`,
  );
  assertEquals(elsewhere.everything(), []);
});

// Folders of a repository, the last word of each request that uses one, and what these requests answer once a link stands
// in the folder's place.
const USED = {
  "the repository": { folder: "", tag: 404, blob: 404, push: 404 },
  "the tags": { folder: "/_tags", tag: 404, blob: 200, push: 404 },
  "the folder of a blob": { folder: `/${digestOf("foo")}`, tag: 200, blob: 404, push: 201 },
} as const;

for (const [what, { folder, tag, blob, push }] of Object.entries(USED)) {
  Deno.test(`a symbolic link counts from the moment on when it takes the place of ${what}, however often that was used before`, async () => {
    using elsewhere = new Folder();
    await using registry = await startRegistry();
    await registry.pushBlob("library/hello", "foo");
    await registry.pushManifest("library/hello", indexOf("one").text, { tag: "latest" });
    const place = `${registry.root}/library/hello${folder}`;
    const send = async (method: string, path: string, body?: string) => {
      const type = { "Content-Type": TYPES.index };
      const response = await registry.send(method, `${HELLO}/${path}`, {
        body,
        headers: body === undefined ? {} : type,
      });
      await response.body?.cancel();
      return response.status;
    };
    const ask = async () => ({
      tag: await send("HEAD", "manifests/latest"),
      blob: await send("GET", `blobs/${digestOf("foo")}`),
    });

    await cp(place, `${elsewhere.path}/copy`, { recursive: true });
    const before = elsewhere.tree();

    for (let time = 0; time < 20; time++) {
      assertEquals(await ask(), { tag: 200, blob: 200 });
      await Deno.rename(place, `${elsewhere.path}/original`);
      await Deno.symlink(`${elsewhere.path}/copy`, place);
      const answers = { ...await ask(), push: await send("PUT", "manifests/latest", indexOf(`new ${time}`).text) };
      await Deno.remove(place);
      await Deno.rename(`${elsewhere.path}/original`, place);
      assertEquals([answers, elsewhere.tree()], [{ tag, blob, push }, before]);
    }
  });
}
