/**
 * The world of the page's tests: a real Glassbox, filled by real clients and by hand, and a browser.
 *
 *     library/hello     latest, v1    gzip layers, by skopeo              library/both     v1    an index of two platforms
 *     library/zstd      v1            zstd layers                         library/hello          a note refers to the image
 *     library/tools     v1            layers of files of this machine, packed by GNU tar, with links and what they remove
 *     hostile/*         v1            names, annotations and files that look like HTML, and escapes of terminals
 *
 * @module
 */

import { pushSample } from "../../../src/workshop/samples/pushing.ts";
import type { Glassbox } from "../clients/glassbox.ts";
import type { Workbench } from "../clients/workbench.ts";
import type { Browser, TabOptions } from "./browser.ts";
import { Tab } from "./browser.ts";
import type { Checks } from "./checks.ts";
import { Pusher } from "./pushing.ts";

/** What all checks have. */
export interface World {
  /** The checks. */
  readonly checks: Checks;
  /** The browser. */
  readonly browser: Browser;
  /** The clients, and their folder. */
  readonly bench: Workbench;
  /** The registry. */
  readonly glassbox: Glassbox;
  /** Its address, such as `http://127.0.0.1:44957`. */
  readonly origin: string;
}

/** Opens a tab for the world's registry. */
export function openTab({ browser, origin }: World, options: TabOptions = {}): Promise<Tab> {
  return Tab.open(browser, origin, options);
}

/** Copies an image of the layout with skopeo. */
export async function copyWithSkopeo({ bench, glassbox }: World, ref: string, reference: string): Promise<void> {
  const flags = ["--insecure-policy", "copy", "--all", "--dest-tls-verify=false"];
  const [from, to] = [`oci:${bench.images.layout}:${ref}`, `docker://${glassbox.address}/${reference}`];
  await bench.run(...bench.hiding(["/var/lib"], "skopeo", ...flags, from, to));
}

/** Fills the registry. Everything that the checks look at is there then. */
export async function fill(world: World): Promise<void> {
  await pushSamples(world);
  await copyWithSkopeo(world, "gzip", "library/hello:v1");
  await copyWithSkopeo(world, "gzip", "library/hello:latest");
  await copyWithSkopeo(world, "zstd", "library/zstd:v1");
  await copyWithSkopeo(world, "all", "library/both:v1");
  await copyWithSkopeo(world, "note", "library/hello:note");
  await pushTools(world);
}

// What is stored like an image and is none, and what is said about an image.
async function pushSamples({ origin }: World): Promise<void> {
  const registry = (request: Request) => fetch(origin + request.url.slice(new URL(request.url).origin.length), request);
  for (const name of ["attestations", "referrers", "helm-chart", "wasm"]) await pushSample(registry, name);
}

/** The tar archives of the layers of `library/tools`, from the lowest. */
export const TOOLS_LAYERS = ["tools-0.tar", "tools-1.tar", "tools-2.tar"];

// A layer as a builder would make it, one that changes it, and one that removes. GNU tar packs them.
async function pushTools({ bench, origin }: World): Promise<void> {
  const script = `
    set -e
    mkdir -p base/etc base/usr/share/doc base/var/cache change/etc remove/etc remove/var/cache
    cp -a /usr/share/doc/liba* base/usr/share/doc/ 2>/dev/null || true
    cp /bin/busybox base/usr/tool && ln base/usr/tool base/usr/hard && ln -s tool base/usr/soft
    printf 'You can see through this.\\n' > base/etc/motd
    printf 'old\\n' > base/etc/passwd && chmod 600 base/etc/passwd
    printf 'cached\\n' > base/var/cache/list
    mkdir -p "base/usr/share/a folder with a name that is longer than the hundred characters which the oldest format of tar archives has for it"
    printf 'far away\\n' > "base/usr/share/a folder with a name that is longer than the hundred characters which the oldest format of tar archives has for it/Größe"
    printf 'You can see through this, too.\\n' > change/etc/motd
    printf '{"a":[1,2,3]}\\n' > change/etc/settings.json
    : > remove/etc/.wh.passwd
    : > remove/var/cache/.wh..wh..opq
    for part in base change remove; do
      tar --sort=name --mtime=@1700000000 --owner=0 --group=0 --numeric-owner -cf $part.tar -C $part .
    done
    mv base.tar tools-0.tar && mv change.tar tools-1.tar && mv remove.tar tools-2.tar`;
  await bench.run("sh", "-c", script);
  const layers = TOOLS_LAYERS.map((name) => Deno.readFileSync(`${bench.folder}/${name}`));
  await new Pusher(origin, { agent: "page-test/1" }).image("library/tools", {
    layers,
    tags: ["v1"],
    config: {
      created: "2023-11-14T22:13:20Z",
      author: "the tests",
      config: { Cmd: ["/usr/tool"], Env: ["PATH=/usr"], Labels: { purpose: "to be looked at" } },
      history: [
        { created: "2023-11-14T22:13:20Z", created_by: "COPY base /" },
        { created: "2023-11-14T22:13:20Z", created_by: "COPY change /" },
        { created: "2023-11-14T22:13:20Z", created_by: "RUN rm /etc/passwd && rm -r /var/cache" },
      ],
    },
    fields: { annotations: { "org.opencontainers.image.title": "Tools" } },
  });
}
