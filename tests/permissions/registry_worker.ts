/** A registry in a Web Worker: each message is a request, and its answer goes back. */

import { createRegistry, memoryDisk } from "../../src/mod.ts";

// Deno's types describe the first thread, which has no `postMessage`.
const firstThread = self as unknown as Pick<Worker, "postMessage" | "addEventListener">;
const registry = createRegistry({ disk: memoryDisk() });

firstThread.addEventListener("message", async ({ data: { method, path, type, body } }: MessageEvent) => {
  const headers: Record<string, string> = type === undefined ? {} : { "Content-Type": type };
  const response = await registry(new Request(new URL(path, "http://localhost"), { method, headers, body }));
  firstThread.postMessage([response.status, response.headers.get("Docker-Content-Digest"), await response.text()]);
});

const KINDS = ["read", "write", "net", "env", "run", "sys", "ffi"] as const;
const granted = KINDS.filter((name) => Deno.permissions.querySync({ name }).state === "granted");
firstThread.postMessage(["granted", ...granted]);
