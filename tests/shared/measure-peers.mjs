/**
 * The shared queue beside libraries that keep work in the page's store, too: `npm run measure:peers
 * [-- --browser=firefox --rounds=5 --only=each,all,more,done,single --latency=20]`. Takes the packed package
 * (`npm run pack`) and the peers of tests/bench. Times are milliseconds a piece of work; of a turn and of opening,
 * milliseconds: the median, the least and the most of the rounds; behind them how many times jobgate's of the same round,
 * the median of those. That all was kept and done is checked, no time is.
 */
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { bundled, median, serve, spread, turnByTurn } from "./support/measuring.mjs";
import { packed } from "./support/packed.mjs";

const { values: args } = parseArgs({
  options: {
    browser: { type: "string" },
    rounds: { type: "string", default: "5" },
    only: { type: "string" },
    /** How long the server thinks about each request, in milliseconds. */
    latency: { type: "string", default: "0" },
  },
});
const contenders = ["jobgate", "workbox", "offline-transactions"];
const scripts = await Promise.all(
  contenders.map((name) =>
    bundled(`peers/${name}.mjs`, packed, {
      nodePaths: [join(import.meta.dirname, "../bench/node_modules")],
      define: { "process.env.NODE_ENV": '"production"' },
    }),
  ),
);
const arrived = new Map();
const { server, address } = await serve(scripts, async (request) => {
  if (request.method !== "POST") return;
  const { number } = JSON.parse(await text(request));
  arrived.set(number, (arrived.get(number) ?? 0) + 1);
  if (args.latency !== "0") await sleep(Number(args.latency));
});

function check(what, found, expected) {
  if (found !== expected) throw new Error(`${what}: ${found} of ${expected}`);
}

/** In a page, and counted by one that comes later. */
async function keep(contender, open, count, way) {
  const page = await open();
  await page.evaluate(() => measured.open());
  const figures = await page.evaluate(([way, count]) => measured[way](count), [way, count]);
  await page.close();
  const later = await open();
  const opened = await later.evaluate(() => measured.open());
  check(`${contender} has kept`, await later.evaluate(() => measured.kept()), count);
  await later.close();
  return { figures, opened };
}

async function keepAll(contender, open, count) {
  const { figures, opened } = await keep(contender, open, count, "keepAll");
  return {
    [`kept, ${count} in one go`]: figures.each,
    "  longest turn": figures.longest,
    "  all opened after a reload": opened,
  };
}

async function finish(contender, open, options) {
  const count = 200;
  arrived.clear();
  await keep(contender, open, count, "keepAll");
  check(`${contender} has sent too early`, arrived.size, 0);
  const page = await open();
  const each = await page.evaluate(([count, options]) => measured.finish(count, options), [count, options]);
  check(`${contender} has sent`, arrived.size, count);
  check(`${contender} has left`, await page.evaluate(() => measured.kept()), 0);
  return each;
}

const MEASUREMENTS = {
  async each(open, contender) {
    return { "kept, 300 one by one": (await keep(contender, open, 300, "keepEach")).figures };
  },
  /** 4 times as many show what grows faster than their number. */
  all: (open, contender) => keepAll(contender, open, 750),
  more: (open, contender) => keepAll(contender, open, 3000),
  async done(open, contender) {
    return { "done after a reload, 200": await finish(contender, open) };
  },
  /** The peers have no other way. */
  async single(open, contender) {
    return { "  one at a time": await finish(contender, open, { concurrency: 1 }) };
  },
};

console.log(`${"".padEnd(28)}${contenders.map((name) => name.padStart(36)).join("")}`);
await turnByTurn({
  args,
  measurements: MEASUREMENTS,
  columns: contenders,
  address,
  tell(figure, [ours, ...others]) {
    const show = (value) => (value < 100 ? value.toPrecision(3) : String(Math.round(value)));
    const texts = others.map((values) => {
      const times = median(values.map((value, round) => value / ours[round]));
      return `${spread(values, show)} ×${times.toPrecision(2)}`;
    });
    console.log(`  ${figure.padEnd(26)}${[spread(ours, show), ...texts].map((each) => each.padStart(36)).join("")}`);
  },
});
server.close();
