/** Where a job is listed, as the runner's engine says: lower comes first, number by number. */
export type Rank = readonly number[];

export function compareRanks(one: ArrayLike<number>, other: ArrayLike<number>): number {
  for (let at = 0; at < one.length && at < other.length; at++) {
    if (one[at] !== other[at]) return one[at]! - other[at]!;
  }
  return one.length - other.length;
}

const MOST_NUMBERS = 8;

export function isRank(value: unknown): value is Rank {
  return Array.isArray(value) && value.length <= MOST_NUMBERS && value.every((part) => Number.isFinite(part));
}
