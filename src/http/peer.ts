/**
 * The peer: what the program that serves knows about the client of a request.
 *
 *     Request   PUT /v2/library/hello/manifests/latest      what the client sends
 *     Peer      192.0.2.7                                   where it comes from; a test has none
 *
 * The sections know no users, passwords or rules. The spec leaves it to the registry who may do what, and here a wrapper around the
 * registry decides about that, before the row of a request is found; see `src/composing/access.ts`.
 *
 * Next: small_json.ts
 *
 * @module
 */

/** The client of a request, as `Deno.serve` tells it. */
export interface Peer {
  /** Its address, and its port if the server tells it. */
  readonly remoteAddr: { readonly hostname: string; readonly port?: number };
  /** Is settled when the client has the answer, or has gone. */
  readonly completed?: Promise<unknown>;
}

/**
 * Returns what counts as one client: an address of IPv4, or the first half of one of IPv6, because one client often has all
 * addresses with that half.
 */
export function networkOf(address: string): string {
  const [, ofIpv4] = /^::ffff:([\d.]+)$/i.exec(address) ?? [];
  if (ofIpv4 !== undefined) return ofIpv4;
  if (!address.includes(":")) return address;
  // "::" stands for as many groups of 0 as are missing.
  const [left, right] = address.split("::").map((groups) => groups === "" ? [] : groups.split(":"));
  const zeros = right === undefined ? [] : Array(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right ?? []].slice(0, 4).join(":");
}
