/**
 * Web pages: a page on some web site must not use the browser of its reader to change this registry, or to read it.
 * https://www.w3.org/TR/fetch-metadata/ and https://www.rfc-editor.org/rfc/rfc6454#section-7
 *
 * A registry on loopback needs no password: nobody else reaches it. But a browser on the same machine does, and any page can make
 * the browser send a request. The browser says which page that was:
 *
 *     page of                   request                                                               answer
 *     https://evil.example      POST   Host: 127.0.0.1:5080     Origin: https://evil.example          403
 *     http://evil.example:5080  GET    Host: evil.example:5080  User-Agent: Mozilla/5.0 …             403
 *     (a person types the URL)  GET    Host: 127.0.0.1:5080     Sec-Fetch-Site: none                  200
 *     (docker, curl, …)         POST   Host: any.name:5080                                            201
 *
 * In the second row, a site has changed the address of its own name to 127.0.0.1 (DNS rebinding). For the browser, the registry is
 * now a part of that site. Only the name in `Host` shows it. So a browser may call a registry only by names that are known to be
 * the registry's own.
 *
 * Next: ../options.ts
 *
 * @module
 */

import { RegistryError } from "../api/error_codes.ts";
import type { Settings } from "../options.ts";
import type { Target } from "./target.ts";

/** Returns the hosts that browsers may use besides loopback, as browsers write them. */
export function hostsForBrowsers({ origin, allowHost }: Pick<Settings, "origin" | "allowHost">): ReadonlySet<string> {
  const hosts = allowHost.map((host) => host.includes(":") && !host.startsWith("[") ? `[${host}]` : host);
  const urls = [origin, ...hosts.map((host) => `http://${host}`)].map((url) => URL.parse(url)?.hostname);
  return new Set(urls.filter((host) => host !== undefined));
}

/**
 * Makes sure that a request is not the work of a foreign web page.
 *
 * @throws {RegistryError} 403 if a browser uses a host that is not known, or if a page of another origin wants to write.
 */
export function expectNoForeignPage(
  { method, headers }: Request,
  target: Target,
  { origin: ownOrigin }: Pick<Settings, "origin">,
  hosts: ReadonlySet<string>,
): void {
  // Without permission from the registry, a browser shows no page what another origin answers. The registry gives none.
  const isRead = method === "GET" || method === "HEAD";
  const isOwnHost = LOOPBACK.test(target.authority) || isKnown(target.authority, hosts);
  if (isRead && isOwnHost) return;
  const origin = headers.get("Origin");
  const site = headers.get("Sec-Fetch-Site");
  if (!isOwnHost && (origin !== null || site !== null || isNamedBrowser(headers))) {
    const expected = "from a browser, a host that is loopback, or that --host, --origin or --allow-host names";
    throw denied(expected, target.authority);
  }
  if (isRead) return;
  const isOwnOrigin = [null, target.origin, ownOrigin || target.origin].includes(origin);
  const isOwnSite = site === null || site === "same-origin" || site === "none";
  if (isOwnOrigin && isOwnSite) return;
  throw denied(
    `a write from no web page, or from one of ${ownOrigin || target.origin}`,
    `Origin: ${origin ?? "(none)"}, Sec-Fetch-Site: ${site ?? "(none)"}`,
  );
}

/**
 * Makes sure that a request for the registry's own page is no trick of a foreign one. Only browsers have a use for that page. So every
 * client has to call it by a name of the registry, and a foreign page may lead to it with a link, and in no other way.
 *
 * @throws {RegistryError} 403 if the host is not known, or if a page of another site loads a part of this one.
 */
export function expectOwnPage({ headers }: Request, target: Target, hosts: ReadonlySet<string>): void {
  if (!LOOPBACK.test(target.authority) && !isKnown(target.authority, hosts)) {
    throw denied("a host that is loopback, or that --host, --origin or --allow-host names", target.authority);
  }
  const site = headers.get("Sec-Fetch-Site");
  const isLink = headers.get("Sec-Fetch-Mode") === "navigate" && headers.get("Sec-Fetch-Dest") === "document";
  if (site === null || site === "same-origin" || site === "none" || isLink) return;
  throw denied("a request of this page, or a link to it", `Sec-Fetch-Site: ${site}`);
}

// Over plain HTTP, a browser sends `Sec-Fetch-Site` to loopback only, and `Origin` not when a page reads from its own host.
function isNamedBrowser(headers: Headers): boolean {
  return headers.get("User-Agent")?.startsWith("Mozilla/") ?? false;
}

// Nobody can give an address another meaning. So if the registry listens on all addresses, every address is its own.
function isKnown(authority: string, hosts: ReadonlySet<string>): boolean {
  const host = authority.replace(/:\d*$/, "").toLowerCase();
  return hosts.has(host) || (ADDRESS.test(host) && (hosts.has("0.0.0.0") || hosts.has("[::]")));
}

// Browsers take "localhost", and each name that ends with ".localhost", for loopback.
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|(?:[\w-]+\.)*localhost)(?::\d*)?$/i;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[.*\])$/;

function denied(expected: string, actual: string): RegistryError {
  return new RegistryError("DENIED", { rule: "API-ERR-I12", expected, actual });
}
