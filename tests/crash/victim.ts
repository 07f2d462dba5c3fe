/**
 * A registry that dies. It plays a scenario over a folder, and kills itself at a given step on disk.
 *
 *     deno run … victim.ts <root> <number of the step> <requests or housekeeping>
 *
 *     begin 0
 *     step 0 before make folder library/hello/_uploads
 *     …
 *     end 0 201
 *
 * It prints each step, and waits until the line is written. So the program that started it knows how far it came, and
 * what it has acknowledged. Then it ends as after `kill -9`: it closes nothing and tidies up nothing.
 *
 * @module
 */

import { localDisk } from "../../src/disk/local_disk.ts";
import { SCENARIOS, sendTo } from "./drill.ts";

const [root, fatalStep, name] = Deno.args;
const scenario = SCENARIOS[name];

function tell(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

await scenario.prepare(sendTo(localDisk(root)), root);
let steps = 0;
const disk = localDisk(root, {
  watch(step) {
    const { when, kind, path } = step;
    scenario.watch?.(step, root);
    tell(`step ${steps} ${when} ${kind} ${path}`);
    if (steps++ === Number(fatalStep)) Deno.kill(Deno.pid, "SIGKILL");
  },
});
const send = sendTo(disk);

for (const [index, operation] of scenario.operations.entries()) {
  tell(`begin ${index}`);
  const response = await operation.run(send, disk);
  tell(`end ${index} ${response.status}`);
}
