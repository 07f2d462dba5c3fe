/**
 * Elsewhere: another server sends the content, and the registry only says where it is.
 *
 *     GET  /v2/library/hello/blobs/sha256:9b4e…      307 Temporary Redirect
 *                                                    Location: https://cdn.example/sha256:9b4e…
 *
 *     GET  /v2/library/hello/blobs/sha256:9b4e…      200 OK, without a body
 *                                                    X-Accel-Redirect: /files/library/hello/sha256%3A9b4e…/layer.tar.gz
 *
 * The client follows the redirect. The other header is for an nginx in front of the registry: it takes the header out and sends that
 * file by itself. Both happen only after the registry has found the content, so what is not there is still a 404. If several places
 * have the content, the first is the `Location`, and each other one is a `Link` with the relation "duplicate" (RFC 6249).
 *
 * Next: byteranges.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import type { Digest } from "../definitions/digest.ts";
import type { Name } from "../definitions/name.ts";
import type { SessionId } from "../definitions/session.ts";
import { etagOf } from "./etag.ts";
import { withoutSniffing } from "./sniffing.ts";

/** Content that the registry has, and that a client asks for. */
export interface Wanted {
  /** The repository. */
  readonly name: Name;
  /** Its digest. */
  readonly digest: Digest;
  /** Its length in bytes. */
  readonly size: number;
  /** Its media type. */
  readonly mediaType: string;
  /** The file of a blob, relative to the root. */
  readonly path?: string;
}

/** The places that have some content: one, several, or none. */
export type Places = URL | readonly URL[] | undefined;

/** Says where else some content is. */
export type Redirect = (wanted: Wanted) => Places | Promise<Places>;

/** The options about content and uploads that other servers take over. */
export interface ElsewhereOptions {
  /** Says where else a blob is, for a 307 to GET and HEAD. Default: nowhere. */
  readonly redirect?: Redirect;
  /** Says the same of a manifest. Default: nowhere. */
  readonly redirectManifest?: Redirect;
  /** Returns the URL of an upload session, for its `Location`. Default: the one of this registry. */
  readonly uploadLocation?: (name: Name, session: SessionId) => URL | undefined;
}

/** Returns the answer that sends a client elsewhere, or `undefined` if the registry has to answer itself. */
export type Elsewhere = (request: Request, wanted: Wanted) => Response | undefined | Promise<Response | undefined>;

/**
 * Makes the function that sends clients elsewhere, if the options have something for it.
 *
 * @throws {RangeError} if options contradict each other, or if the prefix is no path.
 */
export function elsewhereOf(
  { redirect, redirectManifest }: ElsewhereOptions,
  { redirectRanges, accelRedirect }: { readonly redirectRanges: boolean; readonly accelRedirect: string },
): Elsewhere | undefined {
  if (accelRedirect !== "" && redirect !== undefined) {
    throw new RangeError("blobs are either redirected or sent by nginx; redirect and accelRedirect are both set");
  }
  if (redirectRanges && redirect === undefined) throw new RangeError("redirectRanges needs redirect");
  if (accelRedirect !== "" && !/^\/[\w./~-]*$/.test(accelRedirect)) {
    throw new RangeError(
      `the prefix for X-Accel-Redirect is a path such as /files/, not "${accelRedirect}" (--accel-redirect)`,
    );
  }
  if (accelRedirect === "" && redirect === undefined && redirectManifest === undefined) return undefined;

  return ({ method, headers }, wanted) => {
    const { digest, mediaType, path } = wanted;
    if (path !== undefined && accelRedirect !== "") {
      return method === "GET" ? byNginx(accelRedirect, path, digest, mediaType) : undefined;
    }
    if (headers.has("Range") && !redirectRanges) return undefined;
    const places = (path === undefined ? redirectManifest : redirect)?.(wanted);
    return places instanceof Promise ? places.then((places) => redirected(digest, places)) : redirected(digest, places);
  };
}

function redirected(digest: Digest, places: Places): Response | undefined {
  const [first, ...others] = [places ?? []].flat();
  if (first === undefined) return undefined;
  const headers = new Headers({ "Location": first.href, "Docker-Content-Digest": digest });
  for (const { href } of others) headers.append("Link", `<${href}>; rel="duplicate"`);
  return new Response(null, { status: STATUS_CODE.TemporaryRedirect, headers });
}

// nginx takes the length from the file, and the other headers from its configuration.
function byNginx(prefix: string, path: string, digest: Digest, mediaType: string): Response {
  const headers = {
    "X-Accel-Redirect": prefix.replace(/\/?$/, "/") + path.split("/").map(encodeURIComponent).join("/"),
    "Docker-Content-Digest": digest,
    "ETag": etagOf(digest),
    "Content-Type": mediaType,
  };
  return withoutSniffing(new Response(null, { headers }));
}
