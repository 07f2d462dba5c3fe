/**
 * The facts of a path: what src/looking/ finds there, a page of its files, and the commands that show the same in a terminal.
 *
 *     GET /at/library/hello/_tags/latest                    { look: { kind: "tag", target: …, … }, commands: [{ command: "docker pull …" }] }
 *     GET /at/library/hello/sha256:9b4e…/layer.tar.gz       { look: { kind: "blob", layer: … }, tree: { total: 5392, rows: … } }
 *     GET /at/…/layer.tar.gz?from=200&only=tree             { tree: { from: 200, … } }      for the list that goes on while one scrolls
 *     GET /at/…/layer.tar.gz?hex=4096                       the bytes from there on, too
 *
 * What is inside of a layer is looked at elsewhere, with limits; see inside.ts. All else is looked at here.
 *
 * Next: inside.ts
 *
 * @module
 */

import { parseAddress } from "../looking/address.ts";
import type { Facts, NextCommand } from "../looking/facts.ts";
import { look } from "../looking/look.ts";
import { commandsFor } from "./commands.ts";
import type { PageAddress } from "./addresses.ts";
import type { PageContext } from "./context.ts";
import { askWhatIs } from "./asking_inside.ts";
import type { InsideFacts } from "./inside.ts";

/** The facts of a path. */
export interface LookedFacts extends Partial<InsideFacts> {
  /** The status of the answer, if it is no success. */
  readonly status?: number;
  /** The path that was asked for. */
  readonly asked: string;
  /** The reason why there are no facts: a limit was met, or too many look at the same time. */
  readonly stopped?: string;
  /** Commands that show the same, or get it. */
  readonly commands: readonly NextCommand[];
}

/** Returns the facts of a path. */
export async function factsOfPath({ rest, query }: PageAddress, context: PageContext): Promise<LookedFacts> {
  const after = query.get("after") ?? undefined;
  const options = { after, maySee: context.maySee };
  const found = isInside(rest)
    ? await askWhatIs(context, {
      address: rest,
      after,
      from: numberIn(query, "from"),
      hex: numberIn(query, "hex"),
    })
    : { look: await look(context.disk, rest, options) };
  if ("stopped" in found) return { status: 503, asked: rest, stopped: found.stopped, commands: [] };
  if (query.get("only") === "tree" && found.tree !== undefined) return { asked: rest, tree: found.tree, commands: [] };
  const { kind } = found.look;
  const status = kind === "missing" ? 404 : kind === "invalid" ? 400 : undefined;
  return {
    ...(status !== undefined && { status }),
    asked: rest,
    ...found,
    commands: commandsFor(found.look, context.origin),
  };
}

// Blobs may be layers, so they are looked at as layers are.
function isInside(address: string): boolean {
  const parts = parseAddress(address);
  if ("expected" in parts) return false;
  return parts.path !== undefined ||
    (parts.place === "content" && parts.file !== "manifest.json" && parts.pointer === undefined);
}

function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? "";
  // An offset is often written in hexadecimal digits, as the list of bytes shows it.
  return /^(?:[0-9]{1,15}|0x[0-9a-f]{1,12})$/i.test(text) ? Number(text) : undefined;
}

/** The facts that are there, for the view. */
export type ThereFacts = LookedFacts & { readonly look: Facts };
