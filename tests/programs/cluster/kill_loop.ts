/**
 * Clients push images while one registry after the other is killed, and a storage server in the middle of it. Afterwards
 * everything that was acknowledged has to be there, at both registries.
 *
 * A client tries an image again if a connection breaks or the answer is a 5xx. Every other refusal is a fault: the client did
 * nothing wrong, and what it needs was acknowledged.
 *
 * @module
 */

import { digestOf, TYPES } from "../../fixture.ts";
import { Image } from "../../processes/content.ts";
import type { Registry } from "./servers.ts";

const LASTS_MILLISECONDS = 25_000;
const CLIENTS = 6;

/** An image that was acknowledged, and its place. */
interface Acknowledged {
  readonly name: string;
  readonly tag: string;
  readonly image: Image;
}

/** Runs the loop. Returns the faults. */
export async function killLoop(
  front: string,
  registries: readonly Registry[],
  endStorageServer: (() => Promise<string>) | undefined,
): Promise<string[]> {
  const acknowledged: Acknowledged[] = [];
  const faults: string[] = [];
  let isOver = false;
  let brokenOff = 0;
  const push = async (client: number) => {
    for (let number = 0; !isOver; number++) {
      const name = `library/kill-${client % 3}`;
      const tag = `${client}.${number}`;
      const image = new Image(`${name}:${tag} ${"and more ".repeat(100 * (number % 5))}`);
      for (let isDone = false; !isDone && !isOver;) {
        const outcome = await pushImage(front, name, tag, image, number % 2 === 0);
        isDone = outcome !== "again";
        if (outcome === "again") brokenOff++;
        else if (outcome === "acknowledged") acknowledged.push({ name, tag, image });
        else faults.push(`${name}:${tag}: ${outcome}`);
      }
    }
  };

  const pushing = Promise.all(Array.from({ length: CLIENTS }, (_, client) => push(client)));
  let kills = 0;
  const began = Date.now();
  let ended: string | undefined;
  while (Date.now() - began < LASTS_MILLISECONDS) {
    await new Promise((resolve) => setTimeout(resolve, 700 + 500 * Math.random()));
    const registry = registries[kills++ % registries.length];
    await registry.kill();
    await registry.start();
    if (ended === undefined && Date.now() - began > LASTS_MILLISECONDS / 2) ended = await endStorageServer?.();
  }
  isOver = true;
  await pushing;

  const ends = ended === undefined ? "" : `, and the storage server ${ended} once`;
  console.log(
    `        ${acknowledged.length} images acknowledged, ${brokenOff} pushes broken off; killed registries ${kills} times${ends}`,
  );
  if (acknowledged.length === 0) faults.push("no image was acknowledged");
  for (const { address } of registries) {
    for (const one of acknowledged) faults.push(...await findLosses(address, one));
  }
  return faults;
}

// Returns `acknowledged`, or `again` if something broke, or what is wrong with the answer.
async function pushImage(front: string, name: string, tag: string, image: Image, inChunks: boolean): Promise<string> {
  const type = { "Content-Type": TYPES.image };
  const requests: (() => Promise<Response>)[] = [
    () => pushBlob(front, name, image.config),
    () => inChunks ? pushInChunks(front, name, image.layer) : pushBlob(front, name, image.layer),
    () => send("PUT", `${front}/v2/${name}/manifests/${tag}`, image.text, type),
  ];
  for (const request of requests) {
    try {
      const answer = await request();
      if (answer.status >= 500) return "again";
      if (answer.status !== 201) return `${answer.status} ${await answer.text()}`;
    } catch (error) {
      // The connection broke.
      if (error instanceof TypeError) return "again";
      throw error;
    }
  }
  return "acknowledged";
}

function pushBlob(front: string, name: string, content: string): Promise<Response> {
  return send("POST", `${front}/v2/${name}/blobs/uploads/?digest=${digestOf(content)}`, content);
}

async function pushInChunks(front: string, name: string, content: string): Promise<Response> {
  let answer = await send("POST", `${front}/v2/${name}/blobs/uploads/`);
  const middle = Math.floor(content.length / 2);
  for (const [start, end] of [[0, middle], [middle, content.length]]) {
    if (answer.status !== 202) return answer;
    const headers = { "Content-Range": `${start}-${end - 1}` };
    answer = await send("PATCH", front + answer.headers.get("Location"), content.slice(start, end), headers);
  }
  if (answer.status !== 202) return answer;
  return await send("PUT", `${front}${answer.headers.get("Location")}?digest=${digestOf(content)}`);
}

// The answer has arrived as a whole, so that a connection that breaks in the middle is an error.
async function send(
  method: string,
  url: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  // nginx may have kept a connection that the registry has closed; the time limit is for a request that nobody answers.
  const answer = await fetch(url, { method, body, headers, signal: AbortSignal.timeout(40_000) });
  return new Response(await answer.bytes(), answer);
}

async function findLosses(address: string, { name, tag, image }: Acknowledged): Promise<string[]> {
  const expected = {
    [`manifests/${tag}`]: image.text,
    [`blobs/${digestOf(image.config)}`]: image.config,
    [`blobs/${digestOf(image.layer)}`]: image.layer,
  };
  const losses: string[] = [];
  for (const [path, text] of Object.entries(expected)) {
    const answer = await fetch(`${address}/v2/${name}/${path}`);
    const content = await answer.text();
    if (answer.status !== 200) losses.push(`${name}/${path} is lost at ${address}: ${answer.status}`);
    else if (content !== text) losses.push(`${name}/${path} has other bytes at ${address}`);
  }
  return losses;
}
