/**
 * docker: does its daemon run, and does it take this registry?
 *
 * docker speaks HTTPS with each registry, except for those that its daemon calls insecure. Loopback is among them from the
 * beginning. The daemon pulls and pushes, not the program `docker`. With Docker Desktop, the daemon is in a virtual machine, and there
 * 127.0.0.1 is that machine itself.
 *
 * @module
 */

import { BlockList, isIP, isIPv6 } from "node:net";
import { ask } from "./asking.ts";
import { adviceFor, type Finding, type System } from "./finding.ts";

/** What `docker info` says, as far as it matters here. */
export interface DockerInfo {
  readonly ServerVersion?: string;
  readonly OperatingSystem?: string;
  readonly RegistryConfig?: {
    readonly InsecureRegistryCIDRs?: readonly string[] | null;
    readonly IndexConfigs?: Readonly<Record<string, { readonly Secure?: boolean }>> | null;
  } | null;
}

/** A registry, as docker is to reach it. */
export interface Wanted {
  /** Its host and port, such as `192.168.1.20:5080`. */
  readonly address: string;
  /** Its IP address, if that is known. */
  readonly ip: string;
  readonly isHttps: boolean;
  /** Returns true if the folder for certificates of this name is there. */
  readonly hasCertificate: boolean;
}

/** Asks docker about its daemon, and about a registry. */
export async function findDocker(url: URL, ip: string, system: System): Promise<Finding> {
  const answer = await ask("docker", "info", "--format", "{{json .}}");
  if (answer === undefined) return judgeDocker(undefined, "", wantedOf(url, ip), system);
  return judgeDocker(describeSample(answer.out), answer.errors, wantedOf(url, ip), system);
}

function wantedOf(url: URL, ip: string): Wanted {
  const isHttps = url.protocol === "https:";
  const address = `${url.hostname}:${url.port || (isHttps ? 443 : 80)}`;
  return { address, ip, isHttps, hasCertificate: hasCertificate(url.port === "" ? url.hostname : address) };
}

function hasCertificate(name: string): boolean {
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? "";
  return [`/etc/docker/certs.d/${name}`, `${home}/.docker/certs.d/${name}`].some((folder) => {
    try {
      return [...Deno.readDirSync(folder)].some(({ name }) => name.endsWith(".crt"));
    } catch {
      return false;
    }
  });
}

function describeSample(text: string): DockerInfo {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Judges what docker says. `info` is `undefined` if there is no docker. */
export function judgeDocker(info: DockerInfo | undefined, errors: string, wanted: Wanted, system: System): Finding {
  const { address } = wanted;
  if (info === undefined) return { word: "optional", what: "docker is not there; curl is enough for the lessons" };
  if (info.ServerVersion === undefined || info.ServerVersion === "") return notRunning(errors, system);
  const name = `docker ${info.ServerVersion}`;
  if (info.OperatingSystem === "Docker Desktop" && isLoopback(wanted.ip)) {
    const [, port] = /:(\d+)$/.exec(address)!;
    return {
      word: "warning",
      what: `${name} is Docker Desktop: its daemon is in a virtual machine, and ${address} is that machine itself`,
      advice: [
        "Start the registry with --host 0.0.0.0 --page, so that the virtual machine reaches it.",
        `Name it host.docker.internal:${port} in docker push, and put that into insecure-registries (Settings, Docker Engine).`,
      ],
    };
  }
  if (wanted.isHttps) {
    const what = `${name} uses HTTPS with ${address}`;
    if (wanted.hasCertificate) return { word: "ok", what: `${what}, and has a certificate for it` };
    return {
      word: "warning",
      what: `${what}, and knows no certificate of its own for it`,
      advice: [
        "If a well-known authority has not signed it, docker refuses it. Then:",
        ...certificateAdvice(address, system),
      ],
    };
  }
  if (isInsecure(info, wanted)) return { word: "ok", what: `${name} takes ${address} without HTTPS` };
  return {
    word: "warning",
    what: `${name} wants HTTPS from ${address}`,
    advice: [
      `Add it to the settings of the daemon: { "insecure-registries": ["${address}"] }`,
      ...adviceFor(system, {
        linux: "They are in /etc/docker/daemon.json. Then: sudo systemctl restart docker",
        macos: "They are in Docker Desktop: Settings, Docker Engine, Apply & restart",
        windows: "They are in Docker Desktop: Settings, Docker Engine, Apply & restart",
      }),
    ],
  };
}

function notRunning(errors: string, system: System): Finding {
  if (/permission denied/i.test(errors)) {
    const advice = ["sudo usermod -aG docker $USER, and log in again; or type sudo before docker"];
    return { word: "optional", what: "docker is there, and you may not talk to its daemon", advice };
  }
  const advice = adviceFor(system, {
    linux: "sudo systemctl start docker",
    macos: "Open Docker Desktop, and wait until it says that it runs.",
    windows: "Open Docker Desktop, and wait until it says that it runs.",
  });
  return { word: "optional", what: "docker is there, and its daemon does not run", advice };
}

function certificateAdvice(address: string, system: System): string[] {
  return adviceFor(system, {
    linux: `Copy the authority to /etc/docker/certs.d/${address}/ca.crt; docker needs no restart for it.`,
    macos: `Copy the authority to ~/.docker/certs.d/${address}/ca.crt, and restart Docker Desktop.`,
    windows: "Add the authority to the trusted roots of Windows, and restart Docker Desktop.",
  });
}

function isInsecure({ RegistryConfig: config }: DockerInfo, { address, ip }: Wanted): boolean {
  if (config?.IndexConfigs?.[address]?.Secure === false) return true;
  const ranges = new BlockList();
  for (const range of config?.InsecureRegistryCIDRs ?? []) {
    const [net, bits] = range.split("/");
    ranges.addSubnet(net, Number(bits), isIPv6(net) ? "ipv6" : "ipv4");
  }
  return isIP(ip) !== 0 && ranges.check(ip, isIPv6(ip) ? "ipv6" : "ipv4");
}

function isLoopback(ip: string): boolean {
  return ip === "::1" || ip.startsWith("127.");
}
