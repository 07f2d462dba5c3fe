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
import { answerLike } from "../composing/asking.ts";
import { expectOwnPage, hostsForBrowsers } from "../http/web_pages.ts";
import { parseTarget, type Target } from "../http/target.ts";
import type { Settings } from "../options.ts";
import { refusalAsResponse, type Wrapper } from "../registry.ts";
import { type PageAddress, parseAddress } from "./addresses.ts";
import { insideHere } from "./asking_inside.ts";
import { answerWithModule } from "./browser_modules.ts";
import type { PageContext } from "./context.ts";
import { documentOf, type Frame } from "./document.ts";
import { answerWithBytes } from "./downloads.ts";
import { guarded } from "./guarding.ts";
import { Live, type LiveLimits } from "./live.ts";
import { answerLogin } from "./logging_in.ts";
import { type Shown, shownAt, shownNowhere } from "./panels.ts";
import { leavingOut, unreadableFor } from "./unreadable.ts";
import * as refused from "./views/refused.ts";

/** What a page needs. */
export interface PageOptions
  extends Omit<PageContext, "maySee" | "maySeeAll" | "host" | "person" | "version" | "origin" | "signal" | "inside"> {
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
        ...leavingOut(context.disk),
        version,
        inside,
        origin: settings?.origin || new URL(request.url).origin,
        // Deno watches a connection once its signal is read. So only a panel that needs it reads it.
        get signal() {
          return request.signal;
        },
        host: peer?.remoteAddr.hostname,
        maySee,
        maySeeAll: shows === undefined && (visible?.isAll ?? true),
        person: visible?.canLogIn ? { user: visible.user } : undefined,
      };
    };
    if (address === undefined || isForWorkshop(address, request)) {
      const answer = await registry(request, peer);
      // A person who has mistyped an address gets to know what is there. A client gets the registry's answer.
      if (
        address !== undefined || answer.status !== 404 || target === undefined ||
        /^\/v2(?:\/|$)/.test(target.pathname) || !wantsHtml(request)
      ) {
        return answer;
      }
    }
    try {
      expectOwnPage(request, target!, hosts);
      if (address === undefined) {
        const context = await contextNow();
        return guarded(write(request, await shownNowhere(target!.pathname, context), frameOf(target!, context)));
      }
      return guarded(await answer(request, { target: target!, address, contextNow, live }));
    } catch (error) {
      if (error instanceof RegistryError) return guarded(refusalFor(request, error, target!, version));
      throw error;
    }
  };
}

// The page only reads. What changes something is behind it.
function isForWorkshop({ kind }: PageAddress, { method }: Request): boolean {
  return (kind === "lessons" || kind === "samples") && method !== "GET" && method !== "HEAD";
}

// A request for the page.
interface PageRequest {
  readonly target: Target;
  readonly address: PageAddress;
  readonly contextNow: () => Promise<PageContext>;
  readonly live: Live;
}

async function answer(request: Request, { target, address, contextNow, live }: PageRequest): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") return notAllowed(request);
  // The looks of the page are the same for everybody. A refusal needs them, too.
  if (address.kind === "web" && /\.(?:css|svg)$/.test(address.rest)) return await answerWithFile(request, address);
  const context = await contextNow();
  if (address.kind === "web") return await answerWithFile(request, address);
  if (address.kind === "live") return await live.answer(request, address, contextNow);
  const other = address.kind === "login"
    ? answerLogin(address, context)
    : address.kind === "at" && address.query.has("download")
    ? await answerWithBytes(request, address, context)
    : undefined;
  return other ?? write(request, await shownAt(address, context), frameOf(target, context));
}

async function answerWithFile(request: Request, { rest }: PageAddress): Promise<Response> {
  return await answerWithModule(request, rest) ?? new Response("not found\n", { status: 404 });
}

// What was left out is known when the panel has its facts.
function frameOf({ pathname, search }: Target, context: PageContext): Frame {
  const { version, person, teller, unreadable = [] } = context;
  return {
    version,
    person,
    hasLessons: teller !== undefined,
    address: pathname + search,
    unreadable: unreadableFor(context, unreadable),
  };
}

function write(request: Request, shown: Shown, frame: Frame): Response {
  const isJson = wantsJson(request);
  const headers = {
    "Cache-Control": "no-cache",
    "Content-Type": isJson ? "application/json" : "text/html; charset=utf-8",
    Vary: frame.person === undefined ? "Accept" : "Accept, Authorization",
  };
  const { unreadable = [] } = frame;
  // What is left out may be what the address names.
  const status = shown.status === 404 && unreadable.length > 0 ? 503 : shown.status;
  const facts = unreadable.length > 0 ? { ...shown.facts as object, unreadable } : shown.facts;
  const body = isJson ? `${JSON.stringify(facts)}\n` : documentOf(shown, frame);
  return new Response(request.method === "HEAD" ? null : body, { status, headers });
}

// A browser that gets no password shows what it was answered.
function refusalFor(request: Request, error: RegistryError, { pathname, search }: Target, version: string): Response {
  const refusal = refusalAsResponse(request, error);
  if (!wantsHtml(request)) return refusal;
  const to = pathname === "/login" ? new URLSearchParams(search).get("to") ?? "/" : pathname + search;
  const [{ expected, actual }] = error.details;
  const facts = { status: refusal.status, expected, actual, to };
  const shown = {
    panel: "refused",
    status: refusal.status,
    title: refused.titleOf(facts),
    markup: refused.view(facts),
  };
  return answerLike(
    refusal,
    (headers) => headers.set("Content-Type", "text/html; charset=utf-8"),
    request.method === "HEAD" ? undefined : documentOf(shown, { version, address: to, isRefused: true }),
  );
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
