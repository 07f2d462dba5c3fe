/**
 * Lets tests run once more, over registries with wrappers that must change nothing:
 *
 *     deno test -A --preload tests/composing/transparent.ts tests/pull -- under      one of them
 *     deno test -A --preload tests/composing/transparent.ts tests/pull -- all        all of them, one around the other
 *
 * @module
 */

import { ACTIONS } from "../../src/access/access_rule.ts";
import { access } from "../../src/composing/access.ts";
import { immutableTags } from "../../src/composing/immutable_tags.ts";
import { limited } from "../../src/composing/limited.ts";
import { only } from "../../src/composing/only.ts";
import { traced } from "../../src/composing/traced.ts";
import { under } from "../../src/composing/under.ts";
import { union } from "../../src/composing/union.ts";
import { withWarnings } from "../../src/composing/with_warnings.ts";
import { memoryDisk } from "../../src/disk/memory_disk.ts";
import { createRegistry, type Wrapper } from "../../src/registry.ts";
import { CHANGED } from "../fixture.ts";

// The name below which `under` puts all repositories.
const BELOW = "the/part.of-it";

// Each is made so that a client cannot see it.
const TRANSPARENT: Readonly<Record<string, () => Wrapper>> = {
  traced: () => traced(() => {}),
  limited: () => limited({ requests: 1_000_000, milliseconds: 1000 }),
  withWarnings: () => withWarnings([{ text: "never", probability: 0 }]),
  immutableTags: () => immutableTags("no-test-has-this-tag*"),
  access: () => access([{ users: ["anonymous"], repositories: ["**"], actions: ACTIONS }]),
  only: () => only((name) => name !== "no/test/has/this/name"),
  under: () => under(BELOW),
  union: () => (registry) => union(registry, createRegistry({ disk: memoryDisk() })),
};

const names = Deno.args[0] === "all" ? Object.keys(TRANSPARENT) : Deno.args;
CHANGED.wrappers = () => names.map((name) => TRANSPARENT[name]());
if (names.includes("under")) CHANGED.below = `/${BELOW}`;
