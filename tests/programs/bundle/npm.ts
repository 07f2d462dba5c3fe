/**
 * Deno from the npm registry: one package for each system, with the program in it.
 * https://www.npmjs.com/package/deno
 *
 *     GET /@deno%2fdarwin-arm64                       { "versions": { "2.9.6": { "dist": { "tarball": …, "integrity": "sha512-…" } } } }
 *     GET /@deno/darwin-arm64/-/darwin-arm64-2.9.6.tgz     package/deno
 *
 * The registry is the one that npm and Deno use, too: that of the environment variable `NPM_CONFIG_REGISTRY`, or npm's own.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { BLOCK, readHeader } from "../../../src/archive/tar_header.ts";

/** npm's own registry. */
export const NPM = "https://registry.npmjs.org/";

/** The systems that a bundle may be for, and where the npm registry has Deno for each. */
export const SYSTEMS = {
  "linux-x64": { name: "@deno/linux-x64-glibc", program: "deno" },
  "linux-arm64": { name: "@deno/linux-arm64-glibc", program: "deno" },
  "macos-x64": { name: "@deno/darwin-x64", program: "deno" },
  "macos-arm64": { name: "@deno/darwin-arm64", program: "deno" },
  "windows-x64": { name: "@deno/win32-x64", program: "deno.exe" },
} as const;

/** A system that a bundle may be for. */
export type BundleSystem = keyof typeof SYSTEMS;

/** Thrown if a bundle cannot be made. The message is one line. */
export class BundleError extends Error {}

/** Where the npm registry has a version of a package. */
export interface Dist {
  readonly tarball: string;
  readonly integrity?: string;
}

/** A version of Deno for a system. */
export interface DenoPackage {
  readonly version: string;
  /** The program; and what its makers have put beside it, such as their license. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[];
}

/**
 * Fetches Deno for a system.
 *
 * @param registry the address of the npm registry, with a slash at its end.
 * @param wanted the version that is wanted; see `choose`.
 * @throws {BundleError} if the registry cannot be reached, does not have it, or sends other bytes than it says.
 */
export async function fetchDeno(registry: string, system: BundleSystem, wanted: string): Promise<DenoPackage> {
  const { name, program } = SYSTEMS[system];
  const versions = versionsIn(await get(registry + name.replace("/", "%2f")));
  const version = choose(Object.keys(versions), wanted);
  if (version === undefined) {
    const same = wanted.replace(/\.\d+$/, "");
    throw new BundleError(`${registry} has no Deno ${same} for ${system}; --only leaves systems out`);
  }
  const { tarball, integrity } = versions[version]?.dist ?? {};
  if (typeof tarball !== "string") throw new BundleError(`${registry} does not say where ${name}@${version} is`);
  // A mirror may have the addresses of npm's own registry in what it copies.
  const bytes = await get(tarball.replace(NPM, registry));
  expectIntegrity(`${name}@${version}`, bytes, integrity);
  const files = filesIn(gunzipSync(bytes));
  if (files.every((file) => file.name !== program)) throw new BundleError(`${name}@${version} has no ${program} in it`);
  return { version, files };
}

/** Chooses the version that is wanted, or else the newest one with the same first two numbers. */
export function choose(versions: readonly string[], wanted: string): string | undefined {
  if (versions.includes(wanted)) return wanted;
  const start = wanted.replace(/\d+$/, "");
  const last = (version: string) => Number(version.slice(start.length));
  return versions.filter((version) => version.startsWith(start) && Number.isInteger(last(version)))
    .toSorted((one, other) => last(other) - last(one))[0];
}

/** @throws {BundleError} if bytes are not those that `integrity` was made of. */
export function expectIntegrity(name: string, bytes: Uint8Array, integrity: string | undefined): void {
  const wanted = integrity?.split(" ").find((hash) => hash.startsWith("sha512-"));
  if (wanted === undefined) throw new BundleError(`the registry has no sha512 for ${name}`);
  const got = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  if (got !== wanted) throw new BundleError(`${name} has other bytes than the registry says: ${got}, not ${wanted}`);
}

// What a proxy or a login page of a network answers is no list of versions.
function versionsIn(bytes: Uint8Array): Readonly<Record<string, { readonly dist?: Dist }>> {
  try {
    const { versions } = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof versions === "object" && versions !== null) return versions;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw new BundleError("what the npm registry answers is no list of versions");
}

// The connection may break off in the middle.
async function get(url: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const answer = await fetch(url);
    const bytes = await answer.bytes();
    if (answer.ok) return bytes;
    throw new Error(String(answer.status));
  } catch (error) {
    throw new BundleError(`${url} cannot be fetched: ${whyNotFetched(error as Error)}`);
  }
}

// `fetch` says only that it has failed. Why stands in the cause, behind the URL.
function whyNotFetched({ message, cause }: Error): string {
  const text = cause instanceof Error ? cause.message.replace(/^error sending request for url \(.*?\): /, "") : message;
  return withAdvice(text.split("\n")[0]);
}

/** Returns the reason why something cannot be fetched, and what helps against it, if that is known. */
export function withAdvice(reason: string): string {
  // A proxy of a company or a school often signs with its own certificate. The system knows that one, and Deno does not ask the system.
  const advice = "; DENO_TLS_CA_STORE=system lets Deno trust the certificates that this system trusts";
  return reason.includes("UnknownIssuer") ? reason + advice : reason;
}

// A package of npm has everything in one folder, `package/`.
function filesIn(tar: Uint8Array): { name: string; bytes: Uint8Array<ArrayBuffer> }[] {
  const files = [];
  for (let at = 0; at + BLOCK <= tar.length;) {
    const { name, size, type } = readHeader(tar.subarray(at, at + BLOCK));
    const begin = at + BLOCK;
    const path = /^package\/([\w.-]+)$/.exec(new TextDecoder().decode(name));
    if (type === "0" && path !== null) files.push({ name: path[1], bytes: tar.slice(begin, begin + size) });
    at = begin + Math.ceil((size || 0) / BLOCK) * BLOCK;
  }
  return files;
}
