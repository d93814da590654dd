import type { WorkerContext } from "jobgate/worker";

/** Numbers sieved at once; two milliseconds or so. */
const SEGMENT = 1 << 18;
const words = new Intl.NumberFormat("en");

/** Eratosthenes', a segment at a time: its memory does not grow with the limit. */
export async function sieve({ limit }: { limit: number }, { progress, log, checkpoint }: WorkerContext) {
  const divisors = primesUpTo(Math.floor(Math.sqrt(limit)));
  log(`${words.format(divisors.length)} primes to sieve with`);
  const composite = new Uint8Array(SEGMENT);
  let [count, largest] = [0, 2];
  for (let low = 2; low <= limit; low += SEGMENT) {
    const high = Math.min(low + SEGMENT - 1, limit);
    composite.fill(0);
    for (const prime of divisors) {
      if (prime * prime > high) break;
      const first = Math.max(prime * prime, Math.ceil(low / prime) * prime);
      for (let at = first - low; at <= high - low; at += prime) composite[at] = 1;
    }
    for (let at = 0; at <= high - low; at += 1) {
      if (composite[at] === 1) continue;
      count += 1;
      largest = low + at;
    }
    progress((high / limit) * 100, `${words.format(count)} primes up to ${words.format(high)}`);
    await checkpoint();
  }
  return { count, largest };
}

function primesUpTo(limit: number): number[] {
  const primes: number[] = [];
  for (let number = 2; number <= limit; number += 1) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes;
}
