/**
 * The first scenario of the crash drill: pushes, mounts, moves and deletes, one after the other, as a client would do them. The
 * second one is in `housekeeping_scenario.ts`.
 *
 * Each operation says beforehand what it will change for a client: a URL, and the text behind it (or nothing). So a
 * program that looks at the folder after a crash knows what has to be there. Each acknowledged change is there. A
 * change that was under way is either done or not done, and nothing in between.
 *
 * @module
 */

import type { Disk } from "../../src/disk/disk.ts";
import type { Step } from "../../src/disk/watching.ts";
import { descriptorOf, digestOf, TYPES } from "../fixture.ts";

/** Sends a request to the registry. */
export type Send = (method: string, path: string, init?: RequestInit) => Promise<Response>;

/** What the drill plays. */
export interface Scenario {
  /** Makes what is there at the beginning, before the drill counts the steps. */
  prepare(send: Send, root: string): Promise<void>;
  /** The text that a client then finds behind URLs, as in {@linkcode Operation.changes}. */
  readonly initially: Readonly<Record<string, string | undefined>>;
  /** What is done then, one after the other. */
  readonly operations: readonly Operation[];
  /** Is called at each step on disk. */
  watch?(step: Step, root: string): void;
  /** The folder in which `verify` may find faults. */
  readonly damaged?: string;
}

/** One thing that a client or an operator does. */
export interface Operation {
  /** The text that describes it to people. */
  readonly sentence: string;
  /** The text that a client then finds behind each changed URL; `undefined` if it finds nothing. */
  readonly changes: Readonly<Record<string, string | undefined>>;
  /** Does it. */
  run(send: Send, disk: Disk): Promise<Response>;
}

const LAYER = "the bytes of a layer";
const CONFIG = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } });
const image = (annotations: Record<string, string>) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: descriptorOf(CONFIG, TYPES.config),
    layers: [descriptorOf(LAYER, TYPES.layer)],
    annotations,
  });
const FIRST = image({ version: "1" });
const SECOND = image({ version: "2" });
const SIGNATURE = JSON.stringify({
  ...JSON.parse(image({})),
  artifactType: "application/vnd.example.signature",
  subject: descriptorOf(FIRST, TYPES.image),
});

const AS_IMAGE = { "Content-Type": TYPES.image };
const HELLO = "/v2/library/hello";
const OTHER = "/v2/library/other";

/** The requests, in their order. */
export const OPERATIONS: readonly Operation[] = [
  {
    sentence: "push a layer in two chunks",
    changes: { [`${HELLO}/blobs/${digestOf(LAYER)}`]: LAYER },
    async run(send) {
      const opened = await send("POST", `${HELLO}/blobs/uploads/`);
      const location = opened.headers.get("Location")!;
      await send("PATCH", location, { body: LAYER.slice(0, 7), headers: { "Content-Range": "0-6" } });
      await send("PATCH", location, { body: LAYER.slice(7), headers: { "Content-Range": `7-${LAYER.length - 1}` } });
      return await send("PUT", `${location}?digest=${digestOf(LAYER)}`);
    },
  },
  {
    sentence: "push a config in one request",
    changes: { [`${HELLO}/blobs/${digestOf(CONFIG)}`]: CONFIG },
    run: (send) => send("POST", `${HELLO}/blobs/uploads/?digest=${digestOf(CONFIG)}`, { body: CONFIG }),
  },
  {
    sentence: "mount the layer into another repository",
    changes: { [`${OTHER}/blobs/${digestOf(LAYER)}`]: LAYER },
    run: (send) => send("POST", `${OTHER}/blobs/uploads/?mount=${digestOf(LAYER)}&from=library/hello`),
  },
  {
    sentence: "push a manifest under the tag v1",
    changes: { [`${HELLO}/manifests/${digestOf(FIRST)}`]: FIRST, [`${HELLO}/manifests/v1`]: FIRST },
    run: (send) => send("PUT", `${HELLO}/manifests/v1`, { body: FIRST, headers: AS_IMAGE }),
  },
  {
    sentence: "push a signature of it",
    changes: { [`${HELLO}/manifests/${digestOf(SIGNATURE)}`]: SIGNATURE },
    run: (send) => send("PUT", `${HELLO}/manifests/${digestOf(SIGNATURE)}`, { body: SIGNATURE, headers: AS_IMAGE }),
  },
  {
    sentence: "push another manifest, which takes the tag v1, and v2 with it",
    changes: {
      [`${HELLO}/manifests/${digestOf(SECOND)}`]: SECOND,
      [`${HELLO}/manifests/v1`]: SECOND,
      [`${HELLO}/manifests/v2`]: SECOND,
    },
    run: (send) =>
      send("PUT", `${HELLO}/manifests/${digestOf(SECOND)}?tag=v1&tag=v2`, { body: SECOND, headers: AS_IMAGE }),
  },
  {
    sentence: "begin an upload and cancel it",
    changes: {},
    async run(send) {
      const opened = await send("POST", `${HELLO}/blobs/uploads/`);
      await send("PATCH", opened.headers.get("Location")!, { body: "left over" });
      return await send("DELETE", opened.headers.get("Location")!);
    },
  },
  {
    sentence: "delete the tag v2",
    changes: { [`${HELLO}/manifests/v2`]: undefined },
    run: (send) => send("DELETE", `${HELLO}/manifests/v2`),
  },
  {
    sentence: "delete the signature",
    changes: { [`${HELLO}/manifests/${digestOf(SIGNATURE)}`]: undefined },
    run: (send) => send("DELETE", `${HELLO}/manifests/${digestOf(SIGNATURE)}`),
  },
  {
    sentence: "delete the second manifest, and the tag v1 with it",
    changes: { [`${HELLO}/manifests/${digestOf(SECOND)}`]: undefined, [`${HELLO}/manifests/v1`]: undefined },
    run: (send) => send("DELETE", `${HELLO}/manifests/${digestOf(SECOND)}`),
  },
  {
    sentence: "delete the mounted layer",
    changes: { [`${OTHER}/blobs/${digestOf(LAYER)}`]: undefined },
    run: (send) => send("DELETE", `${OTHER}/blobs/${digestOf(LAYER)}`),
  },
];

/** The requests as a scenario: nothing is there at the beginning. */
export const REQUESTS: Scenario = { prepare: () => Promise.resolve(), initially: {}, operations: OPERATIONS };
