/**
 * Each switch breaks exactly the rules that it names.
 *
 * A registry is asked about every rule that one can see, first without any switch, and then with each switch.
 *
 * @module
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { compose } from "../../../src/composing/composing.ts";
import { PROFILES } from "../../../src/composing/switches/profiles.ts";
import type { SwitchInfo } from "../../../src/composing/switches/switch.ts";
import { createSwitches, type SwitchOptions } from "../../../src/composing/switches/switches.ts";
import { ALL_SWITCHES, SWITCHES } from "../../../src/composing/switches/table.ts";
import { memoryDisk } from "../../../src/disk/memory_disk.ts";
import { createRegistry } from "../../../src/registry.ts";
import type { Rule } from "../../../src/spec/headings.ts";
import { Broken, Client, NotSeen, offersPush, PROBES, walk } from "./probes.ts";

// Other values than the usual ones, so that small content shows the switch. A fault is about one request of each probe, and the
// client tries again.
const OPTIONS: Readonly<Record<string, SwitchOptions>> = {
  "delay": { milliseconds: 0 },
  "page-limit": { most: 1000 },
  "short-pages": { most: 3 },
  "chunk-max": { bytes: 6 },
};

interface Findings {
  readonly broken: readonly string[];
  readonly log: string;
}

async function ask({ id, kind }: Partial<SwitchInfo>, profile?: string): Promise<Findings> {
  const switches = createSwitches();
  const disk = memoryDisk();
  const plain = new Client(createRegistry({ disk }));
  const bent = new Client(compose(createRegistry({ disk: switches.disk(disk) }), switches.wrapper));
  const broken: string[] = [];
  const options = kind === "fault" ? { times: 1 } : {};
  const probes = Object.entries({ ...PROBES as Record<string, typeof walk>, walk });
  for (const [rule, probe] of probes) {
    if (rule === HEAVY && !isAboutManifests(id)) continue;
    if (profile !== undefined) switches.profile(profile);
    if (id !== undefined) switches.on(id, { ...OPTIONS[id], ...options });
    try {
      await probe({ plain, bent, name: rule.toLowerCase() });
    } catch (error) {
      if (error instanceof Broken) {
        if (!rule.startsWith("PUSH") || await offersPush(bent, "offered")) broken.push(rule);
      } else if (!(error instanceof NotSeen)) throw new Error(`${rule} with ${id}`, { cause: error });
    }
  }
  return { broken: broken.sort(), log: bent.log.join("\n\n") };
}

// A manifest of four megabytes takes more time than all other probes together. Only a switch about manifests can mind it.
const HEAVY = "PUSH-MANIFEST-23";

function isAboutManifests(id: string | undefined): boolean {
  const { rows } = ALL_SWITCHES.find((definition) => definition.id === id) ?? {};
  return rows === undefined || rows.some((row) => row === "PUSH-MANIFEST" || row.startsWith("end-7"));
}

const without = await ask({});

Deno.test("a registry without switches keeps every rule", () => {
  assertEquals(without.broken, []);
});

// Nothing but the time changes.
const UNSEEN = new Set(["delay"]);

for (const info of SWITCHES) {
  const { id, breaks } = info;
  const what = breaks.length === 0 ? "no rule, and changes something" : `${breaks.join(", ")}, and no other rule`;
  Deno.test(`${id} breaks ${what}`, async () => {
    const { broken, log } = await ask(info);
    assertEquals(broken, [...breaks].sort());
    if (!UNSEEN.has(id)) assertNotEquals(log, without.log, "it changes nothing");
  });
}

for (const { name, switches } of PROFILES) {
  Deno.test(`the profile ${name} breaks no rule but those of its switches`, async () => {
    const { broken, log } = await ask({}, name);
    const named = SWITCHES.filter(({ id }) => switches.some((each) => each.id === id)).flatMap(({ breaks }) => breaks);
    assertEquals(broken.filter((rule) => !named.includes(rule as Rule)), []);
    assertNotEquals(log, without.log, "it changes nothing");
  });
}

Deno.test("each switch says where it was met, and each of its rules has a probe", () => {
  for (const { id, kind, met, breaks, sentence, excludes = [] } of SWITCHES) {
    assert(met.length > 0, id);
    assert(kind !== "bug" || breaks.length > 0, `${id} is a bug and breaks nothing`);
    for (const link of met) assertEquals(new URL(link).protocol, "https:", link);
    for (const rule of breaks) assert(PROBES[rule as Rule] !== undefined, `${id}: ${rule}`);
    assert(/^[a-z].*[^.]$/.test(sentence), sentence);
    for (const other of excludes) assert(SWITCHES.some(({ id }) => id === other), `${id} excludes ${other}`);
  }
  assertEquals(new Set(SWITCHES.map(({ id }) => id)).size, SWITCHES.length);
});
