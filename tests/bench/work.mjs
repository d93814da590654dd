/** The jobs that contenders are given, and what is checked of them. */

const made = [];

/** The same n strings each time: what a contender does with a key is timed, making the key is not. */
export function keys(n) {
  while (made.length < n) made.push(`job-${made.length}`);
  return made.length === n ? made : made.slice(0, n);
}

export function expectEqual(what, actual, expected) {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`);
}

/** An async no-op that counts: it returns how many have run, so that results can be added up and checked. */
export function countingWork() {
  const work = {
    done: 0,
    body: async () => ++work.done,
    check: (n) => expectEqual("jobs done", work.done, n),
    checkResults: (results) => {
      let sum = 0;
      for (const result of results) sum += result;
      expectEqual("sum of results", sum, (work.done * (work.done + 1)) / 2);
    },
  };
  return work;
}

/**
 * Work that sees how many of its kind run at once: the first jobs hold their slots until `limit` of them run (fifty turns
 * of 10 ms at most) and a turn of the event loop longer, in which one too many would be seen.
 */
export function watchedWork(limit) {
  const work = countingWork();
  let running = 0;
  let open;
  const full = new Promise((resolve) => {
    open = resolve;
  });
  let turns = 0;
  const giveUp = setInterval(() => ++turns === 50 && open(), 10);
  full.then(() => clearInterval(giveUp));
  work.most = 0;
  work.body = async () => {
    work.most = Math.max(work.most, ++running);
    if (running === limit) open();
    await full;
    await new Promise((resolve) => setTimeout(resolve, 0));
    running--;
    return ++work.done;
  };
  return work;
}

/** A body that runs until it is released. It starts at once and counts its starts. */
export function blockedWork() {
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  const work = {
    started: 0,
    body: () => {
      work.started++;
      return released;
    },
    release,
    released,
  };
  return work;
}

/** Small seeded generator of uniform numbers in [0, 1), so that every contender gets the same sequence (mulberry32). */
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
