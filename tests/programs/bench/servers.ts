/**
 * The servers that are measured. Each starts over an empty folder on a free port, and some cannot do everything.
 *
 *     await using server = await start(PROGRAMS[0], folder);
 *     await fetch(`${server.url}/v2/`);
 *
 * All listen on 127.0.0.1 only, and log nothing but errors.
 *
 * @module
 */

import { type CommandLine, parseCommandLine } from "../../../src/serving/command_line.ts";
import { permissionFlags } from "../../../src/serving/permissions.ts";
import { end, outputOf } from "../processes.ts";

/** The abilities that some registries lack. */
export type Ability = "mount" | "pages of tags" | "pages of repositories" | "referrers" | "push";

/** A program that can be measured. */
export interface Program {
  /** The name of its column. */
  readonly name: string;
  /**
   * Its part: Glassbox is compared with each `peer`; the `limit` is the best that any program could reach. `behind nginx` is Glassbox
   * with an nginx in front that sends the blobs. `without page` is Glassbox with `--no-page`, and `page open` is Glassbox while
   * somebody looks at the page.
   */
  readonly part: "glassbox" | "without sync" | "behind nginx" | "without page" | "page open" | "peer" | "limit";
  /** The file that is run. */
  readonly file: string;
  /** The command that installs it. */
  readonly install: string;
  /** The arguments that make it print its version. */
  readonly versionArgs: readonly string[];
  /** The abilities that it lacks, each with what it does instead. */
  readonly lacks: Partial<Record<Ability, string>>;
  /** A note about its figures. */
  readonly note?: string;
  /** The status with which it answers a PATCH, if it is not the one of the spec. */
  readonly patched?: number;
  /** Returns the arguments that start it. First writes the files that it needs. */
  readonly args: (place: Place) => Promise<readonly string[]>;
  /** The nginx in front of it, if there is one: returns its arguments. First writes the files that it needs. */
  readonly front?: (place: Place, behind: Place) => Promise<readonly string[]>;
}

/** The port and the paths of a server. */
export interface Place {
  /** The port to listen on. */
  readonly port: number;
  /** An empty folder for its content. */
  readonly root: string;
  /** A path for its configuration, if it needs one. */
  readonly config: string;
}

/** A server that runs. */
export interface Server extends AsyncDisposable {
  readonly program: Program;
  readonly url: string;
  readonly root: string;
  /** The time from the start of its process to the first 200, in milliseconds. */
  readonly startMilliseconds: number;
  readonly pid: number;
}

const PROJECT = new URL("../../../", import.meta.url).pathname;

// The longest time for a server to start.
const PATIENCE = 20_000;

function glassbox(name: string, part: Program["part"], ...others: readonly string[]): Program {
  return {
    name,
    part,
    file: Deno.execPath(),
    install: "npm install -g deno@2.9.6",
    versionArgs: ["--version"],
    lacks: {},
    args: ({ port, root }) => {
      const flags = ["--port", String(port), "--root", root, "--log", "none", ...others];
      // No flag here asks for help or for the version, so the result is not a text.
      const permissions = permissionFlags(parseCommandLine(flags, "") as CommandLine);
      return Promise.resolve(["run", "--no-prompt", ...permissions, `${PROJECT}main.ts`, ...flags]);
    },
  };
}

/** All programs, in the order of their columns. */
export const PROGRAMS: readonly Program[] = [
  glassbox("Glassbox", "glassbox"),
  glassbox("Glassbox, none", "without sync", "--durability", "none"),
  glassbox("Glassbox, no page", "without page", "--no-page"),
  glassbox("Glassbox, page open", "page open"),
  {
    ...glassbox("Glassbox, nginx", "behind nginx", "--accel-redirect", "/files/"),
    install: "npm install -g deno@2.9.6 && apt-get install nginx-light",
    note: "an nginx in front sends the blobs: --accel-redirect",
    front: async (place, { port, root }) => {
      await Deno.writeTextFile(place.config, nginxConfig(place, linesOfReadme(`http://127.0.0.1:${port}`, root)));
      return nginxArgs(place);
    },
  },
  {
    name: "distribution",
    part: "peer",
    file: "docker-registry",
    install: "apt-get install docker-registry",
    versionArgs: ["--version"],
    lacks: {
      "pages of tags": "answers all tags at once, whatever n is",
      "referrers": "has no referrers API",
    },
    args: async ({ port, root, config }) => {
      await Deno.writeTextFile(config, distributionConfig(port, root));
      return ["serve", config];
    },
  },
  {
    name: "crane",
    part: "peer",
    file: "crane",
    install: "go install github.com/google/go-containerregistry/cmd/crane@v0.20.7",
    versionArgs: ["version"],
    lacks: {
      "mount": "answers a mount with an upload session",
      "pages of repositories": "has no order in its catalog, and no next page",
      "referrers": "answers 404 to the referrers API",
    },
    note: "keeps manifests, tags and the bytes of a PATCH in memory, and only blobs on disk",
    patched: 204,
    args: ({ port, root }) => Promise.resolve(["registry", "serve", "--disk", root, "--address", `127.0.0.1:${port}`]),
  },
  {
    name: "olareg",
    part: "peer",
    file: "olareg",
    install: "go mod download github.com/olareg/olareg@v0.1.2 && " +
      'cd "$(go env GOMODCACHE)/github.com/olareg/olareg@v0.1.2" && go build -o "$(go env GOPATH)/bin/olareg" ./cmd/olareg',
    versionArgs: ["version"],
    lacks: { "pages of repositories": "has no catalog" },
    args: ({ port, root }) =>
      Promise.resolve(["serve", "--addr", "127.0.0.1", "--port", String(port), "--dir", root, "--api-delete"]),
  },
  {
    name: "zot",
    part: "peer",
    file: "zot",
    install: "go install zotregistry.dev/zot/v2/cmd/zot@latest",
    versionArgs: ["--version"],
    lacks: {},
    args: async ({ port, root, config }) => {
      await Deno.writeTextFile(
        config,
        JSON.stringify({
          storage: { rootDirectory: root },
          http: { address: "127.0.0.1", port: String(port) },
          log: { level: "error" },
        }),
      );
      return ["serve", config];
    },
  },
  {
    name: "nginx",
    part: "limit",
    file: "nginx",
    install: "apt-get install nginx-light",
    versionArgs: ["-v"],
    lacks: { "push": "only serves files that were put into its folder" },
    note: "serves the same files with sendfile; it is no registry, but the limit for those",
    args: async (place) => {
      const lines = `root ${place.root}; location = /v2/ { return 200; }`;
      await Deno.writeTextFile(place.config, nginxConfig(place, lines));
      return nginxArgs(place);
    },
  },
];

function nginxArgs({ root, config }: Place): readonly string[] {
  return ["-p", root, "-e", `${root}/error.log`, "-c", config];
}

// The lines between "```nginx" and "```", for another registry and another folder.
function linesOfReadme(registry: string, root: string): string {
  const [, lines] = /```nginx\n(.*?)```/s.exec(Deno.readTextFileSync(`${PROJECT}README.md`))!;
  return lines.replaceAll("http://127.0.0.1:5080", registry).replaceAll("/srv/glassbox", root);
}

// This is Debian's own configuration without the password, the health checks and the log.
function distributionConfig(port: number, root: string): string {
  return `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage:
  cache: { blobdescriptor: inmemory }
  filesystem: { rootdirectory: ${JSON.stringify(root)} }
  delete: { enabled: true }
http: { addr: "127.0.0.1:${port}" }
`;
}

function nginxConfig({ port, root }: Place, lines: string): string {
  return `daemon off;
worker_processes 2;
pid ${root}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  client_body_temp_path ${root}/body;
  proxy_temp_path ${root}/proxy;
  fastcgi_temp_path ${root}/fastcgi;
  uwsgi_temp_path ${root}/uwsgi;
  scgi_temp_path ${root}/scgi;
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port};
    ${lines}
  }
}
`;
}

/** Starts a program over a new folder inside this one, and waits until it answers. Its end removes its large files. */
export async function start(program: Program, folder: string, path: string): Promise<Server> {
  const own = await Deno.makeTempDir({ dir: folder });
  // The workers of nginx run as the user nobody, and need access to its files.
  await Deno.chmod(own, 0o755);
  const place = await makePlace(own);
  const args = await program.args(place);
  const started = performance.now();
  const run = (file: string, args: readonly string[]) =>
    new Deno.Command(file, {
      args: [...args],
      cwd: own,
      env: { PATH: path, OTEL_TRACES_EXPORTER: "none" },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  const process = run(program.file, args);
  const processes = [process];
  let port = place.port;
  let stopped: Promise<void> | undefined;
  // The one in front ends first.
  const stop = () =>
    stopped ??= (async () => {
      for (const process of processes.toReversed()) await end(process);
      await removeLargeFiles(own);
    })();
  try {
    await waitFor200(`http://127.0.0.1:${port}/v2/`, process, program.name);
    if (program.front !== undefined) {
      const front = await makePlace(`${own}/front`);
      processes.push(run("nginx", await program.front(front, place)));
      port = front.port;
      await waitFor200(`http://127.0.0.1:${port}/v2/`, processes[1], program.name);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const startMilliseconds = performance.now() - started;
  const url = `http://127.0.0.1:${port}`;
  return { program, url, root: place.root, startMilliseconds, pid: process.pid, [Symbol.asyncDispose]: stop };
}

async function makePlace(folder: string): Promise<Place> {
  // Not all programs can report their port, so this looks for a free one.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await Deno.mkdir(`${folder}/root`, { recursive: true });
  return { port: listener.addr.port, root: `${folder}/root`, config: `${folder}/config` };
}

async function waitFor200(url: string, process: Deno.ChildProcess, name: string): Promise<void> {
  let hasEnded = false;
  process.status.then(() => hasEnded = true);
  const deadline = performance.now() + PATIENCE;
  while (!hasEnded && performance.now() < deadline) {
    try {
      const response = await fetch(url);
      await response.body?.cancel();
      if (response.status === 200) return;
    } catch (error) {
      // The server does not listen yet.
      if (!(error instanceof TypeError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`${name} does not start`);
}

// Small files stay until the end of the bench. Before ext4 makes a file, it looks at all files that were removed in the
// last minutes, one after the other. So a row that makes many files would be slow because of the row before.
async function removeLargeFiles(folder: string): Promise<void> {
  await outputOf("find", folder, "-type", "f", "-size", "+1M", "-delete");
}

/** Returns the memory of a server and all its processes, in MiB: the memory now, and the maximum so far. */
export async function memoryOf({ pid }: Server): Promise<{ now: number; most: number }> {
  // Deno itself reads /proc only if it has all permissions.
  const text = await outputOf("sh", "-c", "grep -Es '^(PPid|VmRSS|VmHWM):' /proc/[0-9]*/status || true");
  const fields = new Map<string, number>();
  for (const [, id, field, value] of text.matchAll(/^\/proc\/([0-9]+)\/status:(\w+):\s+([0-9]+)/gm)) {
    fields.set(`${field} ${id}`, Number(value));
  }
  const family = [pid];
  for (const parent of family) {
    for (const [field, value] of fields) {
      if (field.startsWith("PPid ") && value === parent) family.push(Number(field.slice("PPid ".length)));
    }
  }
  const mebibytes = (field: string) => family.reduce((sum, id) => sum + (fields.get(`${field} ${id}`) ?? 0), 0) / 1024;
  return { now: mebibytes("VmRSS"), most: mebibytes("VmHWM") };
}

/** Returns the version of a program, as the program prints it. */
export async function versionOf(
  { file, versionArgs, part }: Pick<Program, "file" | "versionArgs" | "part">,
  path: string,
): Promise<string> {
  if (part !== "peer" && part !== "limit") {
    const { version } = JSON.parse(await Deno.readTextFile(`${PROJECT}deno.json`));
    return `${version} on Deno ${Deno.version.deno}`;
  }
  const { stdout, stderr } = await new Deno.Command(file, { args: [...versionArgs], env: { PATH: path } }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  // "go1.26.8" is not the version of the program. It is the version of Go that built it.
  return /(?<![\w.])v?[0-9]+\.[0-9]+[^\s"]*/.exec(text)?.[0] ?? "of unknown version";
}
