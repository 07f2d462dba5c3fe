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
import type { AccessWrapper } from "../composing/access.ts";
import { expectOwnPage, hostsForBrowsers } from "../http/web_pages.ts";
import { parseTarget } from "../http/target.ts";
import type { Settings } from "../options.ts";
import { refusalAsResponse, type Wrapper } from "../registry.ts";
import { type PageAddress, parseAddress } from "./addresses.ts";
import { insideHere } from "./asking_inside.ts";
import { answerWithModule } from "./browser_modules.ts";
import type { PageContext } from "./context.ts";
import { documentOf } from "./document.ts";
import { answerWithBytes } from "./downloads.ts";
import { guarded } from "./guarding.ts";
import { Live, type LiveLimits } from "./live.ts";
import { type Shown, shownAt, shownNowhere } from "./panels.ts";

/** What a page needs. */
export interface PageOptions
  extends Omit<PageContext, "maySee" | "maySeeAll" | "version" | "origin" | "signal" | "inside"> {
  /** The version that the page shows. Default: none. */
  readonly version?: string;
  /** The settings of the registry about browsers: its own address, and other hosts. Default: only loopback. */
  readonly settings?: Partial<Pick<Settings, "origin" | "allowHost">>;
  /** Decides who may do what, such as `access(rules)`. Default: everybody may do everything. */
  readonly access?: AccessWrapper;
  /** Returns true if the registry shows a repository at all. Default: it shows all. */
  readonly shows?: (name: string) => boolean;
  /** Answers calls about the inside of layers in another thread. Default: they are answered in this one, with smaller limits. */
  readonly inside?: PageContext["inside"];
  /** Other limits for `/live`. */
  readonly limits?: Partial<LiveLimits>;
}

/**
 * Answers what belongs to the page, and passes all other requests on to the registry. It shows the repositories of the disk to those
 * who may pull from them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryDisk } from "../disk/memory_disk.ts";
 * import { createRegistry } from "../registry.ts";
 * import { RememberedStories } from "../serving/remembered_stories.ts";
 *
 * const disk = memoryDisk();
 * const stories = new RememberedStories();
 * const registry = page({ disk, stories })(createRegistry({ disk, onStory: stories.tell }));
 * const { headers } = await registry(new Request("http://localhost/"));
 * assertEquals(headers.get("Content-Type"), "text/html; charset=utf-8");
 * ```
 */
export function page({ settings, access, shows, limits, version = "", ...context }: PageOptions): Wrapper {
  const hosts = hostsForBrowsers({ origin: "", allowHost: [], ...settings });
  const live = new Live(limits);
  const inside = context.inside ?? insideHere(context.disk);
  return (registry) => async (request, peer) => {
    const target = parseTarget(request);
    const address = target && parseAddress(target.pathname, target.search);
    const contextNow = async (): Promise<PageContext> => {
      const visible = await access?.visibleTo(request, peer);
      const maySee = (name: string) => (shows?.(name) ?? true) && (visible?.includes(name) ?? true);
      return {
        ...context,
        version,
        inside,
        origin: settings?.origin || new URL(request.url).origin,
        // Deno watches a connection once its signal is read. So only a panel that needs it reads it.
        get signal() {
          return request.signal;
        },
        maySee,
        maySeeAll: shows === undefined && (visible?.isAll ?? true),
      };
    };
    if (address === undefined) {
      const answer = await registry(request, peer);
      // A person who has mistyped an address gets to know what is there. A client gets the registry's answer.
      if (
        answer.status !== 404 || target === undefined || /^\/v2(?:\/|$)/.test(target.pathname) || !wantsHtml(request)
      ) {
        return answer;
      }
    }
    try {
      expectOwnPage(request, target!, hosts);
      if (address === undefined) {
        return guarded(write(request, await shownNowhere(target!.pathname, await contextNow()), version));
      }
      return guarded(await answer(request, address, contextNow, live));
    } catch (error) {
      if (error instanceof RegistryError) return guarded(refusalAsResponse(request, error));
      throw error;
    }
  };
}

async function answer(
  request: Request,
  address: PageAddress,
  contextNow: () => Promise<PageContext>,
  live: Live,
): Promise<Response> {
  const context = await contextNow();
  if (request.method !== "GET" && request.method !== "HEAD") return notAllowed(request);
  if (address.kind === "live") return await live.answer(request, address, contextNow);
  if (address.kind === "web") {
    return await answerWithModule(address.rest) ?? new Response("not found\n", { status: 404 });
  }
  const bytes = address.query.has("download") && address.kind === "at"
    ? await answerWithBytes(request, address, context)
    : undefined;
  return bytes ?? write(request, await shownAt(address, context), context.version);
}

function write(request: Request, shown: Shown, version: string): Response {
  const isJson = wantsJson(request);
  const headers = {
    "Cache-Control": "no-cache",
    "Content-Type": isJson ? "application/json" : "text/html; charset=utf-8",
    Vary: "Accept",
  };
  const body = isJson ? `${JSON.stringify(shown.facts)}\n` : documentOf(shown, version);
  return new Response(request.method === "HEAD" ? null : body, { status: shown.status, headers });
}

function notAllowed({ method }: Request): Response {
  return new Response(`the page has no ${method}\n`, { status: 405, headers: { Allow: "GET, HEAD" } });
}

// A browser asks for HTML before anything else, and curl for anything.
function wantsHtml({ headers }: Request): boolean {
  return headers.get("Accept")?.includes("text/html") === true;
}

function wantsJson(request: Request): boolean {
  return request.headers.get("Accept")?.includes("application/json") === true && !wantsHtml(request);
}
