/**
 * The registry: a function from a request to an answer.
 * https://github.com/opencontainers/distribution-spec/blob/967efdc/spec.md#api
 *
 *     Request
 *        │   1. read its URL                 parseTarget
 *        │   2. did a foreign page send it?  expectNoForeignPage
 *        │   3. ask the wrappers, if any     withWrappers          who may do that? see composing/
 *        │   4. find the row of the table    findEndpoint
 *        │   5. do the settings allow it?    expectSwitchedOn      --read-only and --no-delete
 *        │   6. read its placeholders        RowValues
 *        │   7. call the section             endpoint.answer
 *        │                                                     a RegistryError of any of these becomes an answer, too
 *        │   8. leave out the body on HEAD   withoutBody
 *        ▼
 *     Response
 *
 * Every request takes these steps. Afterwards the registry tells its story: what the request was, and what it changed. A *section*
 * is the function that answers a row; its file has the name of a heading of the spec. A function that is called `expect…` throws a
 * refusal if something is not as it has to be.
 *
 * A *wrapper* is a function from registry to registry; `composing/composing.ts` is about them. The wrappers of the options stand
 * around these steps, and the story is told outside of the wrappers. So it has what the client has sent and got, also if a wrapper
 * has refused the request.
 *
 * A registry does not listen and has no port. So a test can have a whole registry in one line:
 *
 *     const registry = createRegistry({ root: "images" });
 *     const response = await registry(new Request("http://localhost/v2/"));
 *
 * Next: push/pushing_blobs.ts
 *
 * @module
 */

import { STATUS_CODE } from "@std/http";
import { AsyncLocalStorage } from "node:async_hooks";
import { ENDPOINTS } from "./api/endpoints.ts";
import { RegistryError } from "./api/error_codes.ts";
import { HASHES, type Hashes } from "./definitions/digest.ts";
import { BusyError, type Disk, LinkedFolderError } from "./disk/disk.ts";
import { localDisk } from "./disk/local_disk.ts";
import type { Peer } from "./http/peer.ts";
import { BodyBudget } from "./http/budget.ts";
import type { Call } from "./http/call.ts";
import { elsewhereOf, type ElsewhereOptions } from "./http/elsewhere.ts";
import { RowValues } from "./http/placeholders.ts";
import { expectSwitchedOn, findEndpoint, matchEndpoint } from "./http/routing.ts";
import { withoutSniffing } from "./http/sniffing.ts";
import { parseTarget, type Target } from "./http/target.ts";
import { expectNoForeignPage, hostsForBrowsers } from "./http/web_pages.ts";
import { defaultsOf, type Rate, REGISTRY_OPTIONS, type Settings, SLOWEST } from "./options.ts";
import { openStore } from "./store/store.ts";
import { type StoryListener, storyTeller, withoutSecrets } from "./stories/told_story.ts";
import { noteRefusal, type Telling } from "./story.ts";

/** The options of a registry: the settings of `options.ts`, and some that have no flag on the command line. */
export interface RegistryOptions extends Partial<Settings>, ElsewhereOptions {
  /** The folder that the registry keeps everything in. The first push makes it. Default: `testdata`. */
  readonly root?: string;
  /** The disk that the registry keeps everything on, instead of a folder. Default: `localDisk(root)`. */
  readonly disk?: Disk;
  /** More digest algorithms than sha256 and sha512: for each name, a function that starts a hash. Default: none. */
  readonly algorithms?: Hashes;
  /** The slowest body that the registry waits for. Default: 1 KiB in 60 seconds. */
  readonly slowest?: Rate;
  /**
   * Wrappers around the registry, the outermost first, such as `access(rules)`. The story of a request is told outside of them.
   * Default: none; so everybody may do everything.
   */
  readonly wrappers?: readonly Wrapper[];
  /** Is called with the story of each request that it wants. Default: nobody. */
  readonly onStory?: StoryListener;
}

/** A registry: it answers requests. A failure is an answer too; a registry throws only if `onStory` does. */
export type Registry = (request: Request, peer?: Peer) => Promise<Response>;

/** A function that puts something around a registry. */
export type Wrapper = (registry: Registry) => Registry;

/** The smallest limit for the size of a manifest, in bytes: PUSH-MANIFEST-23. */
export const SMALLEST_MANIFEST_LIMIT: number = 4 * 1024 * 1024;

/**
 * Creates a registry over a folder or another disk. Several registries may use the same one at the same time.
 *
 * @throws {RangeError} if the limit for manifests is smaller than the spec allows, if uploads would expire in less than a minute, or
 * if the options about redirects contradict each other.
 */
export function createRegistry(options: RegistryOptions): Registry {
  const { root = "testdata", disk, algorithms, slowest = SLOWEST, wrappers = [], onStory, ...others } = options;
  const { redirect, redirectManifest, uploadLocation, ...given } = others;
  const hashes = { ...HASHES, ...algorithms };
  const settings: Settings = { ...defaultsOf(REGISTRY_OPTIONS), ...given };
  if (!(settings.maxManifestSize >= SMALLEST_MANIFEST_LIMIT)) {
    const least = `the spec asks for ${SMALLEST_MANIFEST_LIMIT} at least`;
    throw new RangeError(`Cannot limit manifests to ${settings.maxManifestSize} bytes: ${least}`);
  }
  const store = openStore({
    disk: disk ?? localDisk(root, { algorithms: hashes }),
    hashes,
    sessionLifetime: settings.uploadTtl,
  });

  const hosts = hostsForBrowsers(settings);
  const budget = new BodyBudget(settings.maxManifestSize);
  const elsewhere = elsewhereOf({ redirect, redirectManifest }, settings);
  const tell = onStory && storyTeller(onStory, () => store.disk.now());

  const answer = withWrappers(wrappers, (request, peer, target, telling) => {
    const call: Call = {
      request,
      query: new URLSearchParams(target.search),
      settings,
      slowest,
      peer,
      budget,
      elsewhere,
      uploadLocation,
      endpoints: ENDPOINTS,
      notes: telling,
      store: tell && !isRead(request)
        ? { ...store, disk: store.disk.telling((change) => telling.changes.push(change)) }
        : store,
    };
    return answerRow(call, target, telling);
  });
  return async (request, peer) => {
    const started = performance.now();
    const telling: Telling = { url: request.url, changes: [] };
    const response = await orRefusal(request, async () => {
      const target = expectTarget(request);
      telling.url = target.pathname + target.search;
      expectNoForeignPage(request, target, settings, hosts);
      return await answer(request, peer, target, telling);
    });
    tell?.(request, response, peer, started, telling);
    return response;
  };
}

// A registry that collects the facts for the story of a request. It throws its refusals.
type TellingRegistry = (
  request: Request,
  peer: Peer | undefined,
  target: Target,
  telling: Telling,
) => Promise<Response>;

// A wrapper may ask the registry several times for one request, with requests of its own. All that these change belongs to the
// story of the one request; its URL and its row are those that the client has sent. A wrapper passes on only a request and a peer.
// So the story takes another way through it: an `AsyncLocalStorage` has the value of the request for which some code runs.
function withWrappers(wrappers: readonly Wrapper[], answer: TellingRegistry): TellingRegistry {
  if (wrappers.length === 0) return answer;
  const tellings = new AsyncLocalStorage<Telling>();
  const inside: Registry = (request, peer) => {
    const telling = tellings.getStore() ?? { url: request.url, changes: [] };
    return orRefusal(request, () => answer(request, peer, expectTarget(request), telling));
  };
  const outside = wrappers.reduceRight((registry, wrapper) => wrapper(registry), inside);
  return async (request, peer, target, telling) => {
    try {
      return await tellings.run(telling, () => outside(request, peer));
    } finally {
      const asked = { endpoints: ENDPOINTS, request, query: new URLSearchParams(target.search) };
      const { endpoint, texts } = matchEndpoint(asked, target.pathname) ?? {};
      telling.texts = texts;
      if (endpoint !== telling.endpoint) Object.assign(telling, { endpoint, heading: endpoint?.heading });
    }
  };
}

// What only reads changes nothing, so there is nothing to tell.
function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

async function answerRow(call: Call, { pathname }: Target, telling: Telling): Promise<Response> {
  const { request, store } = call;
  const { endpoint, texts } = findEndpoint(call, pathname);
  telling.endpoint = endpoint;
  telling.texts = texts;
  expectSwitchedOn(call, endpoint, pathname);
  const values = new RowValues(endpoint, texts, store.hashes);
  const response = await endpoint.answer(call, values);
  return request.method === "HEAD" ? await withoutBody(response) : response;
}

// Returns the answer of an action, or the answer to a request whose refusal or failure the action throws.
async function orRefusal(request: Request, action: () => Promise<Response>): Promise<Response> {
  try {
    return await action();
  } catch (error) {
    return refusalAsResponse(request, refusalOf(error));
  }
}

/** Returns the answer to a request that is refused, or that fails because of an error. */
export function refusalAsResponse({ method }: Request, error: Error): Response {
  const response = error instanceof RegistryError ? error.toResponse() : serverError(error);
  // The refusal of a HEAD need not say how long the body for a GET would be (RFC 9110 section 9.3.2).
  return noteRefusal(method === "HEAD" ? new Response(null, response) : response, error);
}

// RFC 9112 section 3.2: the answer is 400 if `Host` is no host.
function expectTarget(request: Request): Target {
  const target = parseTarget(request);
  if (target !== undefined) return target;
  const { url, headers } = request;
  const expected = "a path in the request line, and a host with or without a port in the Host header";
  const actual = `${withoutSecrets(url)} with the Host header ${headers.get("Host") ?? "(none)"}`;
  throw new RegistryError("UNSUPPORTED", { rule: "API-01", expected, actual }, { status: STATUS_CODE.BadRequest });
}

// RFC 9110 section 9.3.2: an answer to HEAD has the headers of an answer to GET, and no body.
async function withoutBody(response: Response): Promise<Response> {
  if (response.body === null) return response;
  const { status, headers } = response;
  if (!headers.has("Content-Length")) headers.set("Content-Length", String((await response.bytes()).length));
  else await response.body.cancel();
  return new Response(null, { status, headers });
}

// What a request was refused with, or what failed. (JavaScript can throw what is no error; that is a failure too.)
function refusalOf(error: unknown): Error {
  // A folder that is a symbolic link is no repository.
  if (error instanceof LinkedFolderError) {
    const detail = { rule: "DEF-I01" as const, expected: "a folder in the root", actual: "a symbolic link" };
    return new RegistryError("NAME_UNKNOWN", detail);
  }
  if (error instanceof BusyError) {
    const detail = { rule: "API-ERR-10" as const, expected: "a turn in time", actual: error.message };
    const headers = { "Retry-After": "10" };
    return new RegistryError("TOOMANYREQUESTS", detail, { status: STATUS_CODE.ServiceUnavailable, headers });
  }
  return error instanceof Error ? error : new Error(String(error));
}

type Failure = readonly [message: string, status: number, headers?: Record<string, string>];

const FAILED: Failure = ["the registry failed; its log says why", STATUS_CODE.InternalServerError];
const FULL: Failure = ["the disk of the registry is full", STATUS_CODE.InsufficientStorage];
const CROWDED: Failure = [
  "the registry has as many files and connections open as it may; try again",
  STATUS_CODE.ServiceUnavailable,
  { "Retry-After": "1" },
];
const FAILURES: Readonly<Record<string, Failure>> = { ENOSPC: FULL, EDQUOT: FULL, EMFILE: CROWDED, ENFILE: CROWDED };

// The disk failed, or the registry has a bug. The operator reads in the story what happened; the client learns whether the disk
// is full, or whether to try again. The spec has no code for this, because its codes are about faults of clients.
function serverError(error: Error): Response {
  const { code } = error as { code?: string };
  const [message, status, headers] = FAILURES[code ?? ""] ?? FAILED;
  const errors = [{ code: "UNKNOWN", message, detail: { cause: code ?? null } }];
  return withoutSniffing(Response.json({ errors }, { status, headers }));
}
