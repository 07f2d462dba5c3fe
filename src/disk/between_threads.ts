/**
 * Calls from one thread to another.
 *
 *     a serving thread                             the first thread
 *     isRight("alice", "secret")   ──port──▶       the function that was offered
 *     true                         ◀──port──       its result
 *
 * Arguments and results are copied, except for the buffers that `move` names: these go to the other thread, and nobody can use
 * them here any more.
 *
 * Next: growing_files.ts
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
  readonly error?: { readonly message: string; readonly code?: string };
}

/** Returns the buffers of arguments, or of a result, that are moved to the other thread and not copied. */
export type Move<Values> = (values: Values) => Transferable[];

/** Lets the thread at the other end of a port call a function of this one. If the function throws, the caller gets the error. */
export function offer<Args extends unknown[], Result>(
  port: MessagePort,
  call: (...args: Args) => Promise<Result>,
  move: Move<Result> = () => [],
): void {
  port.onmessage = async ({ data: { number, args } }: MessageEvent<CallMessage>) => {
    try {
      const value = await call(...args as Args);
      port.postMessage({ number, value } satisfies ResultMessage, move(value));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const { code } = Object(error);
      port.postMessage({ number, error: { message, code } } satisfies ResultMessage);
    }
  };
}

/** Returns a function that calls the one which the thread at the other end of a port offers. */
export function callThrough<Args extends unknown[], Result>(
  port: MessagePort,
  move: Move<Args> = () => [],
): (...args: Args) => Promise<Result> {
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
        error === undefined ? resolve(value as Result) : reject(errorFrom(error)));
      port.postMessage({ number, args } satisfies CallMessage, move(args));
    });
}

// The code tells an error of the system from others.
function errorFrom({ message, code }: NonNullable<ResultMessage["error"]>): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}
