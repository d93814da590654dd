// What the jobs do: in a page, in a page's worker, or in a server's thread. All of them hear their signal but `stubborn`.

/** @typedef {import("jobgate/runner").TaskContext} TaskContext */

const PAGE_MS = 120;
const DARTS_AT_ONCE = 50_000;
/** Numbers sieved at once; two milliseconds or so. */
const SEGMENT = 1 << 18;
const words = new Intl.NumberFormat("en");

/**
 * Throws the signal's reason as soon as it aborts.
 *
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function wait(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", leave);
      resolve();
    }, ms);
    const leave = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  });
}

/**
 * @param {{ title: string, pages: number, style: string, appendix: boolean }} params
 * @param {TaskContext} context
 */
async function report({ title, pages, style, appendix }, { progress, log, signal }) {
  /** @type {{ chapter: string, pages: number, words: number }[]} */
  const chapters = [];
  log(`“${title}”, ${style}, ${pages} pages`);
  for (let page = 1; page <= pages; page += 1) {
    await wait(PAGE_MS, signal);
    progress((page / pages) * 100, `Page ${page} of ${pages}`);
    if (page % 10 === 1) chapters.push({ chapter: `Chapter ${chapters.length + 1}`, pages: 0, words: 0 });
    const chapter = chapters.at(-1);
    if (!chapter) continue;
    chapter.pages += 1;
    chapter.words += style === "full" ? 420 : 160;
    if (page % 10 === 0 || page === pages) log(`${chapter.chapter}: ${chapter.pages} pages, ${chapter.words} words`);
  }
  if (appendix) log("Sources listed");
  return { title, chapters, appendix };
}

/**
 * @param {{ service: string, failures: number, seconds: number }} params
 * @param {TaskContext} context
 */
async function flaky({ service, failures, seconds }, { attempt, progress, log, signal }) {
  log(`Attempt ${attempt} begins`);
  for (let tenth = 1; tenth <= 10; tenth += 1) {
    await wait(seconds * 100, signal);
    progress(tenth * 10, `${service}: attempt ${attempt}`);
    if (attempt <= failures && tenth === 7) {
      log(`Attempt ${attempt} gives up`);
      throw new Error(`${service} is not available (attempt ${attempt} of at least ${failures + 1})`);
    }
  }
  return { answeredOn: attempt };
}

/**
 * @param {{ darts: number, seed: number }} params
 * @param {TaskContext} context
 */
async function pi({ darts, seed }, { progress, log, checkpoint }) {
  let state = seed;
  const random = () => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
  let inside = 0;
  for (let thrown = 0; thrown < darts; ) {
    const end = Math.min(darts, thrown + DARTS_AT_ONCE);
    for (; thrown < end; thrown += 1) {
      const [x, y] = [random(), random()];
      if (x * x + y * y < 1) inside += 1;
    }
    progress((thrown / darts) * 100, `π ≈ ${((4 * inside) / thrown).toFixed(5)}`);
    await checkpoint();
  }
  const estimate = (4 * inside) / darts;
  log(`Off by ${Math.abs(estimate - Math.PI).toExponential(2)}`);
  return { estimate, inside, darts };
}

/**
 * Eratosthenes', a segment at a time: its memory does not grow with the limit.
 *
 * @param {{ limit: number }} params
 * @param {Pick<TaskContext, "progress" | "log" | "checkpoint">} context
 */
async function sieve({ limit }, { progress, log, checkpoint }) {
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

/** @param {number} limit */
function primesUpTo(limit) {
  /** @type {number[]} */
  const primes = [];
  for (let number = 2; number <= limit; number += 1) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes;
}

/**
 * One loop, in which no message arrives: it cannot hear that it is to stop.
 *
 * @param {{ seconds: number }} params
 * @param {Pick<TaskContext, "progress" | "log">} context
 */
function stubborn({ seconds }, { progress, log }) {
  log("It does not listen from here on");
  const begun = performance.now();
  for (let gone = 0; gone < seconds; gone = (performance.now() - begun) / 1000) {
    progress((gone / seconds) * 100, `${Math.ceil(seconds - gone)} seconds to go, whoever asks`);
  }
  return { listened: false, seconds };
}

export const bodies = { report, flaky, pi, sieve, stubborn };
