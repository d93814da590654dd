import type { Series } from "./growth.js";

const WIDTH = 360;
const HEIGHT = 90;

const escaped = (text: string) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const rounded = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 1 });

function curve(title: string, series: Series, top: number): string {
  const most = Math.max(...series, 1);
  const points = series.map((value, at) => {
    const x = (WIDTH * at) / Math.max(1, series.length - 1);
    return `${x.toFixed(1)},${(HEIGHT - (HEIGHT * value) / most).toFixed(1)}`;
  });
  return `<g transform="translate(10 ${top})">
<text y="12">${escaped(title)}: from ${rounded(series[0] ?? 0)} to ${rounded(series.at(-1) ?? 0)}, at most ${rounded(most)}</text>
<g transform="translate(0 20)"><path d="M0 ${HEIGHT}h${WIDTH}" stroke="#8888"/>
<polyline points="${points.join(" ")}" fill="none" stroke="#3b76c4" stroke-width="1.5"/></g></g>`;
}

/** A picture of all of them, one beneath the other, each from zero to its most. */
export function drawn(all: ReadonlyMap<string, Series>): string {
  const curves = [...all].map(([title, series], at) => curve(title, series, 10 + at * (HEIGHT + 40)));
  const height = 10 + all.size * (HEIGHT + 40);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + 20} ${height}" width="${2 * WIDTH}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
${curves.join("\n")}
</svg>
`;
}
