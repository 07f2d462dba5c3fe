/**
 * The wrappers and redirects that the command line can ask for.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { TYPES } from "../fixture.ts";
import { Folder } from "../folder.ts";
import { freePort, Program } from "../processes/program.ts";

Deno.test("the program has the wrappers of its flags, and its log tells what they refuse", async () => {
  using folder = new Folder();
  await using program = await Program.serve(
    folder.path,
    ...[
      "--immutable-tags",
      "v*,release-*",
      "--prefix",
      "team/",
      "--warning",
      "closed on Friday",
      "--warning",
      "really",
    ],
    ...["--rate", "5/d", "--log", "line"],
  );
  const push = (name: string, annotations: object) =>
    program.send("PUT", `/v2/${name}/manifests/v1`, {
      headers: { "Content-Type": TYPES.index },
      body: JSON.stringify({ schemaVersion: 2, manifests: [], annotations }),
    });
  const answers = [
    await push("team/a", {}),
    await push("team/a", {}),
    await push("team/a", { is: "another" }),
    await push("other/a", {}),
    await program.send("GET", "/v2/"),
    await program.send("GET", "/v2/"),
  ];
  for (const answer of answers) await answer.body?.cancel();
  assertEquals(answers.map(({ status }) => status), [201, 201, 403, 403, 200, 429]);
  for (const { headers } of answers) {
    assertEquals(headers.get("Warning")?.endsWith('299 - "closed on Friday", 299 - "really"'), true);
  }
  assertEquals(answers[5].headers.get("Retry-After"), "17280");
  await program.out.until(/403 .*DENIED: expected the tag v1 at /);
  await program.out.until(/403 .*DENIED: expected a repository whose name begins with team\//);
  await program.out.until(/429 .*TOOMANYREQUESTS: expected the next request in 17280 s/);
});

Deno.test("all threads of the program count the requests of a client together", async () => {
  using folder = new Folder();
  await using program = await Program.serveOn(freePort(), folder.path, "--rate", "20/d", "--threads", "2");
  const statuses = [];
  for (let connection = 0; connection < 10; connection++) {
    using client = Deno.createHttpClient({});
    for (let request = 0; request < 4; request++) {
      const response = await program.send("GET", "/v2/", { client });
      await response.body?.cancel();
      statuses.push(response.status);
    }
  }
  assertEquals(statuses, [...Array(20).fill(200), ...Array(20).fill(429)]);
});

Deno.test("the program redirects pulls of blobs as its flag says", async () => {
  using folder = new Folder();
  await using program = await Program.serve(folder.path, "--redirect-blobs", "https://cdn.example/{digest}");
  const foo = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
  const pushed = await program.send("POST", `/v2/hello/blobs/uploads/?digest=${foo}`, { body: "foo" });
  await pushed.body?.cancel();
  using client = Deno.createHttpClient({});
  const response = await fetch(`${program.address}/v2/hello/blobs/${foo}`, { redirect: "manual", client });
  await response.body?.cancel();
  assertEquals([response.status, response.headers.get("Location"), response.headers.get("Content-Length")], [
    307,
    `https://cdn.example/${foo}`,
    "0",
  ]);
});

for (
  const [flags, message] of [
    [["--rate", "100"], /--rate: a rate is a number from 1 with \/s, \/m, \/h or \/d, such as 100\/s, not "100"/],
    [["--immutable-tags", "[v"], /--immutable-tags: a pattern for tags has /],
    [["--prefix", "Team/"], /--prefix: a prefix is the name of a repository/],
    [["--warning", "naïve"], /--warning: a warning has 1 to 1000 printable ASCII characters/],
    [
      ["--redirect-blobs", "https://cdn.example/{tag}"],
      /--redirect-blobs: a template for redirects has the placeholders/,
    ],
    [["--redirect-ranges"], /--redirect-ranges needs --redirect-blobs/],
    [
      ["--accel-redirect", "files"],
      /the prefix for X-Accel-Redirect is a path such as \/files\/, not "files" \(--accel-redirect\)/,
    ],
    [["--accel-redirect", "/files", "--disk", "memory"], /--accel-redirect needs files that nginx can send/],
    [
      ["--accel-redirect", "/files", "--redirect-blobs", "https://cdn.example/{hex}"],
      /--redirect-blobs and --accel-redirect exclude each other/,
    ],
  ] as const
) {
  Deno.test(`the program refuses ${flags.join(" ")} at its start, and names what is wrong`, async () => {
    using folder = new Folder();
    await using program = Program.main("--port", "0", "--root", folder.path, ...flags);
    const { code, errors } = await program.outcome();
    assertEquals([code, message.test(errors)], [2, true], errors);
  });
}
