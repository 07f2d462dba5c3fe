/**
 * The events of `/live`, as a client reads them.
 *
 *     using events = new Events(await send("GET", "/live"));
 *     const { event, data, id } = await events.next();
 *
 * @module
 */

/** One event. */
export interface LiveEvent {
  readonly event: string;
  // deno-lint-ignore no-explicit-any
  readonly data: any;
  /** The id of the last event that had one. */
  readonly id: string;
}

/** The events of one answer. */
export class Events implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";
  #id = "";

  readonly #onEnd: () => void;

  /** `onEnd` is called when nobody reads any more. */
  constructor(answer: Response, onEnd: () => void = () => {}) {
    this.#onEnd = onEnd;
    this.#reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Waits for the next event; `undefined` at the end. */
  async next(): Promise<LiveEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const lines = this.#text.slice(0, end).split("\n");
        this.#text = this.#text.slice(end + 2);
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        this.#id = field("id") ?? this.#id;
        const data = field("data");
        if (data !== undefined) return { event: field("event")!, data: JSON.parse(data), id: this.#id };
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += value;
    }
  }

  /** Waits for the next event of a kind that fits, and returns all until then. */
  async until(fits: (event: LiveEvent) => boolean): Promise<LiveEvent[]> {
    const events: LiveEvent[] = [];
    for (;;) {
      const event = await this.next();
      if (event === undefined) throw new Error(`the stream has ended after ${JSON.stringify(events)}`);
      events.push(event);
      if (fits(event)) return events;
    }
  }

  /** Goes away, as a client that closes its connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel();
    this.#onEnd();
  }
}
