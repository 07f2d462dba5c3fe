/**
 * The rows of the table: each is a kind of work that all servers get.
 *
 * A row starts with empty servers. They get the content that it needs, and are then measured in turn, in several
 * rounds.
 *
 * @module
 */

import { TYPES } from "../../fixture.ts";
import {
  CLIENTS,
  expectContent,
  type Pages,
  pullOfImage,
  pushOfBlob,
  pushOfImage,
  pushOfManifest,
  putBlobs,
  putImages,
  putLargeBlob,
  walkNames,
  walkReferrers,
} from "./arrange.ts";
import {
  blobOf,
  cutIntoChunks,
  descriptorOf,
  GIB,
  KIB,
  type LargeBlob,
  makeImages,
  makeLargeBlob,
  manifestOf,
  MIB,
  randomBlob,
  renewLargeBlob,
  type SmallBlob,
} from "./content.ts";
import { deal, type Load, type Request } from "./load.ts";
import { type Ability, memoryOf, type Program, type Server } from "./servers.ts";

/** The amount of work. */
export interface Scale {
  /** The time for small requests. */
  readonly seconds: number;
  readonly largeBlob: number;
  readonly smallBlobs: number;
  readonly images: number;
  readonly mounts: number;
  readonly tags: number;
  readonly referrers: number;
  readonly repositories: number;
  /** The size of the blob that is pushed during pulls of manifests, and its bytes per second. */
  readonly push: { readonly size: number; readonly perSecond: number };
  /** The size of the blob that goes in and out while the memory is measured. */
  readonly hugeBlob: number;
  /** The numbers of repositories or tags for the rows about growth. */
  readonly growth: readonly number[];
}

/** The scale of the table in README.md beside this file. */
export const FULL: Scale = {
  seconds: 3,
  largeBlob: 256 * MIB,
  smallBlobs: 2000,
  images: 500,
  mounts: 500,
  tags: 10_000,
  referrers: 1000,
  repositories: 5000,
  push: { size: GIB, perSecond: 256 * MIB },
  hugeBlob: 2 * GIB,
  growth: [1, 10, 100, 1000, 10_000],
};

/** A scale for a quick look. */
export const QUICK: Scale = {
  seconds: 1,
  largeBlob: 64 * MIB,
  smallBlobs: 400,
  images: 100,
  mounts: 100,
  tags: 1000,
  referrers: 100,
  repositories: 500,
  push: { size: 256 * MIB, perSecond: 128 * MIB },
  hugeBlob: 512 * MIB,
  growth: [1, 10, 100, 1000],
};

/** The tools for a row. */
export interface Bench {
  readonly load: Load;
  readonly scale: Scale;
  /** A folder for the content to push. */
  readonly folder: string;
  /** Starts one more server of a program, over a folder of its own. */
  readonly start: (program: Program) => Promise<Server>;
}

/** A row of the table. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  /** Says if more is better, or less. */
  readonly better: "more" | "less";
  /** The programs that the row measures: Glassbox and its peers, or some others too, or Glassbox alone. */
  readonly programs:
    | "peers"
    | "and the limit"
    | "and the limit, behind nginx"
    | "and without sync"
    | "Glassbox alone"
    | "about the page";
  /** The abilities that a registry needs for it. */
  readonly needs: readonly Ability[];
  readonly work: (bench: Bench) => Promise<Work> | Work;
}

/** The work of a row. */
export interface Work {
  /** Puts the needed content on a server. This is not measured. */
  arrange?(server: Server): Promise<void>;
  /** Makes new content for a round, the same for all servers. */
  renew?(): Promise<void> | void;
  /** Does the work. Returns a figure in the unit of the row. */
  measure(server: Server): Promise<number>;
}

// The size of a chunk of a push in chunks.
const CHUNK = 16 * MIB;
// Small requests go to this many images in turn, like the requests of different clients.
const PULLED_IMAGES = 20;
// The number of large blobs that are pulled at once.
const AT_ONCE = 8;

/** Returns all rows for a scale. */
export function rowsOf(scale: Scale): Row[] {
  const { largeBlob, smallBlobs, images, mounts, tags, referrers, repositories, push, hugeBlob } = scale;
  const large = sizeOf(largeBlob);
  // deno-fmt-ignore
  return [
    row("manifest GET by tag",                                "requests/s", "and the limit",    pullManifests("tag")),
    row("manifest GET by digest",                             "requests/s", "and the limit",    pullManifests("digest")),
    row("manifest HEAD",                                      "requests/s", "and the limit",    headManifest),
    row("blob HEAD",                                          "requests/s", "and the limit",    headBlob),
    row("blob GET, 64 KiB",                                   "MiB/s",      "and the limit",    pullBlobs(64 * KIB, 16)),
    row("blob GET, 1 MiB",                                    "MiB/s",      "and the limit",    pullBlobs(MIB, 4)),
    row(`blob GET, ${large}`,                                 "MiB/s",      "and the limit, behind nginx", pullLarge(1)),
    row(`blob GET, ${AT_ONCE} x ${large} at once`,            "MiB/s",      "and the limit, behind nginx", pullLarge(AT_ONCE)),
    row(`blob push, ${large}, POST and PUT`,                  "MiB/s",      "and without sync", pushLarge("put")),
    row(`blob push, ${large}, PATCH stream`,                  "MiB/s",      "and without sync", pushLarge("patch")),
    row(`blob push, ${large}, chunks of ${sizeOf(CHUNK)}`,    "MiB/s",      "and without sync", pushLarge("chunks")),
    row(`blob push, ${smallBlobs} of 4 KiB, ${CLIENTS} clients`, "blobs/s", "and without sync", pushSmall),
    row(`image push, ${images} small, ${CLIENTS} clients`,    "images/s",   "and without sync", pushImages),
    row(`image pull, ${images} small, ${CLIENTS} clients`,    "images/s",   "and the limit",    pullImages),
    row(`mount of ${mounts} blobs, ${CLIENTS} clients`,       "mounts/s",   "and without sync", mountBlobs, ["mount"]),
    row(`tag list, ${tags} in pages of 100`,                  "pages/s",    "peers",            listTags(tags), ["pages of tags"]),
    row(`referrers of a subject with ${referrers}`,           "lists/s",    "peers",            listReferrers(referrers), ["referrers"]),
    row(`catalog, ${repositories} in pages of 100`,           "pages/s",    "peers",            listCatalog(repositories), ["pages of repositories"]),
    row(`manifest GET during a push of ${sizeOf(push.size)}`, "requests/s", "peers",            pullDuringPush, ["push"]),
    less("start to the first 200",                            "ms",         startAnew),
    less("memory, idle",                                      "MiB",        idleMemory),
    less(`memory, ${sizeOf(hugeBlob)} in and out`,            "MiB",        busyMemory),
    row("page: manifest GET by digest",                       "requests/s", "about the page",   seen(pullManifests("digest"))),
    row(`page: image push, ${images} small, ${CLIENTS} clients`, "images/s", "about the page",  seen(pushImages)),
    ...scale.growth.map((count) => row(`growth: image push beside ${count} tags`,    "images/s", "Glassbox alone", pushBeside(count))),
    ...scale.growth.map((count) => row(`growth: a page of ${count} tags`,            "pages/s",  "Glassbox alone", listTags(count))),
    ...scale.growth.map((count) => row(`growth: all of ${count} referrers`,          "lists/s",  "Glassbox alone", listReferrers(count))),
    ...scale.growth.map((count) => row(`growth: a page of ${count} repositories`,    "pages/s",  "Glassbox alone", listCatalog(count))),
  ];
}

function row(
  name: string,
  unit: string,
  programs: Row["programs"],
  work: Row["work"],
  needs: readonly Ability[] = [],
): Row {
  return { name, unit, better: "more", programs, needs, work };
}

function less(name: string, unit: string, work: Row["work"]): Row {
  return { name, unit, better: "less", programs: "peers", needs: [], work };
}

function sizeOf(bytes: number): string {
  const [size, unit] = bytes >= GIB ? [bytes / GIB, "GiB"] : bytes >= MIB ? [bytes / MIB, "MiB"] : [bytes / KIB, "KiB"];
  return `${size} ${unit}`;
}

function pullManifests(by: "tag" | "digest") {
  return ({ load, scale }: Bench): Work => {
    const images = makeImages(PULLED_IMAGES);
    const paths = images.map(({ repository, tag, manifest }) =>
      `/v2/${repository}/manifests/${by === "tag" ? tag : manifest.digest}`
    );
    const leastBytes = Math.min(...images.map(({ manifest }) => manifest.bytes.length));
    return {
      async arrange(server) {
        await putImages(load, server, images);
        for (const [number, path] of paths.entries()) await expectContent(server, path, images[number].manifest);
      },
      measure: (server) => load.repeat(server, paths, scale.seconds, leastBytes),
    };
  };
}

// Lets somebody look at the page of the server that has one open: it reads all that `/live` tells.
function seen(work: (bench: Bench) => Work): (bench: Bench) => Work {
  return (bench) => {
    const { arrange, ...others } = work(bench);
    return {
      ...others,
      async arrange(server) {
        await arrange?.(server);
        if (server.program.part !== "page open") return;
        const { body } = await fetch(`${server.url}/live?after=now`);
        // It ends with the server.
        body!.pipeTo(new WritableStream()).catch(() => {});
      },
    };
  };
}

function headManifest({ load, scale }: Bench): Work {
  const [image] = makeImages(1);
  const path = `/v2/${image.repository}/manifests/${image.tag}`;
  return {
    async arrange(server) {
      await putImages(load, server, [image]);
      await expectContent(server, path, image.manifest);
    },
    measure: (server) => load.repeatHead(server, path, scale.seconds),
  };
}

function headBlob({ load, scale }: Bench): Work {
  const blob = randomBlob(4 * KIB);
  const path = `/v2/bench/content/blobs/${blob.digest}`;
  return {
    async arrange(server) {
      await putBlobs(load, server, "bench/content", [blob]);
      await expectContent(server, path, blob);
    },
    measure: (server) => load.repeatHead(server, path, scale.seconds),
  };
}

function pullBlobs(size: number, count: number) {
  return ({ load, scale }: Bench): Work => {
    const blobs = Array.from({ length: count }, () => randomBlob(size));
    const paths = blobs.map(({ digest }) => `/v2/bench/content/blobs/${digest}`);
    return {
      async arrange(server) {
        await putBlobs(load, server, "bench/content", blobs);
        for (const [number, path] of paths.entries()) await expectContent(server, path, blobs[number]);
      },
      measure: async (server) => await load.repeat(server, paths, scale.seconds, size) * size / MIB,
    };
  };
}

function pullLarge(atOnce: number) {
  return async ({ load, scale, folder }: Bench): Promise<Work> => {
    const blob = await makeLargeBlob(`${folder}/large`, scale.largeBlob);
    const path = `/v2/bench/large/blobs/${blob.digest}`;
    return {
      async arrange(server) {
        await putLargeBlob(load, server, "bench/large", blob);
        await expectContent(server, path, blob);
      },
      async measure(server) {
        if (atOnce === 1) return blob.size / MIB / await load.pull(server, path, blob.size);
        const start = performance.now();
        await Promise.all(Array.from({ length: atOnce }, () => load.pull(server, path, blob.size)));
        return atOnce * blob.size / MIB / ((performance.now() - start) / 1000);
      },
    };
  };
}

function pushLarge(way: "put" | "patch" | "chunks") {
  return async ({ load, scale, folder }: Bench): Promise<Work> => {
    let blob: LargeBlob = await makeLargeBlob(`${folder}/large`, scale.largeBlob);
    let chunks: readonly string[] = [];
    const push = (server: Server) => {
      if (way === "put") return load.pushByPut(server, "bench/large", blob);
      if (way === "patch") return load.pushByPatch(server, "bench/large", blob);
      return load.pushInChunks(server, "bench/large", blob, chunks);
    };
    return {
      async renew() {
        blob = await renewLargeBlob(blob);
        if (way === "chunks") chunks = await cutIntoChunks(blob, CHUNK);
      },
      measure: async (server) => blob.size / MIB / await push(server),
    };
  };
}

function pushSmall({ load, scale }: Bench): Work {
  let blobs: readonly SmallBlob[];
  return {
    renew() {
      blobs = Array.from({ length: scale.smallBlobs }, () => randomBlob(4 * KIB));
    },
    async measure(server) {
      const jobs = blobs.map((blob) => pushOfBlob("bench/small", blob));
      return blobs.length / await load.play(server, deal(jobs, CLIENTS));
    },
  };
}

function pushImages({ load, scale }: Bench): Work {
  let jobs: readonly Request[][];
  return {
    renew() {
      jobs = makeImages(scale.images).map(pushOfImage);
    },
    measure: async (server) => jobs.length / await load.play(server, deal(jobs, CLIENTS)),
  };
}

function pullImages({ load, scale }: Bench): Work {
  const images = makeImages(scale.images);
  return {
    arrange: (server) => putImages(load, server, images),
    measure: async (server) => images.length / await load.play(server, deal(images.map(pullOfImage), CLIENTS)),
  };
}

function mountBlobs({ load, scale }: Bench): Work {
  const blobs = Array.from({ length: scale.mounts }, () => randomBlob(4 * KIB));
  let round = 0;
  return {
    arrange: (server) => putBlobs(load, server, "bench/source", blobs),
    renew() {
      round++;
    },
    async measure(server) {
      const jobs = blobs.map(({ digest }): Request[] => {
        const path = `/v2/bench/target-${round}/blobs/uploads/?mount=${digest}&from=bench/source`;
        return [{ method: "POST", path, body: new Uint8Array(), status: 201 }];
      });
      return blobs.length / await load.play(server, deal(jobs, CLIENTS));
    },
  };
}

function listTags(count: number) {
  return ({ load, scale }: Bench): Work => {
    const pages = new Map<Server, Pages>();
    return {
      async arrange(server) {
        await putTags(load, server, "bench/tagged", count);
        pages.set(server, await walkNames(server, "/v2/bench/tagged/tags/list", "tags", count));
      },
      measure(server) {
        const { paths, leastBytes } = pages.get(server)!;
        return load.repeat(server, paths, scale.seconds, leastBytes);
      },
    };
  };
}

// All tags point to the same manifest.
async function putTags(load: Load, server: Server, repository: string, count: number): Promise<void> {
  const config = blobOf("{}");
  const manifest = manifestOf(config, []);
  await load.play(server, [pushOfBlob(repository, config)]);
  const jobs = Array.from({ length: count }, (_, number) => [pushOfManifest(repository, `v${number}`, manifest)]);
  await load.play(server, deal(jobs, CLIENTS));
}

function listReferrers(count: number) {
  return ({ load, scale }: Bench): Work => {
    const config = blobOf("{}");
    const subject = manifestOf(config, []);
    const referrerPushes = Array.from({ length: count }, (_, number) => {
      const about = {
        artifactType: "text/x-note",
        subject: descriptorOf(subject, TYPES.image),
        annotations: { number: `${number}` },
      };
      const manifest = manifestOf(config, [], about);
      return pushOfManifest("bench/noted", manifest.digest, manifest);
    });
    const pages = new Map<Server, Pages>();
    return {
      async arrange(server) {
        // One client pushes them, because olareg loses referrers of one subject that are pushed at the same time.
        const pushes = [...pushOfBlob("bench/noted", config), pushOfManifest("bench/noted", subject.digest, subject)];
        await load.play(server, [[...pushes, ...referrerPushes]]);
        pages.set(server, await walkReferrers(server, `/v2/bench/noted/referrers/${subject.digest}`, count));
      },
      async measure(server) {
        const { paths, leastBytes } = pages.get(server)!;
        // A list in two pages needs two requests.
        return await load.repeat(server, paths, scale.seconds, leastBytes) / paths.length;
      },
    };
  };
}

function listCatalog(count: number) {
  return ({ load, scale }: Bench): Work => {
    const config = blobOf("{}");
    const manifest = manifestOf(config, []);
    const jobs = Array.from({ length: count }, (_, number) => {
      const repository = `bench/app-${number}`;
      return [...pushOfBlob(repository, config), pushOfManifest(repository, "latest", manifest)];
    });
    const pages = new Map<Server, Pages>();
    return {
      async arrange(server) {
        await load.play(server, deal(jobs, CLIENTS));
        pages.set(server, await walkNames(server, "/v2/_catalog", "repositories", count));
      },
      measure(server) {
        const { paths, leastBytes } = pages.get(server)!;
        return load.repeat(server, paths, scale.seconds, leastBytes);
      },
    };
  };
}

// The push has the same limited rate for all servers. So all have the same work, and no push ends before the pulls of
// manifests do. Each round pushes the same blob, so that the folder does not grow.
async function pullDuringPush(bench: Bench): Promise<Work> {
  const { load, scale: { push }, folder } = bench;
  const blob = await makeLargeBlob(`${folder}/pushed`, push.size);
  const { arrange, measure } = pullManifests("tag")(bench);
  return {
    arrange,
    async measure(server) {
      let isPushed = false;
      const pushed = load.pushByPut(server, "bench/large", blob, push.perSecond).then(() => isPushed = true);
      const pulled = measure(server).then((figure) => {
        if (isPushed) throw new Error("the push was over before the pulls were");
        return figure;
      });
      const [figure] = await Promise.all([pulled, pushed]);
      return figure;
    },
  };
}

function startAnew({ start }: Bench): Work {
  return {
    async measure({ program }) {
      await using server = await start(program);
      return server.startMilliseconds;
    },
  };
}

function idleMemory({ start }: Bench): Work {
  return {
    async measure({ program }) {
      await using server = await start(program);
      return (await memoryOf(server)).now;
    },
  };
}

async function busyMemory({ load, scale, folder, start }: Bench): Promise<Work> {
  const blob = await makeLargeBlob(`${folder}/huge`, scale.hugeBlob);
  return {
    async measure({ program }) {
      await using server = await start(program);
      const path = await putLargeBlob(load, server, "bench/huge", blob);
      await load.pull(server, path, blob.size);
      return (await memoryOf(server)).most;
    },
  };
}

// Each round has new images, which replace the old ones under their tags, so that the number of tags stays the same.
function pushBeside(count: number) {
  return ({ load }: Bench): Work => {
    let jobs: readonly Request[][];
    return {
      arrange: (server) => putTags(load, server, "bench/tagged", count),
      renew() {
        jobs = makeImages(100, () => "bench/tagged").map(pushOfImage);
      },
      measure: async (server) => jobs.length / await load.play(server, deal(jobs, CLIENTS)),
    };
  };
}
