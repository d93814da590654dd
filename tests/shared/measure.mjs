/**
 * What the shared queue costs, in figures: `npm run measure:shared [-- --browser=firefox --rounds=5 --only=create,load]`.
 * Takes the packed package (`npm run pack`), or with `--packages=DIR,DIR` those in the `node_modules` of several folders, turn by turn.
 * Nothing is judged: machines differ.
 */
import { parseArgs } from "node:util";
import { bundled, serve, spread, turnByTurn } from "./support/measuring.mjs";
import { packed } from "./support/packed.mjs";
import { processOf, stateOf, ticksOfAll } from "./support/processes.mjs";

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
let freeze = () => {};
const { server, address } = await serve(scripts, ({ url }) => {
  if (url === "/freeze") freeze();
});

/** What the browser's processes compute meanwhile, in milliseconds: other load on the machine makes no difference. */
async function computed(work) {
  const before = cpuTime();
  const figures = await work();
  return [figures, cpuTime() - before];
}

const cpuTime = () => 10 * ticksOfAll();

const ENDS = {
  "runner closed": (page) => page.evaluate(() => measured.close()),
  "tab closed": (page) => page.close({ runBeforeUnload: true }),
  "tab crashed": (_, pid) => process.kill(pid, "SIGKILL"),
  "tab hung, takeOverAfter 2,000": (page, pid) =>
    new Promise((resolve) => {
      freeze = () => {
        process.kill(pid, "SIGSTOP");
        resolve();
      };
      // Answered once it goes on.
      page.evaluate(() => measured.freeze()).catch(() => {});
    }),
};

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
  /** From the moment at which the tab that runs a job goes until its body begins in another one. */
  async takeOver(open) {
    const figures = {};
    for (const [how, end] of Object.entries(ENDS)) {
      const owner = await open();
      await owner.evaluate(() => measured.open({ takeOverAfter: 2000 }));
      const pid = await processOf(owner);
      const id = await owner.evaluate(() => measured.hold());
      const heir = await open();
      await heir.evaluate(() => measured.open({ takeOverAfter: 2000 }));
      await heir.evaluate(() => measured.inherit());
      // By the clock of this machine, which pages have, too.
      const gone = Date.now();
      await end(owner, pid);
      figures[`taken over, ${how}, ms`] = (await heir.evaluate(() => measured.inherited)) - gone;
      if (stateOf(pid) === "T") process.kill(pid, "SIGCONT");
      await heir.evaluate((id) => measured.stop(id), id);
      await heir.close();
      await owner.close();
    }
    return figures;
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
  args,
  measurements: MEASUREMENTS,
  columns: packages,
  address,
  tell(figure, columns) {
    const texts = columns.map((values) => spread(values).padStart(24));
    console.log(`  ${figure.padEnd(40)}${texts.join("")}`);
  },
});
server.close();
