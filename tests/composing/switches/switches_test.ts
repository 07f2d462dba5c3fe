/**
 * The switches: turning them on and off, for which requests, and what is refused.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { compose } from "../../../src/composing/composing.ts";
import { parseSwitch, SwitchError } from "../../../src/composing/switches/parameters.ts";
import { createSwitches } from "../../../src/composing/switches/switches.ts";
import { PROFILES } from "../../../src/composing/switches/profiles.ts";
import { SWITCHES } from "../../../src/composing/switches/table.ts";
import { memoryDisk } from "../../../src/disk/memory_disk.ts";

/** Switches around a registry that answers everything with 200, and a function that returns the statuses of some requests. */
function switched() {
  const switches = createSwitches();
  const registry = compose(() => Promise.resolve(new Response("ok")), switches.wrapper);
  const statuses = async (...paths: string[]) => {
    const answers: number[] = [];
    for (const path of paths) answers.push((await registry(new Request(`http://localhost${path}`))).status);
    return answers;
  };
  return { switches, statuses };
}

const A = "/v2/team/a/tags/list";
const B = "/v2/b/tags/list";

Deno.test("a switch is about the next requests only, if it is turned on so", async () => {
  const { switches, statuses } = switched();
  switches.on("too-many-requests", { times: 2 });
  assertEquals(await statuses(A, A, A), [429, 429, 200]);
});

Deno.test("a switch is about one prefix of repositories only, if it is turned on so", async () => {
  const { switches, statuses } = switched();
  switches.on("too-many-requests", { repository: "team/" });
  assertEquals(await statuses(A, B, "/v2/"), [429, 200, 200]);
});

Deno.test("a switch with a probability does the same again with the same seed, and something else with another", async () => {
  const run = async (seed: number) => {
    const { switches, statuses } = switched();
    switches.on("too-many-requests", { probability: 0.5, seed });
    return await statuses(...Array.from({ length: 40 }, () => A));
  };
  const [first, again, other] = [await run(7), await run(7), await run(8)];
  assertEquals(first, again);
  assertEquals(first.toString() === other.toString(), false);
  assertEquals(new Set(first), new Set([200, 429]));
});

Deno.test("a switch can be turned off, and all of them", async () => {
  const { switches, statuses } = switched();
  switches.on("too-many-requests");
  assertEquals([await statuses(A), switches.off("too-many-requests"), switches.off("too-many-requests")], [
    [429],
    true,
    false,
  ]);
  switches.on("too-many-requests");
  switches.clear();
  assertEquals([await statuses(A), switches.list()], [[200], []]);
});

Deno.test("the switches that are on are data: their options, and how many requests they have changed", async () => {
  const { switches, statuses } = switched();
  switches.on("too-many-requests", { repository: "team/", times: 3 });
  await statuses(A, B, A);
  const [{ id, options, requests }] = switches.list();
  assertEquals([id, requests], ["too-many-requests", 2]);
  assertEquals(options, { retryAfter: 1, repository: "team/", times: 3, probability: 1, seed: 1 });
  const others = switched().switches;
  assertEquals(others.on(id, options), { id, options, requests: 0 });
});

Deno.test("what cannot be turned on is refused, with what is allowed", () => {
  const { switches } = switched();
  const refused = (id: string, options = {}) => assertThrows(() => switches.on(id, options), SwitchError).message;
  const ids = SWITCHES.map(({ id }) => id).join(", ");
  assertEquals(refused("cat"), `expected a switch, one of ${ids}, got "cat"`);
  assertEquals(
    refused("cut", { afte: 1 }),
    'expected for the switch cut one of after, repository, times, probability, seed, got "afte"',
  );
  assertEquals(
    refused("cut", { after: "x" }),
    'expected a number of bytes of 0 or more as after of the switch cut, got "x"',
  );
  assertEquals(
    refused("cut", { probability: 2 }),
    "expected a number from 0 to 1 as probability of the switch cut, got 2",
  );
  assertEquals(refused("cut", { times: 0 }), "expected a number of 1 or more as times of the switch cut, got 0");
  assertEquals(refused("cut", { times: 1.5 }), "expected a number of 1 or more as times of the switch cut, got 1.5");
  assertEquals(
    refused("disk-full"),
    "expected for disk-full, the disk of the registry, passed through switches.disk(…), got no disk",
  );
  const onDisk = createSwitches();
  onDisk.disk(memoryDisk());
  const { message } = assertThrows(() => onDisk.on("disk-error", { operation: "puts" }), SwitchError);
  assertEquals(
    message.replace(/one of look, .*, discard/, "one of …"),
    'expected one of … as operation of the switch disk-error, got "puts"',
  );
  assertEquals(
    assertThrows(() => switches.off("cat"), SwitchError).message,
    `expected a switch, one of ${ids}, got "cat"`,
  );
  const profiles = PROFILES.map(({ name }) => name).join(", ");
  assertEquals(
    assertThrows(() => switches.profile("cat"), SwitchError).message,
    `expected a profile, one of ${profiles}, got "cat"`,
  );
  assertEquals(switches.list(), []);
});

Deno.test("a text that would make requests fail is refused when its switch is turned on", () => {
  const { switches } = switched();
  const refused = (id: string, options = {}) => assertThrows(() => switches.on(id, options), SwitchError).message;
  const ofOrigin = "expected a URL such as https://elsewhere.example:5000 as origin of the switch location-host";
  for (const origin of ["", "elsewhere", "http://[", "ftp://a", "http://a/b", "http://a?b"]) {
    assertEquals(refused("location-host", { origin }), `${ofOrigin}, got "${origin}"`);
  }
  const ofTemplate = "expected printable ASCII without blanks as template of the switch upload-location";
  for (const template of ["", "a b", "a\r\nX: y", "\u00fc"]) {
    assertEquals(refused("upload-location", { template }), `${ofTemplate}, got "${template}"`);
  }
  assertEquals(
    refused("redirect", { to: "a \0" }),
    'expected URLs in printable ASCII as to of the switch redirect, got "a \0"',
  );
  assertEquals(
    refused("redirect", { kind: "tags" }),
    'expected blobs, manifests or both as kind of the switch redirect, got "tags"',
  );
  assertEquals(switches.list(), []);
});

Deno.test("a switch is read as a person types it", () => {
  const { switches } = switched();
  const { options } = switches.on(...parseSwitch("cut:after=4KiB,times=1,repository=1,probability=0.5"));
  assertEquals(options, { after: 4096, times: 1, repository: "1", probability: 0.5, seed: 1 });
  assertEquals(parseSwitch("cut"), ["cut", {}]);
  assertEquals(
    assertThrows(() => parseSwitch("cut:10"), SwitchError).message,
    'expected a switch as ID or as ID:NAME=VALUE,NAME=VALUE, got "cut:10"',
  );
});

Deno.test("every profile can be turned on, and each of its claims has a source", () => {
  for (const { name, switches: claims } of PROFILES) {
    const { switches } = switched();
    assertEquals(switches.profile(name).map(({ id }) => id), claims.map(({ id }) => id));
    for (const { source } of claims) assertEquals(URL.canParse(source), true, source);
  }
});
