/**
 * curl: the requests of the spec, one by one, over a connection that breaks off. https://curl.se
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { digestOf, randomBytes } from "../../fixture.ts";
import { startRegistry } from "../../../src/mod.ts";
import { Relay } from "./relay.ts";
import { CHUNK_CUT_OFF, type Workbench } from "./workbench.ts";

const PUSH_FOO = `/v2/library/hello/blobs/uploads/?digest=${digestOf("foo")}`;
const CONTENT_SIZE = 4_000_000;
const CUT_AFTER = 2_500_000;

/** Tries curl. */
export async function tryCurl(bench: Workbench): Promise<void> {
  const { glassbox } = bench;
  const step = bench.stepsOf("curl");
  const url = (path: string) => `http://${glassbox.address}${path}`;
  const curl = async (...args: string[]) => (await bench.run("curl", "--silent", "--show-error", ...args)).stdout;
  const content = randomBytes(CONTENT_SIZE);
  const digest = digestOf(content);

  await step("goes on with an upload after its connection was broken off", [CHUNK_CUT_OFF], async (told) => {
    const begun = await curl("--include", "--request", "POST", url("/v2/curl/blob/blobs/uploads/"));
    const session = header(begun, "Location")!;
    const patch = ["--request", "PATCH", "--header", "Content-Type: application/octet-stream", "--data-binary"];

    const whole = bench.makeFile("whole", content);
    using relay = new Relay(glassbox.address, "up", CUT_AFTER);
    await bench.runToFail("curl", ...patch, `@${whole}`, `http://${relay.address}${session}`);
    // The registry may still be reading bytes that the network has buffered. The chunk ends with its story.
    for (let tries = 0; tries < 100 && !(await told()).includes(CHUNK_CUT_OFF); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }

    const status = await curl("--include", url(session));
    assertMatch(status, /^HTTP\/1\.1 204 /);
    const next = Number(header(status, "Range")!.split("-")[1]) + 1;
    assert(1 < next && next <= CUT_AFTER, `${next} bytes came through`);

    const rest = bench.makeFile("rest", content.subarray(next));
    const range = ["--header", `Content-Range: ${next}-${CONTENT_SIZE - 1}`];
    const patched = await curl("--include", ...range, ...patch, `@${rest}`, url(session));
    assertEquals(header(patched, "Range"), `0-${CONTENT_SIZE - 1}`);
    const closed = await curl("--include", "--request", "PUT", url(`${session}?digest=${digest}`));
    assertEquals(header(closed, "Docker-Content-Digest"), digest);
    assertEquals(Deno.readFileSync(glassbox.fileOf("curl/blob", digest)!), content);
  });

  await step("trusts the certificate that startRegistry makes for a test, and no other client does", [], async () => {
    await using registry = await startRegistry({ tls: true });
    const ca = bench.makeFile("ca.crt", new TextEncoder().encode(registry.ca!));
    const { port } = new URL(registry.url);
    for (const host of ["127.0.0.1", "localhost"]) {
      const pushed = await curl(
        "--include",
        "--cacert",
        ca,
        "--data-binary",
        "foo",
        `https://${host}:${port}${PUSH_FOO}`,
      );
      assertMatch(pushed, /^HTTP\/(1\.1|2) 201 /);
    }
    await bench.runToFail("curl", `${registry.url}/v2/`);
    assertEquals(registry.stories.map(({ status }) => status), [201, 201]);
  });

  await step("goes on with a download after its connection was broken off", [], async (told) => {
    const file = `${bench.folder}/downloaded`;
    using relay = new Relay(glassbox.address, "down", CUT_AFTER);
    const get = ["--output", file, `http://${relay.address}/v2/curl/blob/blobs/${digest}`];
    await bench.runToFail("curl", ...get);
    assert(0 < Deno.statSync(file).size && Deno.statSync(file).size <= CUT_AFTER);
    await curl("--continue-at", "-", ...get);
    assertEquals(Deno.readFileSync(file), content);
    assertEquals(await told(), ["GET blob 200", "GET blob 206"]);
  });
}

function header(answer: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)\r$`, "im").exec(answer)?.[1];
}
