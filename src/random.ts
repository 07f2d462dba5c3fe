/**
 * Random numbers that can be repeated: the same seed gives the same numbers on every machine.
 *
 *     const random = randomNumbers(1);
 *     random()     0.627…
 *     random()     0.002…
 *
 * Next: disk/local_disk.ts
 *
 * @module
 */

/**
 * Returns a function that returns the next random number, from 0 up to 1. It is Mulberry32, a small generator that everybody
 * knows: https://github.com/cprosche/mulberry32
 */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
