/** One thing that was measured: its values in the order in which they were. */
export type Series = readonly number[];

const median = (values: Series) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * How much of it has been gained between the second and the last fifth: the first is what warms up. Medians, so that
 * one sample amid a collection says nothing.
 */
export function gained(series: Series): number {
  const fifth = Math.floor(series.length / 5);
  return median(series.slice(-fifth)) - median(series.slice(fifth, 2 * fifth));
}
