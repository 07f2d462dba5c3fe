/**
 * A registry with a bad conscience: tries to do what a registry has no business to do, and prints what came of it.
 *
 * @module
 */

import { createRegistry } from "../../src/registry.ts";

const [outside] = Deno.args;
// It is the registry's own process that tries: whatever it has loaded could do no more.
createRegistry({ root: "." });

const attempts: Record<string, () => unknown> = {
  "read outside the root": () => Deno.readTextFileSync(`${outside}/secret`),
  "write outside the root": () => Deno.writeTextFileSync(`${outside}/burglar`, ""),
  "connect to an address": () => Deno.connect({ hostname: "127.0.0.1", port: 9 }),
  "listen on another address": () => Deno.listen({ hostname: "127.0.0.2", port: 0 }).close(),
  "run a program": () => new Deno.Command("deno", { args: ["--version"] }).outputSync(),
  "read the environment": () => Deno.env.get("HOME"),
};

for (const [attempt, run] of Object.entries(attempts)) {
  try {
    await run();
    console.log(`${attempt}: done`);
  } catch (error) {
    console.log(`${attempt}: ${(error as Error).name}`);
  }
}
