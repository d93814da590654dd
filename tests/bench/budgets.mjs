/**
 * What jobgate is meant to reach, per case, checked against results of one run. It reports and never fails: timings on a
 * shared machine are no test. By itself: `node tests/bench/budgets.mjs [bench-results.json]`.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const LARGE = /^N 100?,000,/;
const PLAIN = (id) => LARGE.test(id) && !id.endsWith("results");
const RESULTS = (id) => LARGE.test(id) && id.endsWith("results");
const HUGE = (id) => PLAIN(id) && id.startsWith("N 100,000");
const SEVERAL = (id) => !id.startsWith("1 ");
const ANY = () => true;

/** What counts as level on machines where the same code differs by that much from run to run. */
const LEVEL = 1.1;

/** At most `most` times what `than` takes. */
const within = (test, columns, than, most) => ({ test, columns, than, most });
/** At least `times` times faster, or smaller, than `than`. */
const ahead = (test, columns, than, times = 1) => ({ test, columns, than, times });

const BUDGETS = [
  within("run-jobs", PLAIN, "js-full", 1.2),
  within("run-jobs", PLAIN, "js-min", { aim: 1 }),
  ahead("run-jobs", PLAIN, "p-queue", { node: 5, chromium: 20 }),
  ahead("run-jobs", PLAIN, "p-limit", 2),
  ...["bottleneck", "pacer", "xstate", "rxjs"].map((peer) => ahead("run-jobs", PLAIN, peer)),
  ahead("run-jobs", HUGE, "fastq", 2),
  { test: "run-jobs", columns: RESULTS, withoutResults: 2 },
  within("run-jobs", RESULTS, "fastq", LEVEL),
  within("one-at-a-time", ANY, "js-min", 1.5),
  within("map", ANY, "p-map", 2),
  within("priorities", ANY, "js-full", 1),
  ahead("priorities", ANY, "p-queue", 25),
  { test: "key-taken", columns: ANY, than: "bare", over: 20 },
  ...["jobgate", "jobgate subject"].flatMap((who) =>
    [
      ahead("listeners", SEVERAL, "rxjs Subject", 1.5),
      ahead("listeners", SEVERAL, "nanostores"),
      within("listeners", SEVERAL, "bare", 1.3),
    ].map((budget) => ({ ...budget, who })),
  ),
  ...["memory-pending", "memory-running"].map((test) => ahead(test, (id) => id.endsWith("total"), "p-queue", 2)),
  ahead("timers", (id) => id === "delay, schedule", "bare", 15),
  { test: "timers", columns: (id) => id === "delay, late", most: 20, unit: "ms" },
  ...["p-queue", "p-limit", "fastq", "bottleneck"].map((peer) => ahead("cancel", ANY, peer)),
  ...["growth", "runner", "groups"].map((test) => within(test, ANY, "jobgate, a quarter as many", 2)),
  within("worker-pool", (id) => id === "empty", "comlink", 1.2),
  ahead("worker-pool", (id) => id === "empty", "workerpool"),
  { test: "worker-pool", columns: (id) => id === "stop → next", most: 200e6, unit: "ns" },
  { test: "react-hooks", columns: ANY, most: 1e6, unit: "ns" },
  { test: "cold-start", columns: ANY, most: 10, unit: "ms", only: "chromium" },
];

/** One line for each budget and column: what is asked, what was measured, whether it is met. */
export function checkBudgets({ environments }) {
  const lines = [];
  for (const budget of BUDGETS) {
    for (const [environment, { cases }] of Object.entries(environments)) {
      if (budget.only && budget.only !== environment) continue;
      for (const [column, { contenders }] of Object.entries(cases[budget.test]?.columns ?? {})) {
        if (!budget.columns(column)) continue;
        const line = checkOne(budget, environment, contenders, cases[budget.test].columns, column);
        if (line) lines.push({ environment, test: budget.test, column, ...line });
      }
    }
  }
  return lines;
}

function checkOne(budget, environment, contenders, columns, column) {
  const { who = "jobgate", than, over, withoutResults, unit } = budget;
  const own = contenders[who];
  const other = contenders[than];
  if (!own || (than && !other)) return undefined;
  if (over) {
    const added = own.median - other.median;
    return { asked: `${who} at most ${over} ns over ${than}`, found: `${added.toFixed(1)} ns`, met: added <= over };
  }
  if (withoutResults) {
    const plain = columns[column.replace(", results", "")]?.contenders[who];
    return (
      plain &&
      judgeMost(`${who} at most ${withoutResults} × without results`, own.median / plain.median, withoutResults)
    );
  }
  if (unit) return judgeMost(`${who} at most ${budget.most} ${unit}`, own.median, budget.most, ` ${unit}`);
  // Ratios are taken round by round, where both took part in the same ones.
  const ratio = own.to[than]?.median ?? 1 / (other.to[who]?.median ?? other.median / own.median);
  if (budget.times) {
    const times = budget.times[environment] ?? budget.times;
    return {
      asked: `${who} ${times > 1 ? `${times} × ` : ""}ahead of ${than}`,
      found: `${format(1 / ratio)} ×`,
      met: 1 / ratio >= times,
    };
  }
  if (budget.most.aim) {
    return { ...judgeMost(`${who} aims at ${budget.most.aim} × ${than}`, ratio, budget.most.aim, " ×"), aim: true };
  }
  return judgeMost(`${who} at most ${budget.most} × ${than}`, ratio, budget.most, " ×");
}

const format = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const judgeMost = (asked, value, most, unit = " ×") => ({
  asked,
  found: `${format(value)}${unit}`,
  met: value <= most,
});

export function budgetReport(results) {
  const lines = checkBudgets(results);
  if (lines.length === 0) return "";
  const mark = ({ met, aim }) => (met ? "met    " : aim ? "aim    " : "NOT MET");
  const rows = lines.map(
    (line) =>
      `  ${mark(line)}  ${line.environment.padEnd(8)}  ${line.test.padEnd(14)}  ${line.column.padEnd(30)}  ${line.asked}: ${line.found}`,
  );
  const binding = lines.filter(({ aim }) => !aim);
  const met = binding.filter((line) => line.met).length;
  return ["Budgets", ...rows, `  ${met} of ${binding.length} met`, ""].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2] ?? fileURLToPath(new URL("bench-results.json", import.meta.url));
  console.log(budgetReport(JSON.parse(readFileSync(file, "utf8"))));
}
