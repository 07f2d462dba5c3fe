/**
 * The switches over HTTP, for a workshop:
 *
 *     GET    /switches          all switches, which are on, and all profiles
 *     POST   /switches/cut      {"after": 1000, "times": 1}     turns it on
 *     DELETE /switches/cut                                      turns it off
 *     DELETE /switches                                          turns all off
 *     POST   /profiles/ecr      {}                              turns on the switches of a profile
 *
 * These paths are not below `/v2/`, so they are none of the spec's. A user who may push everywhere may use them.
 *
 * Next: ../access.ts
 *
 * @module
 */

import { RegistryError } from "../../api/error_codes.ts";
import { readSmallJson } from "../../http/small_json.ts";
import { withoutSniffing } from "../../http/sniffing.ts";
import { parseTarget } from "../../http/target.ts";
import { expectNoForeignPage, hostsForBrowsers } from "../../http/web_pages.ts";
import type { Settings } from "../../options.ts";
import { linkTo } from "../../spec/headings.ts";
import type { Wrapper } from "../../registry.ts";
import { refuse } from "../composing.ts";
import { SwitchError } from "./parameters.ts";
import { PROFILES } from "./profiles.ts";
import { refusal } from "./switch.ts";
import type { Switches, SwitchOptions } from "./switches.ts";
import { SWITCHES } from "./table.ts";

/** The users and the web pages that may use the switches. */
export interface OverHttpOptions extends Partial<Settings> {
  /** Decides who may do what, such as `access(rules)`. Default: everybody may do everything. */
  readonly access?: Wrapper;
}

/** Answers requests about switches, and passes all others on to the registry. */
export function switchesOverHttp(switches: Switches, options: OverHttpOptions = {}): Wrapper {
  const settings = { origin: "", allowHost: [], ...options };
  const hosts = hostsForBrowsers(settings);
  return (registry) => async (request, peer) => {
    const target = parseTarget(request);
    const match = target && /^\/(switches|profiles)(?:\/([^/]+))?\/?$/.exec(target.pathname);
    if (!match) return registry(request, peer);
    try {
      expectNoForeignPage(request, target, settings, hosts);
      const answerHere = async () => withoutSniffing(await answer(request, switches, match[1], match[2]));
      return options.access === undefined ? await answerHere() : await options.access(answerHere)(request, peer);
    } catch (error) {
      if (error instanceof SwitchError) return refuse(request, badRequest(error.expected, error.actual));
      if (error instanceof RegistryError) return refuse(request, error);
      throw error;
    }
  };
}

async function answer(request: Request, switches: Switches, kind: string, id: string | undefined): Promise<Response> {
  const { method } = request;
  const known = kind === "switches" ? SWITCHES.map(({ id }) => id) : PROFILES.map(({ name }) => name);
  if (id !== undefined && !known.includes(id)) return unknown(kind, id, known);
  if (id === undefined && (method === "GET" || method === "HEAD")) return Response.json(everything(switches));
  if (kind === "switches" && method === "DELETE") {
    if (id === undefined) switches.clear();
    else switches.off(id);
    return new Response(null, { status: 204 });
  }
  if (id !== undefined && method === "POST") {
    const options = await readSmallJson(request) as SwitchOptions;
    return Response.json(kind === "switches" ? switches.on(id, options) : switches.profile(id));
  }
  const allowed = id === undefined
    ? kind === "switches" ? "GET, DELETE" : "GET"
    : kind === "switches"
    ? "POST, DELETE"
    : "POST";
  throw refusal("UNSUPPORTED", "API-01", allowed, method, { headers: { Allow: allowed } });
}

function everything(switches: Switches) {
  const on = new Map(switches.list().map((state) => [state.id, state]));
  return { switches: SWITCHES.map((info) => ({ ...info, on: on.get(info.id) ?? null })), profiles: PROFILES };
}

function badRequest(expected: string, actual: string): RegistryError {
  return refusal("UNSUPPORTED", "API-01", expected, actual, { status: 400 });
}

// The answer has the whole list, which is too long for the detail of a refusal.
function unknown(kind: string, id: string, known: readonly string[]): Response {
  const detail = { rule: "API-01", spec: linkTo("API-01"), expected: known, actual: id };
  const message = kind === "switches" ? "there is no such switch" : "there is no such profile";
  return Response.json({ errors: [{ code: "UNSUPPORTED", message, detail }] }, { status: 404 });
}
