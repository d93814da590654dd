/** Four would be in proportion and sixteen the square; caches and collections have their share. */
const MOST = 13;
/** Milliseconds; what is over sooner says nothing. */
const LEAST = 20;
/** Milliseconds; what is shorter is done as often as the other is larger, since what else goes on disturbs it less. */
const LONG = 500;
/** Whatever else the machine does can only add to the shortest of several. */
const ROUNDS = 8;

/** Does something with so many. What it returns is what is timed; what comes before is preparation. */
export type Shape = (count: number) => Prepared | Promise<Prepared>;
type Prepared = () => unknown;

async function timed(shape: Shape, count: number): Promise<number> {
  const work = await shape(count);
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Four times as many take about four times as long. Resolves with an account that says so, or does not. */
export async function growthOf(shape: Shape, few: number): Promise<"in proportion" | string> {
  let [less, more] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round += 1) {
    let [sum, runs] = [0, 0];
    do {
      sum += await timed(shape, few);
      runs += 1;
    } while (runs < 4 && sum < LONG);
    less = Math.min(less, sum / runs);
    more = Math.min(more, await timed(shape, 4 * few));
    if (more <= MOST * Math.max(less, LEAST)) return "in proportion";
  }
  return `${few} take ${less} ms, four times as many ${more} ms`;
}

/** The same order every time. */
export function shuffled<T>(of: readonly T[]): T[] {
  const all = [...of];
  let state = 7;
  for (let at = all.length - 1; at > 0; at -= 1) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 1;
    const other = state % (at + 1);
    [all[at], all[other]] = [all[other] as T, all[at] as T];
  }
  return all;
}
