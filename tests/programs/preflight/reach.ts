/**
 * The way to a registry: proxies, the name, the port, the protocol; and the clocks at both ends.
 *
 * Each step has a cause of its own if it fails: a name that nobody knows, a firewall or a Wi-Fi that keeps its clients apart, a
 * program that is not a registry. So they are tried one by one, and the first one that fails is told.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { adviceFor, type Finding, type System } from "./finding.ts";

const PATIENCE_MILLISECONDS = 4000;

// More than this makes tokens and certificates look as if they were not valid yet, or not any more.
const MOST_DIFFERENCE = 60_000;

/** A registry that was asked: its IP address, and what was found. */
export interface Reached {
  /** The IP address of its host; "" if the name is not known. */
  readonly ip: string;
  readonly findings: readonly Finding[];
}

/** Tries to reach a registry, step by step. */
export async function findRegistry(url: URL, system: System): Promise<Reached> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const addresses = await lookup(host, { all: true }).then((found) => found.map(({ address }) => address), () => []);
  if (addresses.length === 0) {
    const advice = ["Ask the teacher for the IP address, and use it in the place of the name."];
    return { ip: "", findings: [{ word: "missing", what: `nobody here knows the name ${host}`, advice }] };
  }
  // A name can have an address of IPv6 and one of IPv4, and the registry only one of them.
  const tries = await Promise.all(addresses.map((address) => connect(address, port)));
  const ip = addresses[Math.max(0, tries.indexOf(undefined))];
  if (!tries.includes(undefined)) {
    const how = tries.includes("refused") ? "refused" : "silent";
    return { ip, findings: [judgeConnection(how, host, port, system)] };
  }
  const before = Date.now();
  try {
    const answer = await fetch(new URL("/v2/", url), {
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
    });
    await answer.body?.cancel();
    const now = (before + Date.now()) / 2;
    const found = judgeAnswer(url, answer.status);
    const page = found.word === "ok" ? [judgePage(url, await statusForBrowsers(url))] : [];
    return { ip, findings: [found, ...page, judgeClock(answer.headers.get("Date"), now, system)] };
  } catch (error) {
    return { ip, findings: [judgeFailure(url, String((error as Error).cause ?? error))] };
  }
}

async function connect(hostname: string, port: number): Promise<"refused" | "silent" | undefined> {
  try {
    // A firewall that drops packets would make this wait for minutes.
    const connection = await Deno.connect({ hostname, port, signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
    connection.close();
    return undefined;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused ? "refused" : "silent";
  }
}

/** Judges a connection that did not come about: it was refused, or nobody has answered. */
export function judgeConnection(how: "refused" | "silent", host: string, port: number, system: System): Finding {
  const where = `port ${port} of ${host}`;
  if (how === "refused") {
    const advice = [
      `Does the registry run there, and on port ${port}? It has to be started with --host 0.0.0.0 (and --page),`,
      "because without --host only its own machine can reach it.",
    ];
    return { word: "missing", what: `${where} refuses connections`, advice };
  }
  const advice = [
    "On the machine of the registry, let the port through the firewall:",
    ...adviceFor(system, {
      debian: `sudo ufw allow ${port}/tcp`,
      fedora: `sudo firewall-cmd --add-port=${port}/tcp`,
      macos: "System Settings, Network, Firewall, Options: allow deno",
      windows:
        `netsh advfirewall firewall add rule name=glassbox dir=in action=allow protocol=TCP localport=${port} (as administrator)`,
    }),
    "If that does not help: leave the VPN, and try another Wi-Fi. Many guest networks keep their clients apart.",
  ];
  return { word: "missing", what: `${where} does not answer`, advice };
}

/** Judges the status of the answer to `GET /v2/`. */
export function judgeAnswer(url: URL, status: number): Finding {
  if (status === 200) return { word: "ok", what: `${url.origin} answers` };
  if (status === 401) return { word: "ok", what: `${url.origin} answers, and asks for a password` };
  const advice = ["Does the address have the right port? A proxy or a login page of the Wi-Fi may have answered."];
  return { word: "missing", what: `${url.origin}/v2/ answers with ${status}, as no registry does`, advice };
}

// Browsers may use fewer names of a registry than other programs, and it knows them by this header.
async function statusForBrowsers(url: URL): Promise<number> {
  const headers = { "User-Agent": "Mozilla/5.0 (preflight)" };
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  const { status, body } = await fetch(new URL("/", url), { redirect: "manual", headers, signal });
  await body?.cancel();
  return status;
}

/** Judges the status of the page, as a browser gets it. */
export function judgePage(url: URL, status: number): Finding {
  if (status === 200 || status === 401) return { word: "ok", what: `the page is at ${url.origin}/` };
  if (status === 403) {
    return {
      word: "warning",
      what: `browsers may not use the name ${url.hostname}`,
      advice: [`Use the IP address, or start the registry with --allow-host ${url.hostname}`],
    };
  }
  const advice = ["If lessons are to be done in the browser, start the registry with --page --workshop"];
  return { word: "warning", what: `${url.origin} serves no page`, advice };
}

/** Judges a request that failed though there was a connection. */
export function judgeFailure(url: URL, reason: string): Finding {
  if (url.protocol === "https:" && /certificate|UnknownIssuer/i.test(reason)) {
    const advice = [
      "Give curl the authority of the certificate: curl --cacert ca.crt …",
      "For Deno: DENO_CERT=ca.crt deno task preflight --registry …",
    ];
    return { word: "warning", what: `${url.origin} has a certificate that this machine does not trust`, advice };
  }
  const other = url.protocol === "https:" ? "http" : "https";
  const advice = [
    `Does it speak ${other}? Then: --registry ${other}://${url.host}`,
    "Or does another program have that port?",
  ];
  return { word: "missing", what: `${url.origin} does not answer as ${url.protocol.slice(0, -1)}`, advice };
}

/** Judges this machine's clock, in milliseconds, by the `Date` of an answer, which has whole seconds. */
export function judgeClock(date: string | null, now: number, system: System): Finding {
  const there = Date.parse(date ?? "");
  if (Number.isNaN(there)) return { word: "optional", what: "the registry does not say what time it is" };
  const ahead = Math.round((now - there) / 1000);
  if (Math.abs(now - there) <= MOST_DIFFERENCE) {
    return { word: "ok", what: "the clock agrees with that of the registry" };
  }
  return {
    word: "warning",
    what: `the clock is ${Math.abs(ahead)} s ${ahead > 0 ? "ahead of" : "behind"} that of the registry`,
    advice: [
      "Tokens and certificates seem to be invalid then. Set the clock that is wrong:",
      ...adviceFor(system, {
        linux: "sudo timedatectl set-ntp true",
        macos: "sudo sntp -sS time.apple.com",
        windows: "w32tm /resync (as administrator)",
      }),
    ],
  };
}

/** Judges if a proxy stands between the programs of this machine and a host. `environment` has the variables. */
export function judgeProxy(environment: Readonly<Record<string, string>>, host: string, system: System): Finding {
  const variable = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].find((name) => environment[name]);
  if (variable === undefined) return { word: "ok", what: "no proxy is set" };
  // Other ways to name a host, such as `.example.com` and ranges of addresses, are not known to all programs.
  const without = [environment.no_proxy, environment.NO_PROXY].filter((list) => list !== undefined && list !== "");
  const isListed = without.length > 0 &&
    without.every((list) => list!.split(",").some((name) => name.trim() === host || name.trim() === "*"));
  if (isListed) return { word: "ok", what: `${variable} is set, but not for ${host}` };
  return {
    word: "warning",
    what: `${variable} sends requests for ${host} to a proxy`,
    advice: [
      "In each terminal:",
      ...adviceFor(system, {
        linux: `export no_proxy=localhost,127.0.0.1,${host} NO_PROXY=localhost,127.0.0.1,${host}`,
        macos: `export no_proxy=localhost,127.0.0.1,${host} NO_PROXY=localhost,127.0.0.1,${host}`,
        windows: `$env:NO_PROXY = "localhost,127.0.0.1,${host}"`,
      }),
      "docker has proxies of its own: docker info shows them.",
    ],
  };
}
