/**
 * A call: one request, and everything that a section needs to answer it. An endpoint: a row of the table, with the
 * section's function.
 *
 *     { request: PUT /v2/library/hello/manifests/latest, query: "", store, settings: { readOnly: false, … }, … }
 *
 * Next: ../api/error_codes.ts
 *
 * @module
 */

import type { Peer } from "./peer.ts";
import type { Rate, Settings } from "../options.ts";
import type { RulesOfHeading } from "../spec/headings.ts";
import type { Store } from "../store/store.ts";
import type { BodyBudget } from "./budget.ts";
import type { Elsewhere, ElsewhereOptions } from "./elsewhere.ts";
import type { Values } from "./placeholders.ts";

/** One request, and everything that a section needs to answer it. */
export interface Call {
  /** The request. */
  readonly request: Request;
  /** The query of its URL. */
  readonly query: URLSearchParams;
  /** The store of the registry. If the registry tells stories, its disk tells each change to that of this request. */
  readonly store: Store;
  /** The registry's settings. */
  readonly settings: Settings;
  /** The slowest body that the registry waits for. */
  readonly slowest: Rate;
  /** The client, if the program that serves tells it. */
  readonly peer?: Peer;
  /** The memory for the bodies that the registry holds whole. */
  readonly budget: BodyBudget;
  /** Sends clients to other servers, if there are some. */
  readonly elsewhere?: Elsewhere;
  /** Returns the URL of an upload session at another server, if there is one. */
  readonly uploadLocation?: ElsewhereOptions["uploadLocation"];
  /** The table of endpoints, for the URLs of answers. */
  readonly endpoints: readonly Endpoint[];
  /** The section's notes for the story of the request. */
  readonly notes: Notes;
}

/** A section's notes for the story of a request. */
export interface Notes {
  /** The heading that the section has followed, if it is not the heading of its row. */
  heading?: RulesOfHeading;
  /** The number of bytes of the request's body that the registry has read. */
  bytesIn?: number;
  /** The tags that the section has set or removed. */
  tags?: readonly TagMove[];
}

/** A tag that a section has set or removed. */
export interface TagMove {
  /** The tag. */
  readonly tag: string;
  /** The digest that it points to now; `undefined` if it is gone. */
  readonly digest?: string;
  /** The digest that it pointed to before; `undefined` if it is new. */
  readonly before?: string;
}

/** The methods of the table. */
export type Method = "GET" | "HEAD" | "POST" | "PATCH" | "PUT" | "DELETE";

/** A row of the table. */
export interface Endpoint {
  /** Its id in the spec, such as `end-4a`. */
  readonly id: string;
  /** Its method. */
  readonly method: Method;
  /** Its path and query, nearly as the spec writes them: `<session>` stands for the end of `<blob-push-location>`. */
  readonly path: string;
  /** The beginning of the ids of its heading's rules. */
  readonly heading: RulesOfHeading;
  /** The function of the section. */
  readonly answer: (call: Call, values: Values) => Response | Promise<Response>;
  /** The path, split at each "/". If the path ends with "/", there is a second pattern without it. */
  readonly patterns: readonly (readonly string[])[];
  /**
   * The query parameters that the row needs, and the placeholders of their values; "" if the section reads the value
   * itself.
   */
  readonly parameters: readonly (readonly [name: string, placeholder: string])[];
}

/** Returns true if a request has conditions; see `preconditions.ts`. */
export function isConditional({ headers }: Request): boolean {
  return headers.has("If-Match") || headers.has("If-None-Match");
}
