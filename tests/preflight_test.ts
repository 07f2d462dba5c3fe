/** `deno task preflight`, which tells what is missing on a laptop before a workshop. */

import { assertEquals, assertMatch } from "@std/assert";
import { startRegistry } from "../src/serving/start_registry.ts";
import { LESSONS } from "../src/workshop/lessons.ts";
import { Folder } from "./folder.ts";
import { Program, runDenoWith } from "./processes/program.ts";
import { DENO_VERSION } from "./programs/deno_version.ts";
import {
  judgeBrowser,
  judgeCurl,
  judgeHashes,
  judgeOptional,
  judgeShell,
  judgeTool,
  TOOLS as NEEDED,
} from "./programs/preflight/clients.ts";
import { type DockerInfo, judgeDocker, type Wanted } from "./programs/preflight/docker.ts";
import { adviceFor, linesOf, type System, systemOf } from "./programs/preflight/finding.ts";
import {
  findPort,
  findRoot,
  judgeDeno,
  judgeLimit,
  judgeLinks,
  judgeMemory,
  judgePackage,
  judgeSpace,
} from "./programs/preflight/own_server.ts";
import {
  judgeAnswer,
  judgeClock,
  judgeConnection,
  judgeFailure,
  judgePage,
  judgeProxy,
} from "./programs/preflight/reach.ts";

const SYSTEMS: readonly System[] = ["debian", "fedora", "linux", "macos", "windows"];
const MIB = 1024 ** 2;

Deno.test("a finding is a line with a sign and a word, so that it needs no colour, and below it what to do", () => {
  const lines = (["ok", "missing", "warning", "optional"] as const).flatMap((word) =>
    linesOf({ word, what: "a thing", advice: word === "missing" ? ["do this", "then that"] : [] })
  );
  assertEquals(lines, [
    "✓ ok        a thing",
    "✗ missing   a thing",
    "              do this",
    "              then that",
    "! warning   a thing",
    "– optional  a thing",
  ]);
});

Deno.test("the system is known by Deno's name for it, and on Linux by /etc/os-release", () => {
  const releases = [
    "ID=debian\n",
    'ID=linuxmint\nID_LIKE="ubuntu debian"\n',
    'ID="rocky"\nID_LIKE="rhel fedora"',
    "ID=arch",
  ];
  assertEquals(releases.map((release) => systemOf("linux", release)), ["debian", "debian", "fedora", "linux"]);
  assertEquals([systemOf("darwin"), systemOf("windows"), systemOf("linux")], ["macos", "windows", "linux"]);
});

Deno.test("the advice is that for the system; where only Linux is known, it is both, with their names", () => {
  const advice = { debian: "apt", fedora: "dnf", linux: "systemctl", macos: "brew", windows: "winget" };
  assertEquals(SYSTEMS.map((system) => adviceFor(system, advice)), [
    ["apt", "systemctl"],
    ["dnf", "systemctl"],
    ["Debian, Ubuntu: apt", "Fedora: dnf", "systemctl"],
    ["brew"],
    ["winget"],
  ]);
});

Deno.test("what a learner needs and does not have is missing, and there is advice for each system", () => {
  for (const system of SYSTEMS) {
    for (const finding of [judgeCurl(undefined, system), judgeTool("openssl", undefined, system)]) {
      assertEquals([finding.word, finding.advice!.length > 0], ["missing", true], system);
    }
  }
  assertEquals([judgeShell(false).word, judgeHashes([], "debian").word], ["missing", "warning"]);
  assertEquals(judgeCurl(undefined, "linux"), {
    word: "missing",
    what: "curl: there is no such program",
    advice: ["Debian, Ubuntu: sudo apt install curl", "Fedora: sudo dnf install curl"],
  });
});

// What every Unix has, and Git Bash as well; and the words that the shell itself knows.
const EVERYWHERE = "awk cat cp cut date dd grep head ls mkdir mktemp mv rm sed sleep sort tail tee tr wc cd echo printf"
  .split(" ");

Deno.test("the programs that the lessons use with curl are those that the preflight looks for, and what every Unix has", () => {
  const lines = LESSONS.flatMap((lesson) =>
    lesson.try.flatMap((attempt) => attempt.with === "curl" ? attempt.type : [])
  );
  const used = lines.flatMap((line) => {
    const code = line.replaceAll(/'[^']*'/g, "''");
    return [...code.matchAll(/(?:^|\||&&|;|\$\(|\{ |do |then )\s*([a-z][\w.-]*)(?=[\s)]|$)/g)].map(([, word]) => word);
  });
  const functions = lines.flatMap((line) => /^(\w+)\(\) /.exec(line)?.[1] ?? []);
  const outside = new Set(used.filter((word) => !EVERYWHERE.includes(word) && !functions.includes(word)));
  assertEquals([...outside].sort(), Object.keys(NEEDED).sort());
});

Deno.test("shasum of macOS does instead of sha256sum, and the advice makes a function of it", () => {
  assertEquals(judgeHashes(["sha256sum", "shasum"], "macos"), { word: "ok", what: "sha256sum" });
  assertEquals(judgeHashes(["shasum"], "macos"), {
    word: "ok",
    what: "shasum -a 256, in the place of sha256sum",
    advice: ['Define it in each terminal: sha256sum() { shasum -a 256 "$@"; }'],
  });
});

Deno.test("a client that only some lessons use is optional; without a browser there is a warning", () => {
  assertEquals(judgeOptional("oras", "1.2.3", "pushes any file", []), { word: "ok", what: "oras 1.2.3" });
  assertEquals(judgeOptional("oras", undefined, "pushes any file", ["brew install oras"]), {
    word: "optional",
    what: "oras is not there; it pushes any file",
    advice: ["brew install oras"],
  });
  assertEquals([judgeBrowser("firefox", "fedora").word, judgeBrowser(undefined, "fedora").word], ["ok", "warning"]);
});

Deno.test("Deno may be any of the version that the project is tried with; an older one is missing, a newer one a warning", () => {
  const [major, minor] = DENO_VERSION.split(".").map(Number);
  const versions = [
    DENO_VERSION,
    `${major}.${minor}.99`,
    `${major}.${minor - 1}.9`,
    `${major - 1}.99.0`,
    `${major}.${minor + 1}.0`,
  ];
  assertEquals(versions.map((version) => judgeDeno(version).word), ["ok", "ok", "missing", "missing", "warning"]);
});

Deno.test("little space, little memory and few open files are a warning; hardly any space or memory is missing", () => {
  assertEquals([2048, 500, 50].map((size) => judgeSpace(size * MIB).word), ["ok", "warning", "missing"]);
  assertEquals([2048, 500, 50].map((size) => judgeMemory(size * MIB).word), ["ok", "warning", "missing"]);
  assertEquals(["unlimited", "1024", "256", ""].map((text) => judgeLimit(text).word), [
    "ok",
    "ok",
    "warning",
    "warning",
  ]);
  assertEquals(judgeSpace(1536 * MIB).what, "1.5 GiB are free on the disk");
});

Deno.test("a package that is not in the cache is optional, and the advice is the command that fetches it", () => {
  assertEquals(judgePackage("npm:bcryptjs@3.0.3", "--htpasswd", false), {
    word: "optional",
    what: "the package for --htpasswd is not in Deno's cache",
    advice: ["With a network: deno cache npm:bcryptjs@3.0.3"],
  });
});

Deno.test("the root can be written and has hard links; if it is not there yet, the folder above it counts; nothing stays", () => {
  using folder = new Folder();
  for (const root of [folder.path, `${folder.path}/not/yet`]) {
    assertEquals(findRoot(root).map(({ word, what }) => [word, what.split(" ").slice(0, 3).join(" ")]), [
      ["ok", `${folder.path} can be`],
      ["ok", `${folder.path} has hard`],
    ]);
  }
  assertEquals(folder.everything(), []);
  assertEquals(judgeLinks("/media/stick", "Operation not permitted").word, "warning");
});

Deno.test("a root that is a file is missing, with another root as the advice", () => {
  using folder = new Folder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  assertEquals(findRoot(`${folder.path}/file`), [{
    word: "missing",
    what: `nothing can be written into ${folder.path}/file: it is a file and no folder, or one above it is`,
    advice: ["Choose another folder: deno task start --root FOLDER"],
  }]);
});

Deno.test("a port that is taken is missing, unless a registry is there, which somebody may have started", async () => {
  await using registry = await startRegistry();
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  // It closes each connection at once.
  const closing = (async () => {
    for await (const connection of other) connection.close();
  })();
  const taken = await findPort("127.0.0.1", Number(new URL(registry.url).port), "macos");
  const port = other.addr.port;

  assertEquals(taken.word, "optional");
  assertMatch(taken.what, /^port \d+ of 127\.0\.0\.1 is taken by a registry; if you have started it, all is well$/);
  assertEquals(await findPort("127.0.0.1", port, "macos"), {
    word: "missing",
    what: `port ${port} of 127.0.0.1 is taken by another program`,
    advice: [
      `Find it: lsof -nP -iTCP:${port} -sTCP:LISTEN`,
      `or use another port: deno task start --port ${port + 1}`,
    ],
  });
  other.close();
  await closing;
  assertEquals(await findPort("127.0.0.1", port, "macos"), { word: "ok", what: `port ${port} of 127.0.0.1 is free` });
});

const INFO: DockerInfo = {
  ServerVersion: "28.2.2",
  OperatingSystem: "Debian GNU/Linux 12 (bookworm)",
  RegistryConfig: {
    InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8"],
    IndexConfigs: { "192.168.1.20:5080": { Secure: false }, "docker.io": { Secure: true } },
  },
};
const wanted = (address: string, ip: string, more: Partial<Wanted> = {}): Wanted => ({
  address,
  ip,
  isHttps: false,
  hasCertificate: false,
  ...more,
});

Deno.test("docker takes a registry without HTTPS on loopback, and one that its daemon calls insecure", () => {
  for (const [address, ip] of [["127.0.0.1:5080", "127.0.0.1"], ["192.168.1.20:5080", "192.168.1.20"]]) {
    const finding = judgeDocker(INFO, "", wanted(address, ip), "debian");
    assertEquals(finding, { word: "ok", what: `docker 28.2.2 takes ${address} without HTTPS` });
  }
});

Deno.test("docker wants HTTPS from any other registry, and the advice has its address", () => {
  assertEquals(judgeDocker(INFO, "", wanted("teacher.lan:5080", "192.168.1.20"), "fedora"), {
    word: "warning",
    what: "docker 28.2.2 wants HTTPS from teacher.lan:5080",
    advice: [
      'Add it to the settings of the daemon: { "insecure-registries": ["teacher.lan:5080"] }',
      "They are in /etc/docker/daemon.json. Then: sudo systemctl restart docker",
    ],
  });
});

Deno.test("with HTTPS, docker needs a certificate of the registry, unless a well-known authority has signed it", () => {
  const https = wanted("teacher.lan:5080", "192.168.1.20", { isHttps: true });
  assertEquals(judgeDocker(INFO, "", { ...https, hasCertificate: true }, "debian").word, "ok");
  const { word, advice } = judgeDocker(INFO, "", https, "debian");
  assertEquals([word, advice!.at(-1)], [
    "warning",
    "Copy the authority to /etc/docker/certs.d/teacher.lan:5080/ca.crt; docker needs no restart for it.",
  ]);
});

Deno.test("loopback is another machine for the daemon of Docker Desktop", () => {
  const desktop = { ...INFO, OperatingSystem: "Docker Desktop" };
  const { word, advice } = judgeDocker(desktop, "", wanted("127.0.0.1:5080", "127.0.0.1"), "macos");
  assertEquals([word, /host\.docker\.internal:5080/.test(advice!.join())], ["warning", true]);
});

Deno.test("docker is optional: it may not be there, its daemon may not run, or the user may not talk to it", () => {
  const own = wanted("127.0.0.1:5080", "127.0.0.1");
  const all = [
    judgeDocker(undefined, "", own, "debian"),
    judgeDocker({}, "Cannot connect to the Docker daemon", own, "debian"),
    judgeDocker({ ServerVersion: "" }, "permission denied while trying to connect", own, "debian"),
  ];
  assertEquals(all.map(({ word, what }) => `${word}: ${what}`), [
    "optional: docker is not there; curl is enough for the lessons",
    "optional: docker is there, and its daemon does not run",
    "optional: docker is there, and you may not talk to its daemon",
  ]);
});

Deno.test("a registry answers with 200 or 401; another status is that of something else", () => {
  const url = new URL("http://192.168.1.20:5080");
  assertEquals([200, 401, 302, 404].map((status) => judgeAnswer(url, status).word), ["ok", "ok", "missing", "missing"]);
});

Deno.test("the page is there, with a password or without; a name that browsers may not use, and no page, are warnings", () => {
  const url = new URL("http://teacher.lan:5080");
  assertEquals([200, 401, 403, 404].map((status) => judgePage(url, status).word), ["ok", "ok", "warning", "warning"]);
  assertEquals(judgePage(url, 403).advice, [
    "Use the IP address, or start the registry with --allow-host teacher.lan",
  ]);
});

Deno.test("a refused connection is about --host, one without an answer about the firewall, on each system", () => {
  for (const system of SYSTEMS) {
    const refused = judgeConnection("refused", "192.168.1.20", 5080, system);
    const silent = judgeConnection("silent", "192.168.1.20", 5080, system);
    assertEquals([refused.word, /--host 0\.0\.0\.0/.test(refused.advice!.join())], ["missing", true]);
    assertEquals([silent.word, silent.advice!.length > 2], ["missing", true], system);
  }
});

Deno.test("a certificate that is not trusted is a warning; the wrong protocol is missing, and the advice is the other one", () => {
  const reason = "invalid peer certificate: UnknownIssuer";
  assertEquals(judgeFailure(new URL("https://teacher.lan:5080"), reason).word, "warning");
  const { word, advice } = judgeFailure(new URL("https://teacher.lan:5080"), "received corrupt message");
  assertEquals([word, advice![0]], ["missing", "Does it speak http? Then: --registry http://teacher.lan:5080"]);
});

Deno.test("a clock that differs by more than a minute from the registry's is a warning, which says by how much", () => {
  const date = "Sun, 22 Nov 2026 05:00:00 GMT";
  const now = Date.parse(date);
  assertEquals(judgeClock(date, now + 59_000, "debian").word, "ok");
  assertEquals(judgeClock(date, now + 90_000, "debian").what, "the clock is 90 s ahead of that of the registry");
  assertEquals(judgeClock(date, now - 90_000, "debian").what, "the clock is 90 s behind that of the registry");
  assertEquals(judgeClock(null, now, "debian").word, "optional");
});

Deno.test("a proxy is a warning, unless it leaves the registry out for all programs; what it is called is not printed", () => {
  const proxy = { http_proxy: "http://ana:secret@proxy.example:3128" };
  const words = [{}, proxy, { ...proxy, no_proxy: "localhost, 127.0.0.1" }, {
    ...proxy,
    no_proxy: "127.0.0.1",
    NO_PROXY: "x",
  }]
    .map((environment) => judgeProxy(environment as Record<string, string>, "127.0.0.1", "debian").word);
  assertEquals(words, ["ok", "warning", "ok", "warning"]);
  assertEquals(JSON.stringify(judgeProxy(proxy, "127.0.0.1", "debian")).includes("secret"), false);
});

const SCRIPT = new URL("programs/preflight/preflight.ts", import.meta.url).pathname;

/** A folder with programs that print a version, as the whole PATH; and what the preflight says with it. */
class Laptop implements Disposable {
  readonly #folder = new Folder();

  constructor(programs: Readonly<Record<string, string>>) {
    Deno.symlinkSync(Deno.execPath(), `${this.#folder.path}/deno`);
    for (const [name, version] of Object.entries(programs)) {
      Deno.writeTextFileSync(`${this.#folder.path}/${name}`, `#!/bin/sh\necho ${name} ${version}\n`, { mode: 0o755 });
    }
  }

  async preflight(...flags: string[]): Promise<{ code: number; findings: string[]; errors: string }> {
    const none = { http_proxy: "", HTTP_PROXY: "", all_proxy: "", ALL_PROXY: "", NO_COLOR: "1" };
    const environment = { ...none, PATH: this.#folder.path };
    const run = ["run", "--no-prompt", "--cached-only", "-A", SCRIPT, ...flags];
    const { code, out, errors } = await runDenoWith(environment, ...run);
    // What to do depends on the system.
    return { code, findings: out.split("\n").filter((line) => line !== "" && !line.startsWith("   ")), errors };
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

const TOOLS = { curl: "8.5.0", openssl: "3.5.1", sha256sum: "9.4", tar: "1.35", gzip: "1.12", firefox: "140.0" };

Deno.test("preflight of a class with one registry tells if this laptop reaches it, and what a learner needs; status 0", async () => {
  await using registry = await startRegistry();
  using laptop = new Laptop({ ...TOOLS, skopeo: "1.9.3" });

  assertEquals(await laptop.preflight("--registry", registry.url), {
    code: 0,
    findings: [
      `The registry for all, at ${registry.url}`,
      `✓ ok        ${registry.url} answers`,
      `! warning   ${registry.url} serves no page`,
      "✓ ok        the clock agrees with that of the registry",
      "What the lessons use",
      "✓ ok        curl 8.5.0",
      "✓ ok        sha256sum",
      "✓ ok        openssl 3.5.1",
      "✓ ok        tar 1.35",
      "✓ ok        gzip 1.12",
      "✓ ok        a browser: firefox",
      "✓ ok        no proxy is set",
      "What only some parts use",
      "– optional  docker is not there; curl is enough for the lessons",
      "✓ ok        skopeo 1.9.3",
      "– optional  podman is not there; it pushes and runs images without a daemon",
      "– optional  buildah is not there; it builds images without a daemon",
      "– optional  crane is not there; it looks into registries",
      "– optional  regctl is not there; it looks into registries",
      "– optional  oras is not there; it pushes any file, and referrers",
      "– optional  cosign is not there; it signs images",
      "Everything that the workshop needs is there.",
    ],
    errors: "",
  });
});

Deno.test("preflight asks for the page as a browser does", async () => {
  using folder = new Folder();
  using laptop = new Laptop(TOOLS);
  await using program = await Program.serve(folder.path, "--host", "0.0.0.0", "--page");
  const { port } = new URL(program.address);

  const { findings } = await laptop.preflight("--registry", `http://localhost:${port}`);

  assertEquals(findings.slice(1, 3), [
    `✓ ok        http://localhost:${port} answers`,
    `✓ ok        the page is at http://localhost:${port}/`,
  ]);
});

Deno.test("preflight with something missing has status 1, and says how much is missing", async () => {
  const registry = await startRegistry();
  await registry[Symbol.asyncDispose]();
  using laptop = new Laptop({ sha256sum: "9.4", openssl: "3.5.1", tar: "1.35", gzip: "1.12" });
  const { port } = new URL(registry.url);

  const { code, findings, errors } = await laptop.preflight("--registry", registry.url);

  assertEquals([code, errors], [1, ""]);
  assertEquals(findings.filter((line) => line.startsWith("✗")), [
    `✗ missing   port ${port} of 127.0.0.1 refuses connections`,
    "✗ missing   curl: there is no such program",
  ]);
  assertEquals(findings.at(-1), "2 things are missing: the lines with ✗ say what to do.");
});

Deno.test("preflight of a laptop with a registry of its own looks at the port, the folder and Deno", async () => {
  using laptop = new Laptop(TOOLS);
  using folder = new Folder();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });

  const { code, findings } = await laptop.preflight("--port", String(taken.addr.port), "--root", folder.path);

  assertEquals(code, 1);
  assertEquals(findings.slice(0, 5), [
    "A registry on this laptop",
    `✓ ok        Deno ${Deno.version.deno}`,
    `✗ missing   port ${taken.addr.port} of 127.0.0.1 is taken by another program`,
    `✓ ok        ${folder.path} can be written`,
    `✓ ok        ${folder.path} has hard links: a blob of two repositories is stored once`,
  ]);
  assertEquals(folder.everything(), []);
});

Deno.test("preflight refuses a wrong command line with one line and status 2", async () => {
  using laptop = new Laptop({});
  const wrong: [string[], string][] = [
    [["--prt", "1"], "there is no flag --prt; --help lists the flags"],
    [["--port"], "--port wants a value"],
    [["--port", "1", "--port", "2"], '--port is there twice, with "1" and "2"; it takes one value'],
    [["5080"], '"5080" is one too many; --help shows how'],
    [["--port", "70000"], '--port wants a number from 1 to 65535, not "70000"'],
    [
      ["--registry", "teacher:5080"],
      '--registry wants an address such as http://192.168.1.20:5080, not "teacher:5080"',
    ],
  ];
  for (const [flags, message] of wrong) {
    const { code, findings, errors } = await laptop.preflight(...flags);
    assertEquals([code, findings, errors], [2, [], `preflight: ${message}\n`]);
  }
});
