/** The chart for the README: contenders beside jobgate on a logarithmic scale, one panel a case. */

const PANELS = [
  ["10,000 jobs, 10 at once", "run-jobs", "N 10,000, 10 at once"],
  ["100,000 jobs, 10 at once", "run-jobs", "N 100,000, 10 at once"],
  ["10,000 jobs, reading each result", "run-jobs", "N 10,000, 10 at once, results"],
  ["100,000 random priorities", "priorities", "all different"],
  ["State update to 10 listeners", "listeners", "10 listeners"],
  ["Memory per pending job", "memory-pending", "pending, total"],
  ["Cancelling 100,000 pending jobs", "cancel", "all, watched"],
  ["10,000 jobs with retry, timeout, signal", "limits", "one signal for all, ∞ at once"],
];
const FLOORS = ["js-min", "js-full", "bare"];
const ENVIRONMENTS = ["chromium", "node"];

const WIDTH = 880;
const PANEL = 420;
const LABEL = 138;
const VALUES = 112;
const ROW = 17;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .panel { font-weight: 600 }
  .quiet { fill: #59636e }
  .own { font-weight: 600; fill: #8250df }
  .paper { fill: #ffffff }
  .line { stroke: #d1d9e0 }
  .one { stroke: #8250df }
  .chromium { fill: #0969da; stroke: #0969da }
  .node { fill: none; stroke: #1a7f37; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .quiet { fill: #9198a1 }
    .own { fill: #ab7df8 }
    .paper { fill: #0d1117 }
    .line { stroke: #3d444d }
    .one { stroke: #ab7df8 }
    .chromium { fill: #4493f8; stroke: #4493f8 }
    .node { stroke: #3fb950 }
  }`;

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const text = (x, y, content, className = "", anchor = "start") =>
  `<text x="${x}" y="${y}" class="${className}" text-anchor="${anchor}">${escaped(content)}</text>`;

function times(value) {
  if (value >= 1000) return `${Number((value / 1000).toPrecision(2))}k×`;
  return `${value >= 10 ? Math.round(value) : value >= 0.1 ? value.toPrecision(2) : value.toPrecision(1)}×`;
}

/** The rows of a panel: each contender's time or bytes as a multiple of jobgate's, per environment, best first. */
function rowsOf(results, test, column) {
  const rows = new Map();
  for (const environment of ENVIRONMENTS) {
    const contenders = results.environments[environment]?.cases[test]?.columns[column]?.contenders ?? {};
    for (const [name, cell] of Object.entries(contenders)) {
      const ratio = cell.to.jobgate?.median;
      if (ratio > 0) rows.set(name, { ...rows.get(name), [environment]: ratio });
    }
  }
  const middle = (row) => Math.log(row.chromium ?? row.node) + Math.log(row.node ?? row.chromium);
  return [...rows].sort(([, a], [, b]) => middle(a) - middle(b));
}

function drawPanel([title, test, column], results, left, top) {
  const rows = rowsOf(results, test, column);
  if (rows.length === 0) return { height: 0, marks: [] };
  const ratios = rows.flatMap(([, row]) => ENVIRONMENTS.map((environment) => row[environment]).filter(Boolean));
  const low = Math.log10(Math.min(0.5, ...ratios));
  const high = Math.log10(Math.max(10, ...ratios));
  const from = left + LABEL;
  const to = left + PANEL - VALUES;
  const at = (ratio) => Math.round(10 * (from + ((Math.log10(ratio) - low) / (high - low)) * (to - from))) / 10;
  const bottom = top + 26 + rows.length * ROW;
  const marks = [
    text(left, top + 12, title, "panel"),
    text(left + PANEL - 50, top + 12, "Chromium", "quiet", "end"),
    text(left + PANEL, top + 12, "Node", "quiet", "end"),
  ];
  const step = high - low > 3.5 ? 2 : 1;
  for (let power = Math.ceil(low); power <= high; power++) {
    if (power % step !== 0) continue;
    const x = at(10 ** power);
    marks.push(`<line x1="${x}" x2="${x}" y1="${top + 20}" y2="${bottom}" class="${power === 0 ? "one" : "line"}"/>`);
    marks.push(text(x, bottom + 12, `${(10 ** power).toLocaleString("en")}×`, "quiet", "middle"));
  }
  rows.forEach(([name, row], index) => {
    const y = top + 34 + index * ROW;
    const kind = name.startsWith("jobgate") ? "own" : FLOORS.includes(name) ? "quiet" : "";
    marks.push(text(from - 10, y + 4, name, kind, "end"));
    for (const environment of ENVIRONMENTS) {
      if (row[environment]) marks.push(`<circle cx="${at(row[environment])}" cy="${y}" r="4" class="${environment}"/>`);
    }
    const values = ENVIRONMENTS.map((environment) => (row[environment] ? times(row[environment]) : "–"));
    marks.push(
      text(left + PANEL - 50, y + 4, values[0], "quiet", "end"),
      text(left + PANEL, y + 4, values[1], "quiet", "end"),
    );
  });
  return { height: bottom + 34 - top, marks };
}

export function drawChart(results) {
  const marks = [];
  let top = 70;
  for (let at = 0; at < PANELS.length; at += 2) {
    const pair = PANELS.slice(at, at + 2).map((panel, side) =>
      drawPanel(panel, results, 12 + side * (PANEL + 16), top),
    );
    for (const { marks: drawn } of pair) marks.push(...drawn);
    top += Math.max(...pair.map(({ height }) => height));
  }
  const { versions, environments, date, machine } = results;
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const half = Math.ceil(peers.length / 2);
  const foot = [
    `${date}. ${Object.values(environments)
      .map(({ version }) => version)
      .join(", ")}. ${machine}.`,
    peers.slice(0, half).join(", "),
    peers.slice(half).join(", "),
  ];
  const height = top + 18 * foot.length + 6;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Time and memory of jobgate's peers as multiples of jobgate's">
<style>${STYLE}
</style>
<rect class="paper" width="100%" height="100%" rx="6"/>
${text(12, 24, "Time or memory as a multiple of jobgate's (logarithmic; right of the line is slower or larger)", "title")}
<circle cx="18" cy="44" r="4" class="chromium"/>${text(28, 48, "Chromium")}
<circle cx="108" cy="44" r="4" class="node"/>${text(118, 48, "Node")}
${text(170, 48, "js-min, js-full, bare: floors written by hand in plain JavaScript, with fewer features", "quiet")}
${marks.join("\n")}
${foot.map((line, index) => text(12, top + 12 + index * 18, line, "quiet")).join("\n")}
</svg>
`;
}
