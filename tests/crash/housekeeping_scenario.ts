/**
 * The second scenario of the crash drill: the garbage collection, the quarantine of verify, the expiry of uploads, and before
 * these two pushes into folders that are there already.
 *
 *     library/hello      an image that a tag needs; a blob and four manifests that nothing needs; a blob that a client asks for
 *                        while gc removes what nobody has used; an upload that goes on, and one that has expired
 *     library/single     only a blob that nothing needs
 *     library/broken     a blob and a manifest whose bytes have changed
 *     library/waiting    only an upload that has expired
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { dirname } from "node:path";
import { collectGarbage } from "../../src/housekeeping/collect_garbage.ts";
import { expireUploads } from "../../src/housekeeping/expire_uploads.ts";
import { verify } from "../../src/housekeeping/verify.ts";
import { descriptorOf, digestOf, TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";
import type { Scenario, Send } from "./scenario.ts";

const HELLO = "/v2/library/hello";
const LAYER = "the bytes of a layer";
const CONFIG = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } });
const image = (version: string) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: descriptorOf(CONFIG, TYPES.config),
    layers: [descriptorOf(LAYER, TYPES.layer)],
    annotations: { version },
  });
const TAGGED = image("tagged");
const CHILD = image("untagged");
const index = (fields: object) =>
  JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [], ...fields });
const PARENT = index({ manifests: [descriptorOf(CHILD, TYPES.image)] });
const NOTE = index({ artifactType: "text/x-note", subject: descriptorOf(CHILD, TYPES.image) });
const GRANDPARENT = index({ manifests: [descriptorOf(PARENT, TYPES.index)] });
const EMPTY = index({});
const UNTAGGED = [CHILD, PARENT, NOTE, GRANDPARENT];

const UNNEEDED = "a blob that nothing needs";
const USED = "a blob that a client asks for at the last moment";
const RIGHT = "right";
const WRONG = "wrong";

const blob = (name: string, content: string) => `/v2/${name}/blobs/${digestOf(content)}`;
const manifest = (content: string) => `${HELLO}/manifests/${digestOf(content)}`;
const BROKEN = `/v2/library/broken/manifests/${digestOf(EMPTY)}`;

// Session ids that are the same in the victim and in the drill.
const LIVE = "00000000-0000-4000-8000-000000000001";
const EXPIRED = "00000000-0000-4000-8000-000000000002";

/** Housekeeping as a scenario. */
export const HOUSEKEEPING: Scenario = {
  async prepare(send, root) {
    for (const content of [LAYER, CONFIG, UNNEEDED, USED]) await pushBlob(send, "library/hello", content);
    await pushBlob(send, "library/single", UNNEEDED);
    await pushBlob(send, "library/broken", RIGHT);
    for (const content of UNTAGGED) await pushManifest(send, manifest(content), content);
    await pushManifest(send, `${HELLO}/manifests/latest`, TAGGED);
    await pushManifest(send, BROKEN, EMPTY);
    for (const session of [`library/hello/_uploads/${EXPIRED}`, `library/waiting/_uploads/${EXPIRED}`]) {
      write(`${root}/${session}`, "expired");
    }
    for (const path of new Folder(root).tree()) age(`${root}/${path}`);
    write(`${root}/library/hello/_uploads/${LIVE}`, "live");
    // gc spares a blob that was used just now, and all content of a repository with a manifest that it cannot read.
    Deno.writeTextFileSync(`${root}/library/broken/${digestOf(RIGHT)}/blob`, WRONG);
    Deno.writeTextFileSync(`${root}/library/broken/${digestOf(EMPTY)}/manifest.json`, WRONG);
  },
  initially: {
    [`${HELLO}/manifests/latest`]: TAGGED,
    [manifest(TAGGED)]: TAGGED,
    ...Object.fromEntries(UNTAGGED.map((content) => [manifest(content), content])),
    ...Object.fromEntries([LAYER, CONFIG, UNNEEDED, USED].map((content) => [blob("library/hello", content), content])),
    [blob("library/single", UNNEEDED)]: UNNEEDED,
    [blob("library/broken", RIGHT)]: WRONG,
    [BROKEN]: WRONG,
    [`${HELLO}/blobs/uploads/${LIVE}`]: "0-3",
    [`${HELLO}/blobs/uploads/${EXPIRED}`]: undefined,
  },
  operations: [
    {
      sentence: "push a blob that is there already",
      changes: {},
      run: (send) => send("POST", `${HELLO}/blobs/uploads/?digest=${digestOf(LAYER)}`, { body: LAYER }),
    },
    {
      sentence: "push a blob with the bytes of a manifest",
      changes: { [blob("library/hello", TAGGED)]: TAGGED },
      run: (send) => send("POST", `${HELLO}/blobs/uploads/?digest=${digestOf(TAGGED)}`, { body: TAGGED }),
    },
    {
      sentence: "collect the garbage",
      changes: {
        ...Object.fromEntries(UNTAGGED.map((content) => [manifest(content), undefined])),
        [blob("library/hello", UNNEEDED)]: undefined,
        [blob("library/single", UNNEEDED)]: undefined,
      },
      run: async (_send, disk) => Response.json(await Array.fromAsync(collectGarbage(disk, { untagged: true }))),
    },
    {
      sentence: "verify, and move what is corrupt away",
      changes: { [blob("library/broken", RIGHT)]: undefined, [BROKEN]: undefined },
      run: async (_send, disk) => Response.json(await Array.fromAsync(verify(disk, { quarantine: true }))),
    },
    {
      sentence: "let uploads expire",
      changes: {},
      run: async (_send, disk) => Response.json(await expireUploads(disk)),
    },
  ],
  // A client asks for a blob at the last moment at which it can find it.
  watch({ when, kind, path }, root) {
    const file = `library/hello/${digestOf(USED)}/blob`;
    if (when !== "before" || kind !== "rename" || !path.startsWith(dirname(file)) || path === file) return;
    Deno.utimeSync(`${root}/${file}`, new Date(), new Date());
  },
  damaged: "library/broken",
};

async function pushBlob(send: Send, name: string, content: string): Promise<void> {
  const { status } = await send("POST", `/v2/${name}/blobs/uploads/?digest=${digestOf(content)}`, { body: content });
  assertEquals(status, 201);
}

async function pushManifest(send: Send, url: string, content: string): Promise<void> {
  const headers = { "Content-Type": JSON.parse(content).mediaType };
  const { status } = await send("PUT", url, { body: content, headers });
  assertEquals(status, 201);
}

function write(session: string, text: string): void {
  Deno.mkdirSync(session, { recursive: true });
  Deno.writeTextFileSync(`${session}/data`, text);
}

/** Makes a file look as if nobody had used it for more than a day. */
export function age(path: string): void {
  const then = new Date(Date.now() - 25 * 60 * 60 * 1000);
  Deno.utimeSync(path, then, then);
}
