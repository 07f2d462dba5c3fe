/**
 * Pushes an image to a registry in a Web Worker that has no permission, and pulls it. Prints each answer as JSON. Only this thread
 * has a permission, to load the source of the worker.
 */

import { descriptorOf, digestOf, TYPES } from "../fixture.ts";

const worker = new Worker(new URL("registry_worker.ts", import.meta.url), {
  type: "module",
  deno: { permissions: "none" },
});

function answer(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
}

function ask(method: string, path: string, init: { type?: string; body?: string } = {}): Promise<unknown> {
  const answered = answer();
  worker.postMessage({ method, path, ...init });
  return answered;
}

const config = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } });
const body = JSON.stringify({
  schemaVersion: 2,
  mediaType: TYPES.image,
  config: descriptorOf(config, TYPES.config),
  layers: [],
});
const hello = "/v2/library/hello";
const answers = [
  await answer(),
  await ask("POST", `${hello}/blobs/uploads/?digest=${digestOf(config)}`, { body: config }),
  await ask("PUT", `${hello}/manifests/v1`, { type: TYPES.image, body }),
  await ask("GET", `${hello}/manifests/v1`),
  await ask("GET", `${hello}/blobs/${digestOf(config)}`),
  await ask("GET", `${hello}/tags/list`),
];
console.log(JSON.stringify({ answers, config, body }));
worker.terminate();
