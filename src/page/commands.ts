/**
 * Commands: what a person types to get what the page shows, with the tools that people have.
 *
 *     an image          docker pull 127.0.0.1:5080/library/hello:v1      skopeo inspect …      curl …
 *     another artifact  oras pull …                                      never docker pull: it would fail
 *     a file in a layer curl --output motd …?download
 *
 * Next: downloads.ts
 *
 * @module
 */

import type { Facts, ManifestFacts, NextCommand } from "../looking/facts.ts";
import { quoted } from "../looking/next.ts";
import { addressOf } from "./addresses.ts";

/** Returns the commands for facts. `origin` is the address of this registry, such as `http://127.0.0.1:5080`. */
export function commandsFor(facts: Facts, origin: string): NextCommand[] {
  const own = facts.next.filter(({ command }) => command.startsWith("deno task "));
  return [...commandsOfOthers(facts, origin), ...own];
}

function commandsOfOthers(facts: Facts, origin: string): NextCommand[] {
  switch (facts.kind) {
    case "folder":
      if (facts.repositories.rows.length > 0) {
        return [{ command: `curl ${origin}/v2/_catalog`, text: "all repositories" }];
      }
      return [{
        command: `skopeo copy ${insecure(origin, "--dest-tls-verify=false ")}docker://alpine docker://${
          hostOf(origin)
        }/library/alpine`,
        text: "push an image",
      }];
    case "repository":
    case "tags":
      return [
        { command: `curl ${origin}/v2/${facts.name}/tags/list`, text: "its tags" },
        {
          command: `skopeo list-tags ${insecure(origin, "--tls-verify=false ")}docker://${
            hostOf(origin)
          }/${facts.name}`,
          text: "the same with skopeo",
        },
      ];
    case "tag":
      return facts.target?.kind === "manifest" ? commandsOfManifest(facts.target, origin, facts.tag) : [];
    case "manifest":
      return commandsOfManifest(facts, origin, facts.digest);
    case "blob":
      return [{
        command: `curl --output ${facts.file} ${origin}/v2/${facts.name}/blobs/${facts.digest}`,
        text: "its bytes",
      }];
    case "referrers":
      return [{ command: `curl ${origin}/v2/${facts.name}/referrers/${facts.digest}`, text: "the same list" }];
    case "file":
      return facts.row.kind === "file"
        ? [{
          command: `curl --remote-header-name --remote-name ${quoted(`${origin}${addressOf(facts.address)}?download`)}`,
          text: "its bytes",
        }]
        : [];
    default:
      return [];
  }
}

function commandsOfManifest(manifest: ManifestFacts, origin: string, reference: string): NextCommand[] {
  const { name, mediaType, formats } = manifest;
  const place = `${hostOf(origin)}/${name}${reference.includes(":") ? "@" : ":"}${reference}`;
  const isHelm = formats.some(({ name }) => name.includes("Helm"));
  const isImage = manifest.image !== undefined ||
    (manifest.shape === "index" &&
      manifest.children.rows.some(({ platform, about }) => platform !== undefined && about === undefined));
  return [
    ...(isImage ? [{ command: `docker pull ${place}`, text: "pull it" }] : []),
    ...(isHelm
      ? [{ command: `helm pull ${insecure(origin, "--plain-http ")}oci://${place}`, text: "pull the chart" }]
      : []),
    ...(isImage || isHelm ? [] : [{
      command: `oras pull ${insecure(origin, "--plain-http ")}${place}`,
      text: "pull its files; it is no image",
    }]),
    { command: `skopeo inspect --raw ${insecure(origin, "--tls-verify=false ")}docker://${place}`, text: "its text" },
    {
      command: `curl --header 'Accept: ${mediaType.replaceAll("'", "")}' ${origin}/v2/${name}/manifests/${reference}`,
      text: "the same with curl",
    },
  ];
}

function hostOf(origin: string): string {
  return origin.replace(/^https?:\/\//, "");
}

function insecure(origin: string, flag: string): string {
  return origin.startsWith("https:") ? "" : flag;
}
