/**
 * Tokens: the clients log in to a registry with users, rules and a token service (`--htpasswd`, `--access`, `--token`).
 *
 *     alice   may use her corner, alice/…, and pull what is in course/…
 *     bob     has a corner, too, and pushes to course/…
 *
 * Each client asks for its tokens in its own way: docker keeps a refresh token, containerd sends forms, crane merges scopes, oras and
 * regctl wait for the challenge of each repository.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { end, waitForLine } from "../processes.ts";
import { dockerSocket } from "./docker.ts";
import { Glassbox } from "./glassbox.ts";
import { NO_SUCH_BLOB_YET, NO_SUCH_MANIFEST_YET, NO_SUCH_TAG_YET, type Step, Workbench } from "./workbench.ts";

// Made by `htpasswd -nbB`: the passwords are "secret" and "hunter2".
const PASSWORDS = `alice:$2y$04$RZOAlZTPWT3zb5NQrv2LAOhmx9BgNyeKhhZxZtErpB.G/OVfLyvga
bob:$2y$04$NQiVyUJ7k6wY.1zGoGJkRuLuzNaeHUUfFq8Gvk0q/VAY5qWOHPOju
`;
const RULES = JSON.stringify({
  rules: [
    { users: ["*"], repositories: ["{user}/**"], actions: ["pull", "push", "delete"] },
    { users: ["bob"], repositories: ["course/**"], actions: ["pull", "push"] },
    { users: ["anonymous"], repositories: ["course/**"], actions: ["pull"] },
  ],
});

// The questions that a client asks before it has a token, or before it has one for what it does next.
const ASKED = ["base", "tag", "manifest", "blob", "mount", "catalog", "upload"].flatMap((kind) =>
  ["GET", "HEAD", "POST", "DELETE"].map((method) => `${method} ${kind} 401`)
);
const NEW = [...ASKED, NO_SUCH_BLOB_YET, NO_SUCH_MANIFEST_YET, NO_SUCH_TAG_YET];
// What a client may not do is 403, whichever of its requests comes first.
const DENIED = [...NEW, "HEAD blob 403", "HEAD tag 403", "HEAD manifest 403", "POST mount 403", "POST upload 403"];

interface Course {
  readonly bench: Workbench;
  readonly step: Step;
  readonly remote: (reference: string) => string;
}

const courses = new WeakMap<Workbench, Promise<Course>>();

// Starts the registry, and puts an image into the course.
function courseOf(bench: Workbench): Promise<Course> {
  const known = courses.get(bench) ?? startCourse(bench);
  courses.set(bench, known);
  return known;
}

async function startCourse(outer: Workbench): Promise<Course> {
  const { stack, images, folder, isRoot, environment: { PATH: path }, count } = outer;
  const passwords = outer.makeFile("passwords", PASSWORDS);
  const access = outer.makeFile("access.json", RULES);
  const flags = ["--htpasswd", passwords, "--access", access, "--token"];
  const glassbox = await Glassbox.start(`${folder}/root-with-tokens`, stack, ...flags);
  const bench = new Workbench({ stack, glassbox, images, folder, isRoot, path, count });
  const step = bench.stepsOf("tokens");
  const remote = (reference: string) => `${glassbox.address}/${reference}`;
  await step("skopeo, as bob, pushes an image to the course", NEW, async () => {
    const to = ["--dest-creds", "bob:hunter2", "--dest-tls-verify=false", `docker://${remote("course/one:v1")}`];
    const copy = ["--insecure-policy", "copy", "--all", `oci:${images.layout}:all`, ...to];
    await bench.run(...bench.hiding(["/var/lib"], "skopeo", ...copy));
    assertEquals(glassbox.tagged("course/one", "v1"), images.all.digest);
  });
  return { bench, step, remote };
}

/** Tries skopeo, crane, oras and regctl with tokens. */
export async function tryTokens(outer: Workbench): Promise<void> {
  const { bench, step, remote } = await courseOf(outer);
  const { glassbox, images } = bench;
  const skopeo = (...args: string[]) => bench.hiding(["/var/lib"], "skopeo", "--insecure-policy", ...args);
  const insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"];
  const regctl = (...args: string[]) => ["--host", `reg=${glassbox.address},tls=disabled`, ...args];

  await step("skopeo pulls from the course without a password", NEW, async (told) => {
    const to = `oci:${bench.folder}/skopeo-course:v1`;
    await bench.run(
      ...skopeo("copy", "--all", "--src-no-creds", ...insecure, `docker://${remote("course/one:v1")}`, to),
    );
    assertEquals(images.missingIn(`${bench.folder}/skopeo-course`, images.all), []);
    assert((await told()).includes("GET /token 200"));
  });

  await step("skopeo, as alice, copies the image into her corner, and mounts its layers", NEW, async (told) => {
    const creds = ["--src-creds", "alice:secret", "--dest-creds", "alice:secret"];
    const [from, to] = [`docker://${remote("course/one:v1")}`, `docker://${remote("alice/skopeo:v1")}`];
    await bench.run(...skopeo("copy", "--all", ...insecure, ...creds, from, to));
    assertEquals(glassbox.tagged("alice/skopeo", "v1"), images.all.digest);
    assert((await told()).includes("POST mount 201"));
  });

  await step("skopeo is told that alice may not push to bob's corner, nor to the course", DENIED, async () => {
    for (const name of ["bob/skopeo", "course/skopeo"]) {
      const creds = ["--src-creds", "alice:secret", "--dest-creds", "alice:secret"];
      const [from, to] = [`docker://${remote("course/one:v1")}`, `docker://${remote(`${name}:v1`)}`];
      const { stderr } = await bench.runToFail(...skopeo("copy", "--all", ...insecure, ...creds, from, to));
      assertStringIncludes(stderr, name === "bob/skopeo" ? "403 (Forbidden)" : "denied");
      assertEquals(glassbox.tagged(name, "v1"), undefined);
    }
  });

  await step("skopeo deletes the image in alice's corner", ASKED, async (told) => {
    await bench.run(
      ...skopeo("delete", "--creds", "alice:secret", "--tls-verify=false", `docker://${remote("alice/skopeo:v1")}`),
    );
    assert((await told()).includes("DELETE manifest 202"));
  });

  await step("crane logs in, pushes, copies with mounts, lists the catalog and deletes", NEW, async (told) => {
    await bench.run("crane", "auth", "login", glassbox.address, "-u", "alice", "-p", "secret");
    await bench.run(
      "crane",
      "append",
      "--oci-empty-base",
      "-f",
      bench.makeFile("layer.tar", images.tar),
      "-t",
      remote("alice/crane:v1"),
    );
    await bench.run("crane", "copy", remote("alice/crane:v1"), remote("alice/copy:v1"));
    const { stdout } = await bench.run("crane", "catalog", glassbox.address);
    await bench.run("crane", "delete", remote("alice/copy:v1"));
    assertEquals(stdout.trim().split("\n").filter((name) => /crane|copy|course|bob/.test(name)), [
      "alice/copy",
      "alice/crane",
      "course/one",
    ]);
    assert((await told()).includes("POST mount 201") && (await told()).includes("DELETE tag 202"));
  });

  await step("crane is told that alice may not push to the course", DENIED, async () => {
    const { stderr } = await bench.runToFail("crane", "copy", remote("alice/crane:v1"), remote("course/crane:v1"));
    assertStringIncludes(stderr, "DENIED");
  });

  await step("oras logs in, pushes, copies with mounts and lists the catalog", NEW, async (told) => {
    bench.makeFile("hello.txt", "hello\n");
    await bench.run("oras", "login", "--plain-http", "-u", "alice", "-p", "secret", glassbox.address);
    await bench.run("oras", "push", "--plain-http", remote("alice/art:v1"), "hello.txt:text/plain");
    await bench.run(
      "oras",
      "cp",
      "--from-plain-http",
      "--to-plain-http",
      remote("alice/art:v1"),
      remote("alice/art2:v1"),
    );
    const { stdout } = await bench.run("oras", "repo", "ls", "--plain-http", glassbox.address);
    assertEquals(stdout.split("\n").filter((name) => /art|course/.test(name)), [
      "alice/art",
      "alice/art2",
      "course/one",
    ]);
    assert((await told()).includes("POST mount 201"));
  });

  await step("oras is told that alice may not push to bob's corner", DENIED, async () => {
    const { stderr } = await bench.runToFail(
      "oras",
      "push",
      "--plain-http",
      remote("bob/art:v1"),
      "hello.txt:text/plain",
    );
    assertStringIncludes(stderr, "403");
  });

  await step("regctl logs in, copies from the course, lists the catalog and removes a tag", NEW, async (told) => {
    await bench.run(
      "regctl",
      ...regctl("registry", "login", glassbox.address, "-u", "alice", "-p", "secret", "--skip-check"),
    );
    await bench.run("regctl", ...regctl("image", "copy", remote("course/one:v1"), remote("alice/regctl:v1")));
    const { stdout } = await bench.run("regctl", ...regctl("repo", "ls", glassbox.address));
    await bench.run("regctl", ...regctl("tag", "rm", remote("alice/regctl:v1")));
    assertEquals(stdout.split("\n").filter((name) => /regctl|course/.test(name)), ["alice/regctl", "course/one"]);
    assert((await told()).includes("POST mount 201") && (await told()).includes("DELETE tag 202"));
  });
}

/** Tries docker with tokens. */
export async function tryTokensWithDocker(outer: Workbench): Promise<void> {
  const { bench, step, remote } = await courseOf(outer);
  const { glassbox, images } = bench;
  const docker = ["docker", "--host", dockerSocket(bench)] as const;

  await step("docker pulls from the course without a password", NEW, async (told) => {
    await bench.run(...docker, "pull", remote("course/one:v1"));
    assert((await told()).includes("GET /token 200"));
  });

  await step(
    "docker logs in, and keeps a refresh token instead of the password",
    [...ASKED, "GET /token 401"],
    async () => {
      await bench.runToFail(...docker, "login", "-u", "alice", "-p", "wrong", glassbox.address);
      await bench.run(...docker, "login", "-u", "alice", "-p", "secret", glassbox.address);
      const kept = Deno.readTextFileSync(`${bench.environment.DOCKER_CONFIG}/config.json`);
      assert(kept.includes('"identitytoken"') && !kept.includes(btoa("alice:secret")), kept);
    },
  );

  await step("docker pushes to alice's corner, and pulls it again", NEW, async (told) => {
    await bench.run(...docker, "import", bench.makeFile("layer.tar", images.tar), remote("alice/docker:v1"));
    await bench.run(...docker, "push", remote("alice/docker:v1"));
    await bench.run(...docker, "rmi", remote("alice/docker:v1"));
    await bench.run(...docker, "pull", remote("alice/docker:v1"));
    assert((await told()).includes("POST /token 200"));
  });

  await step("docker is told that alice may not push to the course", DENIED, async () => {
    await bench.run(...docker, "tag", remote("alice/docker:v1"), remote("course/docker:v1"));
    const { stderr } = await bench.runToFail(...docker, "push", remote("course/docker:v1"));
    assertStringIncludes(stderr, "denied: requested access to the resource is denied");
  });
}

/** Tries containerd with tokens. */
export async function tryTokensWithContainerd(outer: Workbench): Promise<void> {
  const { bench, step, remote } = await courseOf(outer);
  const folder = bench.makeFolder("containerd");
  const ctr = ["ctr", "--address", `${folder}/socket`] as const;
  const alice = ["--plain-http", "--user", "alice:secret"];

  await step("containerd starts", [], async () => {
    const disabled = [
      "grpc.v1.cri",
      "snapshotter.v1.overlayfs",
      "snapshotter.v1.btrfs",
      "snapshotter.v1.zfs",
      "snapshotter.v1.devmapper",
    ];
    const config = bench.makeFile(
      "containerd.toml",
      [
        "version = 2",
        `root = "${folder}/root"`,
        `state = "${folder}/state"`,
        `disabled_plugins = [${disabled.map((name) => `"io.containerd.${name}"`).join(", ")}]`,
        "[grpc]",
        `address = "${folder}/socket"`,
      ].join("\n"),
    );
    const [program, ...args] = bench.hiding(["/var/lib"], "containerd", "--config", config);
    const daemon = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "piped" }).spawn();
    bench.stack.defer(() => end(daemon));
    await waitForLine(daemon.stderr, /containerd successfully booted/);
  });

  await step("containerd fetches from the course without a password", NEW, async () => {
    await bench.run(...ctr, "content", "fetch", "--plain-http", "--all-platforms", remote("course/one:v1"));
  });

  await step("containerd, as alice, pushes to her corner with mounts, and fetches that", NEW, async (told) => {
    await bench.run(...ctr, "images", "tag", remote("course/one:v1"), remote("alice/containerd:v1"));
    await bench.run(...ctr, "images", "push", ...alice, remote("alice/containerd:v1"));
    await bench.run(...ctr, "content", "fetch", ...alice, "--all-platforms", remote("alice/containerd:v1"));
    assert((await told()).includes("POST /token 200") && (await told()).includes("POST mount 201"));
  });

  await step("containerd is told that alice may not push to the course", DENIED, async () => {
    await bench.run(...ctr, "images", "tag", remote("course/one:v1"), remote("course/two:v1"));
    const { stderr } = await bench.runToFail(...ctr, "images", "push", ...alice, remote("course/two:v1"));
    assertStringIncludes(stderr, "403");
  });
}
