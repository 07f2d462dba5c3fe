/**
 * MooseFS on one machine: a master, three storage servers, and any number of mounts.
 *
 *     10.77.0.1        the master
 *     10.77.0.2 – .4   the storage servers, which MooseFS calls chunk servers; each file is on two of them
 *
 * The storage servers refuse a master on a loopback address. So the addresses are ordinary ones, on the device `lo` of a network
 * namespace; nothing else is there.
 *
 * @module
 */

import { outputOf } from "../processes.ts";

const MASTER = "10.77.0.1";
const SERVERS = [2, 3, 4].map((number) => `10.77.0.${number}`);

// Without these, a mount remembers names and folders for a second.
const NOTHING_REMEMBERED = "mfsdirentrycacheto=0,mfsattrcacheto=0,mfsentrycacheto=0";
// The defaults, in words.
const REMEMBERED = "mfsdirentrycacheto=1,mfsattrcacheto=1";

const PATIENCE = 40_000;

/** MooseFS, until the namespaces end. */
export class MooseFs {
  readonly #folder: string;
  readonly #servers: Deno.ChildProcess[];

  private constructor(folder: string, servers: Deno.ChildProcess[]) {
    this.#folder = folder;
    this.#servers = servers;
  }

  /** Starts the master and the storage servers. */
  static async start(folder: string): Promise<MooseFs> {
    for (const address of [MASTER, ...SERVERS]) {
      await run("ip", "address", "add", `${address}/24`, "dev", "lo");
    }
    await startMaster(`${folder}/master`);
    const servers = [];
    for (const address of SERVERS) servers.push(await startServer(`${folder}/${address}`, address));
    return new MooseFs(folder, servers);
  }

  /** Mounts it. Returns the folder. A fresh mount asks the master each time, a late one remembers names for a second. */
  async mount(name: string, kind: "fresh" | "late"): Promise<string> {
    const path = `${this.#folder}/${name}`;
    await Deno.mkdir(path);
    const before = Deno.statSync(path).dev;
    const options = kind === "fresh" ? NOTHING_REMEMBERED : REMEMBERED;
    // The master may not listen yet. Then the command ends, and has to be given again.
    await until("MooseFS is not mounted", async () => {
      spawn(`${path}.log`, "mfsmount", path, "-H", MASTER, "-o", options);
      await until("", () => Promise.resolve(Deno.statSync(path).dev !== before), 3000).catch(() => {});
      return Deno.statSync(path).dev !== before;
    });
    return path;
  }

  /** Waits until new files get their two copies. */
  async becomeReady(mount: string): Promise<void> {
    await run("mfssetgoal", "-r", "2", mount);
    await until("MooseFS does not store two copies", async () => {
      await Deno.writeTextFile(`${mount}/probe`, crypto.randomUUID());
      const copies = (await outputOf("mfsfileinfo", `${mount}/probe`)).match(/\bcopy \d/g)?.length;
      await Deno.remove(`${mount}/probe`);
      return copies === 2;
    });
  }

  /** Ends one storage server, as if its machine had lost its power. Returns its address. */
  async endServer(): Promise<string> {
    const server = this.#servers.pop()!;
    server.kill("SIGKILL");
    await server.status;
    return SERVERS[this.#servers.length];
  }
}

async function startMaster(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.copyFile("/var/lib/mfs/metadata.mfs.empty", `${folder}/metadata.mfs`);
  await Deno.writeTextFile(`${folder}/exports.cfg`, "* / rw,alldirs,admin,maproot=0:0\n");
  await Deno.writeTextFile(`${folder}/topology.cfg`, "");
  const settings = `${folder}/mfsmaster.cfg`;
  await Deno.writeTextFile(
    settings,
    `WORKING_USER = root
WORKING_GROUP = root
DATA_PATH = ${folder}
EXPORTS_FILENAME = ${folder}/exports.cfg
TOPOLOGY_FILENAME = ${folder}/topology.cfg
MATOML_LISTEN_HOST = ${MASTER}
MATOCS_LISTEN_HOST = ${MASTER}
MATOCL_LISTEN_HOST = ${MASTER}
SESSION_SUSTAIN_TIME = 60
`,
  );
  spawn(`${folder}.log`, "mfsmaster", "-f", "-c", settings, "start");
}

async function startServer(folder: string, address: string): Promise<Deno.ChildProcess> {
  await Deno.mkdir(`${folder}/chunks`, { recursive: true });
  await Deno.writeTextFile(`${folder}/mfshdd.cfg`, `${folder}/chunks\n`);
  const settings = `${folder}/mfschunkserver.cfg`;
  await Deno.writeTextFile(
    settings,
    `WORKING_USER = root
WORKING_GROUP = root
DATA_PATH = ${folder}
HDD_CONF_FILENAME = ${folder}/mfshdd.cfg
HDD_LEAVE_SPACE_DEFAULT = 64MiB
MASTER_HOST = ${MASTER}
MASTER_RECONNECTION_DELAY = 1
BIND_HOST = ${address}
CSSERV_LISTEN_HOST = ${address}
`,
  );
  return spawn(`${folder}.log`, "mfschunkserver", "-f", "-c", settings, "start");
}

// All of these stay in the foreground. A process that nobody reads would have to wait at some point, so a file gets its text.
function spawn(log: string, program: string, ...args: string[]): Deno.ChildProcess {
  const foreground = program === "mfsmount" ? ["-f"] : [];
  const command = 'log="$1"; shift; exec "$@" >>"$log" 2>&1';
  return new Deno.Command("sh", { args: ["-c", command, "sh", log, program, ...args, ...foreground] }).spawn();
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** Asks a question again and again, until the answer is yes. */
async function until(failure: string, isTrue: () => Promise<boolean>, patience = PATIENCE): Promise<void> {
  for (const began = performance.now(); !await isTrue();) {
    if (performance.now() - began > patience) throw new Error(failure);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
