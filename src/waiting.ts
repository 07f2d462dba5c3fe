/**
 * Waiting, but not for ever.
 *
 *     await pause(100)                    goes on after 100 ms
 *     await inTime(upload, 30_000)        true as soon as the upload has ended, or false after 30 s
 *
 * Next: disk/freshness.ts
 *
 * @module
 */

// The longest timer that there is, in milliseconds. A timer that is set to more runs out at once.
const LONGEST = 2 ** 31 - 1;

/** Waits for some milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Waits for a promise, but no longer than some milliseconds. Returns false if the time is over first. If the promise is rejected in
 * time, so is the result.
 */
export async function inTime(promise: Promise<unknown> | undefined, milliseconds: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), Math.min(Math.max(0, milliseconds), LONGEST));
  try {
    return await Promise.race([Promise.resolve(promise).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
