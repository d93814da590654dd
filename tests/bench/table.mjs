/**
 * The results as text: for each case a table of contenders by columns, medians beside ratios to the hand-written floor.
 * A tilde marks what would have taken too long and was measured with fewer jobs.
 */

const number = (value) => {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 1e4) return `${Math.round(value / 1000)}k`;
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3).replace(/\.0+$/, "");
};

/** `ratio ±spread`: half the distance of the quartiles, in percent of the median. */
function cellText(cell, base) {
  if (!cell) return "·";
  const prefix = cell.measuredWith ? "~" : "";
  const ratio = cell.to[base];
  if (!ratio) return `${prefix}${number(cell.median)}`;
  const spread = Math.round((50 * (ratio.q3 - ratio.q1)) / ratio.median);
  return `${prefix}${number(cell.median)} ×${number(ratio.median)}${cell.measuredWith ? "" : ` ±${spread}%`}`;
}

const baseOf = (contenders) => ["js-full", "bare"].find((name) => contenders[name]);

export function caseTable({ title, notes, columns }) {
  const lines = [];
  const entries = Object.entries(columns);
  for (let from = 0; from < entries.length; from += 3) {
    const group = entries.slice(from, from + 3);
    const names = [...new Set(group.flatMap(([, { contenders }]) => Object.keys(contenders)))];
    const head = [from === 0 ? title : "", ...group.map(([id]) => id)];
    const units = [
      "",
      ...group.map(([, { unit, contenders }]) => unit + (baseOf(contenders) ? `, × ${baseOf(contenders)}` : "")),
    ];
    const rows = names.map((name) => [
      name,
      ...group.map(([, { contenders }]) => cellText(contenders[name], baseOf(contenders))),
    ]);
    lines.push(...align([head, units, ...rows]), "");
  }
  return [...lines, ...notes.map((note) => `  ${note}`), ""].join("\n");
}

function align(rows) {
  const widths = rows[0].map((_, at) => Math.max(at === 0 ? 34 : 26, ...rows.map((row) => row[at].length)));
  return rows.map((row) =>
    row
      .map((text, at) => (at === 0 ? text.padEnd(widths[at]) : text.padStart(widths[at] + 2)))
      .join("")
      .trimEnd(),
  );
}
