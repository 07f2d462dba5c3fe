/**
 * The page: the registry, seen in a browser.
 *
 *     GET /v2/…       ──▶ the registry
 *     GET /at/library ──▶ page ──▶ parseAddress ──▶ shownAt ──▶ HTML, or the same facts as JSON
 *
 * It is a wrapper: it answers the addresses of `addresses.ts` and passes all other requests on. It reads the disk and the stories,
 * and changes nothing.
 *
 * Next: addresses.ts
 *
 * @module
 */

import { RegistryError } from "../api/error_codes.ts";
import { expectNoForeignPage, hostsForBrowsers } from "../http/web_pages.ts";
import { parseTarget } from "../http/target.ts";
import type { Settings } from "../options.ts";
import { refusalAsResponse, type Registry, type Wrapper } from "../registry.ts";
import { type PageAddress, parseAddress } from "./addresses.ts";
import { answerWithModule } from "./browser_modules.ts";
import type { PageContext } from "./context.ts";
import { documentOf } from "./document.ts";
import { guarded } from "./guarding.ts";
import { shownAt } from "./panels.ts";

/** What a page needs. */
export interface PageOptions extends Omit<PageContext, "maySee"> {
  /** The settings of the registry about browsers: its own address, and other hosts. */
  readonly settings: Settings;
  /** Decides who may do what, such as `access(rules)`. Default: everybody may do everything. */
  readonly access?: Wrapper;
}

/** Answers what belongs to the page, and passes all other requests on to the registry. */
export function page({ settings, access, ...context }: PageOptions): Wrapper {
  const hosts = hostsForBrowsers(settings);
  return (registry) => async (request, peer) => {
    const target = parseTarget(request);
    const address = target && parseAddress(target.pathname, target.search);
    if (address === undefined) return await registry(request, peer);
    try {
      expectNoForeignPage(request, target!, settings, hosts);
      const answerHere: Registry = async (request) => await answer(request, address, { ...context, maySee });
      const maySee = async (name: string) => access === undefined || await isAllowed(access, request, peer, name);
      return guarded(await (access === undefined ? answerHere : access(answerHere))(request, peer));
    } catch (error) {
      if (error instanceof RegistryError) return guarded(refusalAsResponse(request, error));
      throw error;
    }
  };
}

// The rules know only requests. So this asks what they say to a pull from the repository.
async function isAllowed(
  access: Wrapper,
  request: Request,
  peer: Parameters<Registry>[1],
  name: string,
): Promise<boolean> {
  let isPassedOn = false;
  const { origin } = new URL(request.url);
  const credentials = request.headers.get("Authorization");
  const headers = new Headers(credentials === null ? [] : [["Authorization", credentials]]);
  await access(() => {
    isPassedOn = true;
    return Promise.resolve(new Response());
  })(new Request(`${origin}/v2/${name}/tags/list`, { headers }), peer);
  return isPassedOn;
}

async function answer(request: Request, address: PageAddress, context: PageContext): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") return notAllowed(request);
  if (address.kind === "web") {
    return await answerWithModule(address.rest) ?? new Response("not found\n", { status: 404 });
  }
  const shown = await shownAt(address, context);
  const isJson = wantsJson(request);
  const headers = {
    "Cache-Control": "no-cache",
    "Content-Type": isJson ? "application/json" : "text/html; charset=utf-8",
    Vary: "Accept",
  };
  const body = isJson ? `${JSON.stringify(shown.facts)}\n` : documentOf(shown, context.version);
  return new Response(request.method === "HEAD" ? null : body, { status: shown.status, headers });
}

function notAllowed({ method }: Request): Response {
  return new Response(`the page has no ${method}\n`, { status: 405, headers: { Allow: "GET, HEAD" } });
}

// A browser asks for HTML before anything else, and curl for anything.
function wantsJson({ headers }: Request): boolean {
  const accept = headers.get("Accept") ?? "";
  return accept.includes("application/json") && !accept.includes("text/html");
}
