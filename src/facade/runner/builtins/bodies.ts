// The bodies of the job types that come with the package. What they compute is computed in Rust, step by step; none holds
// the page for more than a few milliseconds, and each ends with the signal's reason once it has aborted.

import { WasmFibonacci, WasmSieve } from "../../../../build/wasm-builtins/builtins.js";
import { throwIfAborted } from "../../support/abort.js";
import { messageOf } from "../../support/look.js";
import { wallNow } from "../../support/time.js";
import { now } from "../../wasm/clock.js";
import { sleepUntil } from "../../wasm/sleep.js";
import type { TaskContext } from "../types.js";

type Context = Pick<TaskContext, "signal" | "progress" | "checkpoint">;
// biome-ignore lint/suspicious/noExplicitAny: the rules have checked them.
type Params = any;

const secondsSince = (began: number) => (performance.now() - began) / 1000;

/** Lets the seconds pass, with progress at each. */
async function pass(seconds: number, { signal, progress }: Context): Promise<void> {
  const began = now();
  for (let passed = 0; passed <= seconds; passed++) {
    await sleepUntil(began + passed * 1000, signal);
    const left = seconds - passed;
    progress((passed / seconds) * 100, `${left} ${left === 1 ? "second" : "seconds"} remaining…`);
  }
}

async function countdown({ seconds }: Params, context: Context) {
  await pass(seconds, context);
  return { message: "Countdown complete!" };
}

async function echo({ message, delay }: Params, context: Context) {
  await pass(delay, context);
  return { message, echoed_at: wallNow() };
}

async function prime({ limit }: Params, { progress, checkpoint }: Context) {
  const began = performance.now();
  const sieve = new WasmSieve(limit);
  try {
    // What may take seconds is told more often.
    const steps = limit > WasmSieve.longestList() ? 100 : 10;
    for (let step = 1; step <= steps; step++) {
      const bound = Math.floor((limit * step) / steps);
      do await checkpoint();
      while (sieve.advance(bound));
      progress((step * 100) / steps, `Looked at ${bound} of ${limit} numbers`);
    }
    const primes = sieve.primes();
    return {
      count: sieve.count(),
      largest: sieve.largest(),
      duration: secondsSince(began),
      ...(primes !== undefined && { primes: Array.from(primes) }),
    };
  } finally {
    sieve.free();
  }
}

/** Numbers between two reports of progress. */
const STRIDE = 10;

async function fibonacci({ count }: Params, { progress, checkpoint }: Context) {
  const began = performance.now();
  const sequence = new WasmFibonacci();
  try {
    const numbers: string[] = [];
    while (numbers.length < count) {
      await checkpoint();
      numbers.push(...sequence.next(Math.min(STRIDE, count - numbers.length)).split("\n"));
      progress((numbers.length / count) * 100, `Generated ${numbers.length}/${count} numbers`);
    }
    return { numbers, duration: secondsSince(began) };
  } finally {
    sequence.free();
  }
}

/** All at the same time. The signal closes their connections; the job has ended when all of them have. */
async function urlFetch({ urls }: Params, { signal, progress }: Context) {
  const total = urls.length;
  let arrived = 0;
  progress(0, `Fetched 0/${total} URLs`);
  const results = await Promise.all(
    urls.map(async (url: string) => {
      const result = await fetchOne(url, signal);
      arrived++;
      if (!signal.aborted) progress((arrived / total) * 100, `Fetched ${arrived}/${total} URLs`);
      return result;
    }),
  );
  throwIfAborted(signal);
  return { results };
}

/** What came back, or why nothing did. */
async function fetchOne(url: string, signal: AbortSignal) {
  const began = performance.now();
  try {
    const response = await fetch(url, { signal });
    const { byteLength: size } = await response.arrayBuffer();
    return { url, status: response.status, size, duration: secondsSince(began) };
  } catch (error) {
    return { url, error: messageOf(error), duration: secondsSince(began) };
  }
}

/** By name. The binary has been instantiated, the params are valid. */
export const bodies: Readonly<Record<string, (params: Params, context: Context) => Promise<unknown>>> = {
  countdown,
  prime,
  fibonacci,
  url_fetch: urlFetch,
  echo,
};
