/**
 * A story as a command: curl sends the same request again.
 *
 *     curl -i -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
 *       --data-binary '@testdata/library/hello/sha256:7d1a…/manifest.json' 'http://127.0.0.1:5080/v2/library/hello/manifests/latest'
 *
 * A story has no bodies. If the bytes that the client sent are a file now, the command sends that file. A password or a token is in no
 * story, so curl asks for one.
 *
 * Next: views/live.ts
 *
 * @module
 */

import { quoted } from "../looking/next.ts";
import type { StoryData } from "../story.ts";

// The headers that are worth to send again. curl itself sends the others.
const AGAIN = ["Accept", "Content-Type", "Content-Range", "Range", "If-Range", "If-Match", "If-None-Match"];

/** Where a request of a story is sent again. */
export interface CurlPlace {
  /** What the addresses of the registry begin with, such as `http://127.0.0.1:5080`. */
  readonly origin: string;
  /** The folder of the registry; `undefined` if it is in memory. */
  readonly root?: string;
}

/**
 * Returns the command that sends the request of a story again, for a POSIX shell.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const story = { version: 1, id: "a-1", time: "", milliseconds: 0, bytesIn: 0, changes: [], status: 200 } as const;
 * const place = { origin: "http://127.0.0.1:5080" };
 * assertEquals(asCurl({ ...story, method: "HEAD", url: "/v2/it's" }, place), "curl -I 'http://127.0.0.1:5080/v2/it'\\''s'");
 * ```
 */
export function asCurl(story: StoryData, { origin, root }: CurlPlace): string {
  const { method, url, headers = {}, bytesIn } = story;
  const known = Object.entries(headers).filter(([name]) => AGAIN.includes(name));
  const scheme = headers.Authorization?.toLowerCase();
  const file = fileOf(story, root);
  const parts = [
    method === "HEAD" ? "curl -I" : method === "GET" ? "curl -i" : `curl -i -X ${quoted(method)}`,
    ...(scheme === undefined ? [] : scheme === "basic" ? ["-u USER"] : ['-H "Authorization: Bearer $TOKEN"']),
    ...known.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    // Without a type of its own, curl would say that the body is a form.
    ...(bytesIn > 0 && headers["Content-Type"] === undefined ? ["-H Content-Type:"] : []),
    ...(bytesIn > 0 ? [`--data-binary ${quoted(`@${file ?? "FILE"}`)}`] : []),
    quoted(origin + url),
  ];
  return parts.join(" ");
}

// The file that has the bytes of the body, if the whole body became one.
function fileOf({ changes, bytesIn }: StoryData, root: string | undefined): string | undefined {
  const file = changes.find(({ sign, path, size }) =>
    (sign === "+" || sign === "~") && size === bytesIn && !path.includes("/_")
  );
  return file === undefined || root === undefined ? undefined : `${root}/${file.path}`;
}
