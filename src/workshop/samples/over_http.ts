/**
 * The samples over HTTP, for a workshop:
 *
 *     GET  /samples                                  all samples, with what each is for, and what a bad one meets
 *     POST /samples/hello   {"to": "learner/ana"}    pushes learner/ana/hello; without "to", samples/hello
 *
 * Where there is a page, it answers the `GET`, with the same facts for a person or for a program.
 *
 * The requests that push a sample are the caller's own: they have the caller's password and address. So nobody gets a sample into a
 * repository that is not theirs, and each request tells its story. If the registry refuses what it should take, its refusal is the answer.
 *
 * Next: ../../archive/source.ts
 *
 * @module
 */

import { RegistryError } from "../../api/error_codes.ts";
import { ClientError } from "../../client/client.ts";
import type { AccessWrapper } from "../../composing/access.ts";
import { noOwnHeaders, requestLike } from "../../composing/asking.ts";
import { refuse } from "../../composing/composing.ts";
import type { Disk } from "../../disk/disk.ts";
import { readSmallJson } from "../../http/small_json.ts";
import { withoutSniffing } from "../../http/sniffing.ts";
import { parseTarget } from "../../http/target.ts";
import { expectNoForeignPage, hostsForBrowsers } from "../../http/web_pages.ts";
import type { Settings } from "../../options.ts";
import type { Registry, Wrapper } from "../../registry.ts";
import { linkTo } from "../../spec/headings.ts";
import { type PushedSample, pushSample, SAMPLES_AGENT } from "./pushing.ts";
import { SAMPLE_NAMES, samplesFacts } from "./samples.ts";

/** The settings about web pages, the users, and the disk for the samples that are damaged there. */
export interface SamplesOverHttpOptions extends Partial<Pick<Settings, "origin" | "allowHost">> {
  /** Decides who may do what, such as `access(rules)`. The registry asks it about each push, too. Default: everybody may do everything. */
  readonly access?: AccessWrapper;
  /** The disk of the registry. Default: none; then the samples that need it are refused. */
  readonly disk?: Disk;
}

/**
 * Answers requests about samples, and passes all others on to the registry. It stands around a whole registry, so that what it pushes is
 * asked, told and counted like the requests of any client.
 */
export function samplesOverHttp({ disk, access, ...given }: SamplesOverHttpOptions = {}): Wrapper {
  const settings = { origin: "", allowHost: [], ...given };
  const hosts = hostsForBrowsers(settings);
  return (registry) => async (request, peer) => {
    const target = parseTarget(request);
    const match = target && /^\/samples(?:\/([^/]+))?\/?$/.exec(target.pathname);
    if (!match) return await registry(request, peer);
    try {
      expectNoForeignPage(request, target, settings, hosts);
      // A client that may see nothing of the registry learns nothing of the samples either.
      await access?.visibleTo(request, peer);
      const caller: Registry = (own) => registry(inTheNameOf(request, own), peer);
      return withoutSniffing(await answer(request, match[1], caller, disk));
    } catch (error) {
      if (error instanceof RegistryError) return refuse(request, error);
      throw error;
    }
  };
}

// Returns the same request with the host, the password and the other headers of the caller.
function inTheNameOf(request: Request, own: Request): Request {
  const { pathname, search } = new URL(own.url);
  const headers = { ...noOwnHeaders(request), ...Object.fromEntries(own.headers), "User-Agent": SAMPLES_AGENT };
  return requestLike(request, { method: own.method, path: pathname + search, headers, body: own.body });
}

async function answer(
  request: Request,
  name: string | undefined,
  registry: Registry,
  disk: Disk | undefined,
): Promise<Response> {
  const { method } = request;
  if (name !== undefined && !SAMPLE_NAMES.includes(name)) return unknown(name);
  if (name === undefined && (method === "GET" || method === "HEAD")) {
    const list = Response.json(samplesFacts());
    return method === "HEAD" ? new Response(null, list) : list;
  }
  if (name !== undefined && method === "POST") {
    const { to = "samples", ...others } = await readSmallJson(request);
    const [unknownOption] = Object.keys(others);
    if (unknownOption !== undefined) throw badRequest('no other option than "to"', unknownOption);
    if (typeof to !== "string") throw badRequest('a text at "to", such as "learner/ana"', JSON.stringify(to));
    return await push(registry, name, { to, disk });
  }
  const allowed = name === undefined ? "GET" : "POST";
  const detail = { rule: "API-01", expected: allowed, actual: method } as const;
  throw new RegistryError("UNSUPPORTED", detail, { headers: { Allow: allowed } });
}

async function push(
  registry: Registry,
  name: string,
  options: { readonly to: string; readonly disk: Disk | undefined },
): Promise<Response> {
  let refused: Response | undefined;
  const watched: Registry = async (request) => {
    const response = await registry(request);
    if (response.status >= 400) refused = response.clone();
    return response;
  };
  try {
    const pushed: PushedSample = await pushSample(watched, name, options);
    return pushed.isAsAnnounced === false && refused !== undefined ? refused : Response.json(pushed);
  } catch (error) {
    if (error instanceof ClientError && refused !== undefined) return refused;
    if (error instanceof RangeError) throw badRequest("the beginning of the name of a repository", options.to);
    if (error instanceof TypeError) throw badRequest("a sample that changes nothing on the disk", name);
    throw error;
  }
}

function badRequest(expected: string, actual: string): RegistryError {
  return new RegistryError("UNSUPPORTED", { rule: "API-01", expected, actual }, { status: 400 });
}

function unknown(name: string): Response {
  const detail = { rule: "API-01", spec: linkTo("API-01"), expected: SAMPLE_NAMES, actual: name };
  return Response.json({ errors: [{ code: "UNSUPPORTED", message: "there is no such sample", detail }] }, {
    status: 404,
  });
}
