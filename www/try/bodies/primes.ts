import { count } from "../../shared/format.ts";
import { type Body, note, pausePoint } from "./body.ts";

/** Odd numbers sieved in one go: short enough to fit between two frames many times over. */
const SEGMENT = 1 << 16;
const SEGMENTS_PER_REPORT = 8;

/** Counts the primes up to `limit` with a segmented sieve, on the page's own thread. */
export function countPrimes(limit: number): Body {
  return async (context) => {
    const paused = pausePoint(context);
    const base = oddPrimesUpTo(Math.floor(Math.sqrt(limit)));
    const composite = new Uint8Array(SEGMENT);
    let found = limit >= 2 ? 1 : 0; // the prime 2; from here on only odd numbers
    let segments = 0;
    for (let low = 1; low <= limit; low += 2 * SEGMENT) {
      const size = Math.min(SEGMENT, Math.floor((limit - low) / 2) + 1);
      found += sieve(composite, low, size, base);
      segments += 1;
      if (segments % SEGMENTS_PER_REPORT === 0) {
        context.progress(
          (low / limit) * 100,
          `${count(Math.round(low / 1e6))} of ${count(limit / 1e6)} million numbers`,
        );
        note(context, `${count(found)} primes so far`);
      }
      await paused();
      await context.checkpoint();
    }
    context.progress(100, `${count(limit / 1e6)} million numbers`);
    note(context, `${count(found)} primes`);
    return `${count(found)} primes up to ${count(limit)}`;
  };
}

/** Primes among the `size` odd numbers from `low` on. */
function sieve(composite: Uint8Array, low: number, size: number, base: readonly number[]): number {
  composite.fill(0);
  if (low === 1) composite[0] = 1; // 1 is no prime
  const high = low + 2 * (size - 1);
  for (const prime of base) {
    const square = prime * prime;
    if (square > high) break;
    let multiple = Math.max(square, Math.ceil(low / prime) * prime);
    if (multiple % 2 === 0) multiple += prime;
    for (let at = (multiple - low) / 2; at < size; at += prime) composite[at] = 1;
  }
  let primes = 0;
  for (let at = 0; at < size; at += 1) primes += 1 - (composite[at] ?? 0);
  return primes;
}

function oddPrimesUpTo(limit: number): number[] {
  const composite = new Uint8Array(limit + 1);
  const primes: number[] = [];
  for (let candidate = 3; candidate <= limit; candidate += 2) {
    if (composite[candidate]) continue;
    primes.push(candidate);
    for (let at = candidate * candidate; at <= limit; at += 2 * candidate) composite[at] = 1;
  }
  return primes;
}
