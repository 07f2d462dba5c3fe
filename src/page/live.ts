/**
 * Live: what happens, as it happens.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 *     $ curl -N http://127.0.0.1:5080/live
 *     id: f3a9c1.1001 07be42.88
 *     event: story
 *     data: {"method":"PUT","url":"/v2/library/hello/manifests/latest","status":201,…}
 *
 *     event: changes      what other programs or people have changed in the folder
 *     event: missed       how many stories nobody remembers any more, or how many changes of others were left out
 *     event: blind        why changes of others cannot be seen at the moment; empty when they can be seen again
 *     event: end          the registry ends
 *
 * The id is a mark: it says how many stories of each thread the client has. A browser that was away sends it as `Last-Event-ID`, or as
 * `?after=`, and gets what it has missed. With `?after=now`, only what happens from now on is told. To `Accept: application/json`, the
 * same stories are one answer that ends.
 *
 * A client gets new stories only as fast as it reads them; meanwhile they are remembered, and what is forgotten is told as missed.
 *
 * Next: seeing.ts
 *
 * @module
 */

import type { PageAddress } from "./addresses.ts";
import type { FolderTold, NextStories, OpenStories, PageContext } from "./context.ts";
import { maySeeChange, maySeeStory } from "./seeing.ts";

/** The limits of {@linkcode Live}. Times are in milliseconds. */
export interface LiveLimits {
  /** The most clients that listen at a time, in this thread. */
  readonly clients: number;
  /** The time between two signs of life. At each one, it is asked again what the client may see. */
  readonly heartbeat: number;
  /** The time after which a client is cut that does not read. */
  readonly patience: number;
}

const LIMITS: LiveLimits = { clients: 100, heartbeat: 15_000, patience: 60_000 };

// The most stories that are told at once, and the least time until the next ones, in milliseconds. To tell a story takes about as long
// as to answer a small request. So after the work for all pages comes a rest of many times its length. If more stories come than fit
// in between, some are left out: no person could read them.
const MOST_AT_ONCE = 100;
const LEAST_REST = 100;
const REST = 15;

// The bytes that may wait for a client, besides the last story. More only come when it has read some.
const WAITING_BYTES = 128 * 1024;

const ENCODER = new TextEncoder();

/** Answers requests for `/live`. */
export class Live {
  readonly #limits: LiveLimits;
  #clients = 0;

  /** Takes other limits, if a test needs them. */
  constructor(limits: Partial<LiveLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /** Answers with a stream. `contextNow` returns what the client may see at the moment; it throws if that is nothing any more. */
  async answer(request: Request, address: PageAddress, contextNow: () => Promise<PageContext>): Promise<Response> {
    const context = await contextNow();
    const mark = request.headers.get("Last-Event-ID") ?? address.query.get("after") ?? "";
    if (wantsOneAnswer(request)) return Response.json(await onceAfter(mark, context));
    const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" };
    if (request.method === "HEAD") return new Response(null, { headers });
    const { ended } = context.stories;
    if (ended.aborted || this.#clients >= this.#limits.clients) {
      const text = ended.aborted
        ? "the registry ends"
        : `${this.#limits.clients} clients listen already; try again later`;
      return new Response(`${text}\n`, { status: 503, headers: { "Retry-After": "10", "Content-Type": "text/plain" } });
    }
    this.#clients++;
    const stream = new LiveStream(mark, context, contextNow, this.#limits, () => this.#clients, () => this.#clients--);
    return new Response(stream.body, { headers });
  }
}

function wantsOneAnswer({ headers }: Request): boolean {
  const accept = headers.get("Accept") ?? "";
  return accept.includes("application/json") && !accept.includes("text/event-stream");
}

async function onceAfter(mark: string, context: PageContext) {
  const open = await context.stories.open(() => {});
  try {
    const next = open.after(mark, Infinity);
    return { ...next, stories: next.stories.filter((story) => maySeeStory(context, story)) };
  } finally {
    open.close();
  }
}

// The stream of one client.
class LiveStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #contextNow: () => Promise<PageContext>;
  readonly #limits: LiveLimits;
  readonly #countClients: () => number;
  readonly #onEnd: () => void;
  #context: PageContext;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #open: OpenStories | undefined;
  #mark: string;
  // The changes of others that came while the client did not read.
  #missedChanges = 0;
  #lastRead = Date.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #unwatch: (() => void) | undefined;
  #hasEnded = false;

  constructor(
    mark: string,
    context: PageContext,
    contextNow: () => Promise<PageContext>,
    limits: LiveLimits,
    countClients: () => number,
    onEnd: () => void,
  ) {
    this.#mark = mark;
    this.#context = context;
    this.#contextNow = contextNow;
    this.#limits = limits;
    this.#countClients = countClients;
    this.#onEnd = onEnd;
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        return this.#start();
      },
      pull: () => {
        this.#lastRead = Date.now();
        this.#tellMissedChanges();
        this.#tell();
      },
      cancel: () => this.#end(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: WAITING_BYTES }));
  }

  async #start(): Promise<void> {
    const { stories, folder } = this.#context;
    stories.ended.addEventListener("abort", this.#registryEnds);
    // A browser that loses the connection tries again after this time.
    this.#send("retry: 1000\n\n");
    this.#heartbeat = setInterval(() => this.#beat(), this.#limits.heartbeat);
    this.#unwatch = folder?.watch((told) => this.#tellFolder(told));
    const open = await stories.open(() => this.#tell());
    if (this.#hasEnded) return open.close();
    this.#open = open;
    if (this.#mark === "now") this.#mark = open.after("", Infinity).mark;
    this.#tell();
  }

  // Tells the next stories, if the client has read enough of the last ones.
  #tell(): void {
    if (this.#open === undefined || this.#hasEnded || this.#timer !== undefined || !this.#hasRoom) return;
    const begun = performance.now();
    const { events, stories, mark, missed, hasRestarted } = this.#nextEvents(this.#open);
    this.#mark = mark;
    if (missed > 0 || hasRestarted) events.unshift(eventOf("missed", { stories: missed, hasRestarted }));
    // The mark is that behind all of them. So it stands at the last one, and a client that has lost some gets all again.
    const last = events.pop() ?? (stories.length > 0 ? "\n" : undefined);
    const text = last === undefined ? "" : `${events.join("")}id: ${mark}\n${last}`;
    if (text === "") return;
    const rest = REST * this.#countClients() * (performance.now() - begun);
    // To send something may call this again at once. So that comes last.
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tell();
    }, Math.max(LEAST_REST, rest));
    this.#send(text);
  }

  // Returns the next stories as events: as many as the client has room for, and one at least. One story can have 1,000 changes.
  #nextEvents(open: OpenStories): NextStories & { readonly events: string[] } {
    const next = open.after(this.#mark, MOST_AT_ONCE);
    const events: string[] = [];
    let room = this.#controller.desiredSize ?? 0;
    for (const [at, story] of next.stories.entries()) {
      if (!maySeeStory(this.#context, story)) continue;
      const event = eventOf("story", story);
      room -= event.length;
      if (room < 0 && events.length > 0) return { ...open.after(this.#mark, at), events };
      events.push(event);
    }
    return { ...next, events };
  }

  #tellFolder(told: FolderTold): void {
    if ("blind" in told) return this.#hasRoom ? this.#sendEvent("blind", { reason: told.blind }) : undefined;
    const changes = told.changes.filter((change) => maySeeChange(this.#context, change));
    const { maySee, maySeeAll } = this.#context;
    const seen = [...told.untold ?? []].filter(([name]) => maySeeAll || name !== "" && maySee(name));
    this.#missedChanges += seen.reduce((sum, [, count]) => sum + count, 0);
    if (!this.#hasRoom) this.#missedChanges += changes.length;
    else {
      if (changes.length > 0) this.#sendEvent("changes", { changes, time: new Date().toISOString() });
      this.#tellMissedChanges();
    }
  }

  #tellMissedChanges(): void {
    if (this.#missedChanges === 0) return;
    this.#sendEvent("missed", { stories: 0, hasRestarted: false, changes: this.#missedChanges });
    this.#missedChanges = 0;
  }

  // A comment: it shows a proxy or a browser that the connection is alive.
  async #beat(): Promise<void> {
    if (Date.now() - this.#lastRead > this.#limits.patience && !this.#hasRoom) return this.#cut("it does not read");
    try {
      this.#context = await this.#contextNow();
    } catch (error) {
      return this.#cut(error instanceof Error ? error.message : String(error));
    }
    if (this.#hasRoom) this.#send(":\n\n");
  }

  readonly #registryEnds = (): void => {
    this.#sendEvent("end", { because: "the registry ends" });
    this.#close();
  };

  #cut(reason: string): void {
    if (this.#hasEnded) return;
    this.#end();
    this.#controller.error(new Error(`a client of /live is cut off: ${reason}`));
  }

  #close(): void {
    if (this.#hasEnded) return;
    this.#end();
    this.#controller.close();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#timer);
    this.#unwatch?.();
    this.#context.stories.ended.removeEventListener("abort", this.#registryEnds);
    this.#open?.close();
    this.#onEnd();
  }

  get #hasRoom(): boolean {
    return (this.#controller.desiredSize ?? 0) > 0;
  }

  #sendEvent(event: string, data: unknown): void {
    this.#send(eventOf(event, data));
  }

  #send(text: string): void {
    if (!this.#hasEnded) this.#controller.enqueue(ENCODER.encode(text));
  }
}

function eventOf(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
