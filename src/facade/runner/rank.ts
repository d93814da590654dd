/** Where a job is listed, as the runner's engine says: lower comes first, number by number. */
export type Rank = readonly number[];

export function compareRanks(one: Rank, other: Rank): number {
  for (let at = 0; at < one.length && at < other.length; at++) {
    const difference = one[at]! - other[at]!;
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

const MOST_NUMBERS = 8;

export function isRank(value: unknown): value is Rank {
  return Array.isArray(value) && value.length <= MOST_NUMBERS && value.every((part) => Number.isFinite(part));
}
