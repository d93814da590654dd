/**
 * The bench: jobgate beside the libraries that a user would pick instead, and two hand-written floors.
 *
 *   npm run bench                          everything, in Node and in Chromium: under fifteen minutes
 *   npm run bench -- --quick               the same with few rounds and small sizes: in a minute
 *   npm run bench -- --only=run-jobs,cancel --env=node
 *   npm run bench -- --contenders=jobgate,js-full --only=priorities --profile     CPU profiles in tests/bench/.out/profiles
 *   npm run bench -- --packages=DIR        takes jobgate from another node_modules folder
 *
 * A full run writes bench-results.json and chart.svg here; any other writes its results to tests/bench/.out.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { budgetReport } from "./budgets.mjs";
import { OUT, PAGE_CASES } from "./bundle.mjs";
import { drawChart } from "./chart.mjs";
import { runColdStart } from "./cold-start.mjs";
import { openChromium } from "./env-chromium.mjs";
import { openNode } from "./env-node.mjs";
import { caseTable } from "./table.mjs";

const CASES = [
  "run-jobs",
  "one-at-a-time",
  "map",
  "priorities",
  "key-taken",
  "listeners",
  "memory-pending",
  "memory-running",
  "timers",
  "cancel",
  "cold-start",
  "limits",
  "growth",
  "worker-pool",
  "react-hooks",
  "runner",
  "groups",
];
const ENVIRONMENTS = { node: openNode, chromium: openChromium };

const { values: args } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    env: { type: "string" },
    contenders: { type: "string" },
    packages: { type: "string" },
    profile: { type: "boolean", default: false },
  },
});
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const chosen = (text, all) => {
  const names = text?.split(",") ?? all;
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`There is no ${unknown}. There are: ${all.join(", ")}.`);
  return names;
};

const cases = chosen(args.only, CASES);
const environments = chosen(args.env, Object.keys(ENVIRONMENTS));
const only = args.contenders?.split(",");
const packages = args.packages ?? here("../.packed/node_modules");

function npm(folder, ...words) {
  console.log(`npm ${words.join(" ")} (in ${folder})`);
  execFileSync("npm", words, { cwd: folder, stdio: "inherit" });
}

/** Peers as the lock file has them, and the packed package. */
function prepare() {
  const installed = here("node_modules/.package-lock.json");
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(here("package-lock.json")).mtimeMs)
    npm(here("."), "ci");
  if (!existsSync(join(packages, "jobgate"))) npm(here("../.."), "run", "pack");
}

function versions() {
  const version = (folder, name) => JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")).version;
  const peers = Object.keys(JSON.parse(readFileSync(here("package.json"), "utf8")).dependencies);
  return Object.fromEntries([
    ["jobgate", version(packages, "jobgate")],
    ...peers.map((name) => [name, version(here("node_modules"), name)]),
  ]);
}

async function runEnvironment(name) {
  const { bundle } = await import("./bundle.mjs");
  await bundle(name, packages);
  const environment = await ENVIRONMENTS[name](args);
  const results = { version: environment.version, cases: {} };
  console.log(`\n${environment.version}\n`);
  try {
    for (const id of cases) {
      if (name === "node" && PAGE_CASES.includes(id)) continue;
      const began = performance.now();
      const options = { quick: args.quick, only };
      const result =
        id === "cold-start" ? await runColdStart(environment, options) : await environment.runCase(id, options);
      results.cases[id] = result;
      console.log(caseTable(result));
      console.log(`  (${((performance.now() - began) / 1000).toFixed(1)} s)\n`);
    }
  } finally {
    await environment.close();
  }
  return results;
}

prepare();
const results = {
  date: new Date().toISOString().slice(0, 10),
  quick: args.quick,
  machine: `${cpus()[0].model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release().split("-")[0]}`,
  versions: versions(),
  environments: {},
};
for (const name of environments) results.environments[name] = await runEnvironment(name);

console.log(budgetReport(results));
const complete = !args.quick && !only && cases.length === CASES.length && environments.length === 2;
const folder = complete ? here(".") : OUT;
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "bench-results.json"), `${JSON.stringify(results)}\n`);
writeFileSync(join(folder, "chart.svg"), drawChart(results));
console.log(`Results and chart: ${folder}`);
