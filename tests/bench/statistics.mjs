/** The value at a fraction of the sorted list, between neighbours in proportion. */
export function quantile(values, fraction) {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * fraction;
  const below = Math.floor(at);
  const above = Math.ceil(at);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

const rounded = (value) => (Number.isFinite(value) ? Number(value.toPrecision(4)) : null);

export const summary = (values) => ({
  median: rounded(quantile(values, 0.5)),
  q1: rounded(quantile(values, 0.25)),
  q3: rounded(quantile(values, 0.75)),
});
