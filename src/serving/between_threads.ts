/**
 * Calls from one thread to another.
 *
 *     a serving thread                             the first thread
 *     isRight("alice", "secret")   ──port──▶       the function that was offered
 *     true                         ◀──port──       its result
 *
 * Next: guesses.ts
 *
 * @module
 */

interface CallMessage {
  readonly number: number;
  readonly args: readonly unknown[];
}
interface ResultMessage {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Lets the thread at the other end of a port call a function of this one. */
export function offer<Args extends unknown[], Result>(
  port: MessagePort,
  call: (...args: Args) => Promise<Result>,
): void {
  port.onmessage = async ({ data: { number, args } }: MessageEvent<CallMessage>) => {
    const answer: ResultMessage = await call(...args as Args).then(
      (value) => ({ number, value }),
      (error) => ({ number, error: error instanceof Error ? error.message : String(error) }),
    );
    port.postMessage(answer);
  };
}

/** Returns a function that calls the one which the thread at the other end of a port offers. */
export function callThrough<Args extends unknown[], Result>(port: MessagePort): (...args: Args) => Promise<Result> {
  const waiting = new Map<number, (answer: ResultMessage) => void>();
  let calls = 0;
  port.onmessage = ({ data }: MessageEvent<ResultMessage>) => {
    waiting.get(data.number)?.(data);
    waiting.delete(data.number);
  };
  return (...args) =>
    new Promise((resolve, reject) => {
      const number = calls++;
      waiting.set(number, ({ value, error }) =>
        error === undefined ? resolve(value as Result) : reject(new Error(error)));
      port.postMessage({ number, args } satisfies CallMessage);
    });
}
