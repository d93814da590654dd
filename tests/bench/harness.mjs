/**
 * Runs one case: all contenders of a variant in interleaved rounds, in the realm that imported this file.
 *
 * A case module exports
 *   title, units, notes
 *   variants(quick)   a list of { id, n, … }: n is the number of operations
 *   contenders        name → (variant) => trial
 *   leftOut(variant)       optional: names of contenders that take no part in a variant; `notes` say why
 *   prove(make, variant)   optional: throws if a contender does not do the work that it is timed for
 *   sample(make, variant)  optional: one measurement, an object of named numbers; default { time: ns per operation }
 *   pace(quick)            optional: overrides of the pace below
 * A trial is { ready(), run(), check(), end() }: only `run` is timed, `check` throws if work is missing, the others are
 * optional. `trial.n` says that it takes fewer jobs than it was asked for: its time is scaled up.
 */
import "./memory.mjs";
import { quantile, summary } from "./statistics.mjs";

/**
 * Milliseconds: `budget` for the rounds of a variant, `warm` to warm up a contender, `limit` beyond which a run is not
 * made at the whole size, `patience` beyond which it is not made again, `settle` for a sample at least. `rounds`: least, most.
 */
const FULL = { budget: 1500, warm: 60, limit: 1500, patience: 400, settle: 5, rounds: [5, 21] };
const QUICK = { budget: 60, warm: 8, limit: 80, patience: 60, settle: 1, rounds: [2, 3] };
/** Results are given as ratios to these, taken round by round, where they take part. */
const BASES = ["js-full", "js-min", "bare", "jobgate", "jobgate, a quarter as many"];

/** `only`, where given, lists the contenders to run. */
export async function runCase(bench, { quick, only }) {
  const pace = { ...(quick ? QUICK : FULL), ...bench.pace?.(quick) };
  const columns = {};
  for (const variant of bench.variants(quick)) Object.assign(columns, await runVariant(bench, variant, pace, only));
  return { title: bench.title, notes: bench.notes ?? [], columns };
}

async function runVariant(bench, variant, pace, only) {
  const entrants = [];
  for (const [name, make] of Object.entries(bench.contenders)) {
    if (bench.leftOut?.(variant).includes(name) || only?.includes(name) === false) continue;
    await inContext(name, variant, async () => {
      entrants.push({ name, make, samples: [], ...(await warmUp(bench, make, variant, pace, BASES.includes(name))) });
    });
  }
  const timed = entrants.filter(({ samples, smaller }) => samples.length === 0 && smaller === undefined);
  const rounds = planRounds(timed, pace);
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < timed.length; place++) {
      const entrant = timed[(place + round) % timed.length];
      if (round % entrant.every !== 0) continue;
      await inContext(entrant.name, variant, async () => {
        entrant.samples[round] = await measure(bench, entrant.make, variant, entrant.repeats);
      });
    }
  }
  return toColumns(bench, variant, entrants);
}

async function inContext(name, variant, work) {
  try {
    await work();
  } catch (error) {
    throw new Error(`${name}, ${variant.id}: ${error.message}`, { cause: error });
  }
}

/**
 * Runs a contender with ever more jobs until its code is warm. `cost` is what a sample takes. One whose run would be too
 * long is not run at the whole size: `smaller` is what it took with fewer jobs. One that is slow has its samples already.
 */
async function warmUp(bench, make, variant, pace, isBase) {
  await bench.prove?.(make, variant);
  if (bench.sample) {
    const began = performance.now();
    await bench.sample(make, variant);
    return { cost: performance.now() - began, repeats: 1 };
  }
  let before = Number.POSITIVE_INFINITY;
  for (let n = Math.min(100, variant.n); ; n = Math.min(10 * n, variant.n)) {
    const whole = n === variant.n;
    const size = { ...variant, n };
    const { times, wall } = await timeWarm(make, size, whole ? pace.warm : pace.warm / 4, pace.patience);
    const took = quantile(times.slice(Math.floor(times.length / 2)), 0.5);
    if (whole) return planSample(times, took, wall, variant, pace, isBase);
    const least = Math.min(...times);
    if (!isBase && least * growth(before, least) > pace.limit) {
      return { cost: wall, smaller: { n, time: nanoseconds(took, size) } };
    }
    before = least;
  }
}

/** A contender that takes long is not run again: the runs of its warm-up are its samples. */
function planSample(times, took, wall, variant, pace, isBase) {
  if (took > pace.patience && !isBase) {
    return { cost: 0, samples: times.map((time) => ({ time: nanoseconds(time, variant) })) };
  }
  const repeats = Math.max(1, Math.min(100, Math.ceil(pace.settle / Math.max(took, wall / 4))));
  return { cost: wall * repeats + 5, repeats };
}

/** How much longer ten times the jobs will take: in proportion at least, squared at most. */
const growth = (before, took) => Math.min(100, Math.max(10, took / before));

/** The runs that fit into the time, two at least, one if it takes long; `wall` is what each cost with preparing and checking. */
async function timeWarm(make, variant, time, patience) {
  const times = [];
  const began = performance.now();
  while (times.length < 2 || performance.now() - began < time) {
    times.push(await timeRun(make, variant));
    if (times[0] > patience) break;
  }
  return { times, wall: (performance.now() - began) / times.length };
}

/** A contender that takes more than its share of the time sits out rounds, spread evenly. */
function planRounds(entrants, { budget, rounds: [least, most] }) {
  const fastest = [...entrants].sort((a, b) => a.cost - b.cost).slice(0, Math.ceil(entrants.length / 2));
  const half = fastest.reduce((sum, { cost }) => sum + cost, 0);
  const rounds = Math.max(least, Math.min(most, Math.floor(budget / 2 / half)));
  for (const entrant of entrants) {
    const share = budget / entrants.length;
    const turns = Math.max(Math.min(3, least), Math.min(rounds, Math.floor(share / entrant.cost)));
    entrant.every = BASES.includes(entrant.name) ? 1 : Math.floor(rounds / turns);
  }
  return rounds;
}

async function measure(bench, make, variant, repeats) {
  // The young generation only: a full collection would take maps and closures that optimised code relies on, and with
  // them the code of everyone whose jobs have all ended.
  globalThis.gc({ type: "minor" });
  if (bench.sample) return bench.sample(make, variant);
  let total = 0;
  for (let run = 0; run < repeats; run++) total += await timeRun(make, variant);
  return { time: nanoseconds(total / repeats, variant) };
}

async function timeRun(make, variant) {
  const trial = make(variant);
  await trial.ready?.();
  const began = performance.now();
  await trial.run();
  const took = performance.now() - began;
  trial.check();
  await trial.end?.();
  return trial.n === undefined ? took : (took * variant.n) / trial.n;
}

const nanoseconds = (milliseconds, { n }) => (milliseconds * 1e6) / n;

function toColumns(bench, variant, entrants) {
  const columns = {};
  const [sample] = entrants.find(({ smaller }) => smaller === undefined).samples;
  for (const metric of Object.keys(sample)) {
    const id = metric === "time" ? variant.id : `${variant.id}, ${metric}`;
    const column = { unit: bench.units[metric], contenders: {} };
    for (const entrant of entrants) column.contenders[entrant.name] = toCell(entrant, entrants, metric);
    columns[id] = column;
  }
  return columns;
}

function toCell(entrant, entrants, metric) {
  const { smaller, samples } = entrant;
  const values = smaller ? [smaller[metric]] : samples.map((sample) => sample[metric]).filter(Number.isFinite);
  const cell = { ...summary(values), rounds: values.length, ...(smaller && { measuredWith: smaller.n }), to: {} };
  for (const base of entrants.filter(({ name, smaller }) => BASES.includes(name) && !smaller)) {
    const others = base.samples.map((sample) => sample[metric]);
    const ratios = smaller
      ? [smaller[metric] / summary(others).median]
      : samples.flatMap((sample, round) => (others[round] > 0 ? sample[metric] / others[round] : []));
    if (ratios.length > 0) cell.to[base.name] = summary(ratios);
  }
  return cell;
}
