/**
 * What the shared queue costs, in figures: `npm run measure:shared [-- --browser=firefox --rounds=5 --only=create,load]`.
 * Takes the packed package (`npm run pack`), or with `--packages=DIR,DIR` those in the `node_modules` of several folders, turn by turn.
 * Nothing is judged: machines differ.
 */
import { readdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { bundled, serve, spread, turnByTurn } from "./support/measuring.mjs";
import { packed } from "./support/packed.mjs";

const { values: args } = parseArgs({
  options: {
    browser: { type: "string" },
    rounds: { type: "string", default: "5" },
    only: { type: "string" },
    packages: { type: "string" },
  },
});
const packages = args.packages?.split(",") ?? [packed];
const scripts = await Promise.all(packages.map((folder) => bundled("measured.mjs", folder)));
const { server, address } = await serve(scripts);

/** What the browser's processes compute meanwhile, in milliseconds: other load on the machine makes no difference. */
async function computed(work) {
  const before = cpuTime();
  const figures = await work();
  return [figures, cpuTime() - before];
}

function cpuTime() {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/stat`, "utf8");
        const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
        return [{ pid: Number(pid), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
  const ours = new Set([process.pid]);
  let ticks = 0;
  // A parent is older than its child, whose number is higher.
  for (const each of processes.sort((one, other) => one.pid - other.pid)) {
    if (!ours.has(each.parent)) continue;
    ours.add(each.pid);
    ticks += each.ticks;
  }
  return ticks * 10;
}

const MEASUREMENTS = {
  async create(open) {
    const page = await open();
    await page.evaluate(() => measured.open({ execute: false }));
    const [one, oneCpu] = await computed(() => page.evaluate(() => measured.createEach(300)));
    const [many, manyCpu] = await computed(() => page.evaluate(() => measured.createAll(3000)));
    return {
      "created one by one, jobs/s": one,
      "  CPU per job, µs": (1000 * oneCpu) / 300,
      "created in one go, 3000, jobs/s": many.perSecond,
      "  CPU per job, µs ": (1000 * manyCpu) / 3000,
      "  longest turn, ms": many.longest,
    };
  },
  async load(open) {
    const filled = await open();
    await filled.evaluate(() => measured.open({ execute: false }));
    await filled.evaluate(() => measured.createAll(10_000));
    await filled.close();
    const page = await open();
    const [figures, cpu] = await computed(() => page.evaluate(() => measured.load()));
    return { ...figures, "  CPU, ms": cpu };
  },
  async work(open) {
    const [page, other] = [await open(), await open()];
    await page.evaluate(() => measured.open());
    const [alone, aloneCpu] = await computed(() => page.evaluate(() => measured.work(200)));
    await other.evaluate(() => measured.open());
    const [together, togetherCpu] = await computed(() => page.evaluate(() => measured.work(200)));
    return {
      "run in one tab, jobs/s": alone,
      "  CPU per job, µs": (1000 * aloneCpu) / 200,
      "run in two tabs, jobs/s": together,
      "  CPU per job, µs ": (1000 * togetherCpu) / 200,
    };
  },
  /** Beside what the browser computes with those pages and no queue in them. */
  async idle(open) {
    const pages = [await open(), await open(), await open(), await open()];
    const wait = () => new Promise((resolve) => setTimeout(resolve, 10_000));
    await wait();
    const [, without] = await computed(wait);
    for (const page of pages) await page.evaluate(() => measured.open());
    await wait();
    const [, cpu] = await computed(wait);
    return { "four idle tabs, CPU ms in 10 s": cpu, "  the same without a queue": without };
  },
};

await turnByTurn({
  browser: args.browser,
  rounds: Number(args.rounds),
  measurements: args.only?.split(",") ?? Object.keys(MEASUREMENTS),
  columns: packages,
  address,
  measure: (measurement, open) => MEASUREMENTS[measurement](open),
  tell(figure, columns) {
    const texts = columns.map((values) => spread(values).padStart(24));
    console.log(`  ${figure.padEnd(40)}${texts.join("")}`);
  },
});
server.close();
