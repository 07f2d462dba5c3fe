/**
 * `deno task bundle`, which makes an archive for a workshop without a network.
 *
 * These tests have an npm registry of their own, in which Deno is a script that starts the Deno of this machine.
 */

import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { PACKAGES } from "../src/packages.ts";
import { startRegistry } from "../src/serving/start_registry.ts";
import { fileOf, tarOf } from "./archive/tar_maker.ts";
import { bytes } from "./fixture.ts";
import { Folder } from "./folder.ts";
import { freePort, type Outcome, runDenoWith } from "./processes/program.ts";
import { tarOf as archiveOf } from "./programs/bundle/archives.ts";
import { BundleError, choose, fetchDeno } from "./programs/bundle/npm.ts";
import { DENO_VERSION } from "./programs/deno_version.ts";
import { findProgram } from "./programs/installed.ts";

const SCRIPT = new URL("programs/bundle/bundle.ts", import.meta.url).pathname;
const PROJECT = new URL("..", import.meta.url).pathname;
const OTHER_VERSION = DENO_VERSION.replace(/\d+$/, "0");

// This machine, as the bundle and as npm call it.
const { os, arch } = Deno.build;
const HERE = `${os === "darwin" ? "macos" : "linux"}-${arch === "aarch64" ? "arm64" : "x64"}`;
const PACKAGE_HERE = `@deno/${os === "darwin" ? "darwin" : "linux"}-${arch === "aarch64" ? "arm64" : "x64"}${
  os === "darwin" ? "" : "-glibc"
}`;

// Says that it was used, and where, and starts the Deno of this machine.
const DENO = `#!/bin/sh\necho "$0" >>"$(dirname "$0")/used"\nexec '${Deno.execPath()}' "$@"\n`;

/** An npm registry that has a version of Deno for this machine and for Windows, and the packages of the project. */
class Npm implements AsyncDisposable {
  readonly #answers = new Map<string, Uint8Array<ArrayBuffer> | string>();
  readonly #server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ url }) => {
    const answer = this.#answers.get(new URL(url).pathname.toLowerCase());
    return answer === undefined ? new Response(null, { status: 404 }) : new Response(answer);
  });
  readonly url = `http://127.0.0.1:${this.#server.addr.port}/`;

  constructor({ deno = DENO_VERSION, damage = false, packages = Object.values(PACKAGES) as string[] } = {}) {
    this.#add(PACKAGE_HERE, deno, [["deno", DENO], ["package.json", '{"license":"MIT"}']], damage);
    this.#add("@deno/win32-x64", deno, [["deno.exe", "MZ"]]);
    for (const name of packages) {
      const [, bare, version] = /^npm:(.+)@(.+)$/.exec(name)!;
      this.#add(bare, version, [["package.json", JSON.stringify({ name: bare, version })], ["index.js", ""]]);
    }
  }

  #add(name: string, version: string, files: [name: string, text: string][], damage = false): void {
    const content = gzipSync(tarOf(...files.map(([file, text]) => fileOf(`package/${file}`, text))));
    const path = `/${name}/-/${name.split("/").at(-1)}-${version}.tgz`;
    const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`;
    const dist = { integrity, tarball: `https://registry.npmjs.org${path}` };
    if (!name.startsWith("@deno/")) dist.tarball = `${this.url.slice(0, -1)}${path}`;
    const about = { name, "dist-tags": { latest: version }, versions: { [version]: { name, version, dist } } };
    this.#answers.set(`/${name.replace("/", "%2f")}`, JSON.stringify(about));
    this.#answers.set(path, new Uint8Array(damage ? content.subarray(1) : content));
  }

  bundle(...flags: string[]): Promise<Outcome> {
    return bundle({ NPM_CONFIG_REGISTRY: this.url }, ...flags);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function bundle(environment: Record<string, string>, ...flags: string[]): Promise<Outcome> {
  return runDenoWith({ NO_COLOR: "1", ...environment }, "run", "--no-prompt", "-A", SCRIPT, ...flags);
}

async function output(program: string, args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args, env: { NO_COLOR: "1", ...env } }).output();
  return { code, out: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
}

Deno.test("the version of Deno is the one that is wanted, or else the newest with the same first two numbers", () => {
  assertEquals(choose(["2.9.5", "2.9.6", "2.10.0"], "2.9.6"), "2.9.6");
  assertEquals(choose(["2.8.9", "2.9.9", "2.9.10", "2.9.11-rc.1", "2.10.0"], "2.9.6"), "2.9.10");
  assertEquals(choose(["2.8.9", "2.10.0", "3.9.6"], "2.9.6"), undefined);
});

Deno.test("a bundle has the files of the project, the packages and Deno, and one command starts everything from them", async () => {
  await using npm = new Npm();
  using folder = new Folder();

  const { code, out, errors } = await npm.bundle("--only", HERE, "--to", folder.path);

  assertEquals([code, errors], [0, ""]);
  assertEquals(out.split("\n")[0], `Deno ${DENO_VERSION} for ${HERE}`);
  const [archive] = folder.tree();
  assertMatch(archive, new RegExp(`^glassbox-[0-9.]+-${HERE}\\.tar\\.gz$`));
  await output("tar", ["-xzf", `${folder.path}/${archive}`, "-C", folder.path]);
  const tracked = (await output("git", ["-C", PROJECT, "ls-files"])).out.trim().split("\n");
  const files = new Folder(`${folder.path}/glassbox`).tree();
  assertEquals(files.filter((path) => !/^(?:kit\/|glassbox)/.test(path)), tracked.toSorted());
  for (const path of ["main.ts", ".ci/run", "src/spec/requirements.tsv"]) {
    assertEquals(folder.read(`glassbox/${path}`), Deno.readTextFileSync(PROJECT + path));
  }
  assertEquals(folder.read(`glassbox/kit/deno/${HERE}/package.json`), '{"license":"MIT"}');

  // The settings of npm on the machine of a learner do not matter, nor the folder where the command is typed.
  const preflight = ["preflight", "--port", freePort(), "--root", `${folder.path}/root`];
  const run = await output(`${folder.path}/glassbox/glassbox`, preflight, {
    NPM_CONFIG_REGISTRY: "http://127.0.0.1:1/",
  });
  const inCache = run.out.match(/^. ok +the package for .+ is in Deno's cache$/gm);
  assertEquals([run.errors, inCache?.length], ["", Object.keys(PACKAGES).length]);
  const used = folder.read(`glassbox/kit/deno/${HERE}/used`).trim().split("\n");
  assertEquals(new Set(used), new Set([`${Deno.realPathSync(folder.path)}/glassbox/kit/deno/${HERE}/deno`]));
});

Deno.test(
  "a bundle for Windows is also a zip archive, with Deno for Windows only, and lines that end as Windows wants it",
  {
    ignore: findProgram("unzip", Deno.env.get("PATH") ?? "") === undefined,
  },
  async () => {
    await using npm = new Npm();
    using folder = new Folder();

    await npm.bundle("--only", `windows-x64,${HERE}`, "--to", folder.path);

    const [zip, tar] = folder.tree();
    assertMatch(`${zip} ${tar}`, /^glassbox-([0-9.]+)-windows-x64\.zip glassbox-\1\.tar\.gz$/);
    const archive = `${folder.path}/${zip}`;
    assertEquals((await output("unzip", ["-tqq", archive])).code, 0);
    const names = (await output("unzip", ["-Z1", archive])).out.split("\n");
    assertEquals(names.filter((name) => name.includes("kit/deno/")), ["glassbox/kit/deno/windows-x64/deno.exe"]);
    assertEquals(
      (await output("unzip", ["-p", archive, "glassbox/main.ts"])).out,
      Deno.readTextFileSync(`${PROJECT}main.ts`),
    );
    assertMatch((await output("unzip", ["-p", archive, "glassbox/glassbox.cmd"])).out, /^@echo off\r\nrem .*\r\n/);
  },
);

Deno.test("a path of more than 100 bytes fits into a tar archive, and one that does not fit is an error", async () => {
  using folder = new Folder();
  const fileAt = (path: string) => ({ path, isProgram: false, bytes: () => bytes(path) });
  const [first, long] = ["short", `${"a".repeat(90)}/${"b".repeat(60)}/${"c".repeat(100)}`];
  const archive = `${folder.path}/archive.tar`;

  await Deno.writeFile(archive, ReadableStream.from(archiveOf([fileAt(first), fileAt(long)], 1_700_000_000)));

  assertEquals((await output("tar", ["-xf", archive, "-C", folder.path])).errors, "");
  assertEquals([folder.read(first), folder.read(long)], [first, long]);
  assertEquals(Deno.statSync(`${folder.path}/${long}`).mtime?.getTime(), 1_700_000_000_000);
  const tooLong = archiveOf([fileAt("d".repeat(101))], 0);
  await assertRejects(() => tooLong.next(), RangeError, "is too long for a tar archive");
});

Deno.test("a bundle says which Deno it takes if the registry does not have the one that is wanted", async () => {
  await using npm = new Npm({ deno: OTHER_VERSION });
  using folder = new Folder();

  const { code, out } = await npm.bundle("--only", HERE, "--to", folder.path);

  assertEquals([code, out.split("\n")[0]], [
    0,
    `Deno ${OTHER_VERSION} for ${HERE}; ${DENO_VERSION} is not in the registry`,
  ]);
});

Deno.test("bytes with another hash than the registry says are refused, and no archive is written", async () => {
  await using npm = new Npm({ damage: true });
  using folder = new Folder();

  const { code, out, errors } = await npm.bundle("--only", HERE, "--to", folder.path);

  assertEquals([code, out, folder.everything()], [1, "", []]);
  assert(
    errors.startsWith(`bundle: ${PACKAGE_HERE}@${DENO_VERSION} has other bytes than the registry says: sha512-`),
    errors,
  );
});

Deno.test("a bundle that cannot be made is one line and status 1: no such system, no registry, no git, no clone", async () => {
  await using npm = new Npm({ deno: "1.0.0" });
  using folder = new Folder();
  Deno.symlinkSync(Deno.execPath(), `${folder.path}/deno`);
  await output("git", ["init", "--quiet", folder.path]);
  const outcomes = [
    await npm.bundle("--only", HERE),
    await bundle({ NPM_CONFIG_REGISTRY: "http://127.0.0.1:1" }, "--only", HERE),
    await bundle({ PATH: folder.path }, "--only", HERE),
    await bundle({ GIT_DIR: `${folder.path}/.git` }, "--only", HERE),
  ];
  const same = DENO_VERSION.replace(/\.\d+$/, "");
  const expected = [
    `bundle: ${npm.url} has no Deno ${same} for ${HERE}; --only leaves systems out`,
    `bundle: http://127.0.0.1:1/${PACKAGE_HERE.replace("/", "%2f")} cannot be fetched: `,
    "bundle: it needs git, and a clone of the project: git knows which files belong to it",
    "bundle: it needs git, and a clone of the project: git knows which files belong to it",
  ];
  for (const [index, { code, out, errors }] of outcomes.entries()) {
    assertEquals([code, out, errors.trimEnd().split("\n").length], [1, "", 1]);
    assertStringIncludes(errors, expected[index]);
  }
});

for (
  const [what, answer, expected] of [
    ["a page in place of a list", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "is no list of versions"],
    ["a list of nothing", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "is no list of versions"],
    [
      "a version that is nowhere",
      `HTTP/1.1 200 OK\r\nContent-Length: ${DENO_VERSION.length + 20}\r\n\r\n{"versions":{"${DENO_VERSION}":{}}}`,
      "does not say where",
    ],
    ["half of an answer", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "cannot be fetched: "],
  ]
) {
  Deno.test(`an npm registry that answers with ${what} is told in one line`, async () => {
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const answering = listener.accept().then(async (connection) => {
      await connection.read(new Uint8Array(10_000));
      await connection.write(bytes(answer));
      connection.close();
    });
    const { message } = await assertRejects(
      () => fetchDeno(`http://127.0.0.1:${listener.addr.port}/`, "linux-x64", DENO_VERSION),
      BundleError,
    );
    await answering;
    assertStringIncludes(message, expected);
    assertEquals(message.split("\n").length, 1);
  });
}

Deno.test("an npm registry with a certificate that Deno does not trust: the line says so, and what helps", async () => {
  await using registry = await startRegistry({ tls: true });
  const { message } = await assertRejects(() => fetchDeno(`${registry.url}/`, "linux-x64", DENO_VERSION), BundleError);
  assertEquals(
    message,
    `${registry.url}/@deno%2flinux-x64-glibc cannot be fetched: client error (Connect): invalid peer certificate: UnknownIssuer; ` +
      "DENO_TLS_CA_STORE=system lets Deno trust the certificates that this system trusts",
  );
});

Deno.test("packages that no registry has: the line has the whole reason", async () => {
  await using npm = new Npm({ packages: [] });
  const { code, out, errors } = await npm.bundle("--only", HERE);
  assertEquals([code, out], [1, `Deno ${DENO_VERSION} for ${HERE}\n`]);
  assertMatch(errors.trimEnd(), /^bundle: the packages cannot be fetched: npm package '.*' does not exist\.$/);
});

Deno.test("bundle refuses a wrong command line with one line and status 2", async () => {
  assertEquals(await bundle({}, "--only", "plan9"), {
    code: 2,
    out: "",
    errors: 'bundle: --only wants some of linux-x64, linux-arm64, macos-x64, macos-arm64, windows-x64, not "plan9"\n',
  });
  assertEquals((await bundle({}, "--olny", "x")).errors, "bundle: there is no flag --olny; --help lists the flags\n");
});

Deno.test("on a system that a bundle is not for, the command says so in one line", async () => {
  using folder = new Folder();
  const launcher = `${folder.path}/glassbox`;
  Deno.copyFileSync(new URL("programs/bundle/glassbox", import.meta.url), launcher);
  Deno.chmodSync(launcher, 0o755);
  Deno.mkdirSync(`${folder.path}/kit/deno/windows-x64`, { recursive: true });

  assertEquals(await output(launcher, ["start"]), {
    code: 1,
    out: "",
    errors: `glassbox: there is no Deno for ${HERE} in this bundle, only for: windows-x64\n`,
  });
});

Deno.test("if the Deno of a bundle does not run, the command says what may help, and does not take another Deno", async () => {
  using folder = new Folder();
  const launcher = `${folder.path}/glassbox`;
  Deno.copyFileSync(new URL("programs/bundle/glassbox", import.meta.url), launcher);
  Deno.chmodSync(launcher, 0o755);
  Deno.mkdirSync(`${folder.path}/kit/deno/${HERE}`, { recursive: true });
  Deno.writeTextFileSync(`${folder.path}/kit/deno/${HERE}/deno`, DENO, { mode: 0o644 });

  const { code, out, errors } = await output(launcher, ["start", "--help"]);

  assertEquals([code, out], [1, ""]);
  assertStringIncludes(
    errors,
    `/kit/deno/${HERE}/deno does not run. On macOS, this may help: xattr -dr com.apple.quarantine .`,
  );
});
