/** Case 7: jobs that may start after a delay of their own. */
import { Effect } from "effect";
import { JobManager } from "jobgate";
import { timer } from "rxjs";
import { FullManager } from "../floors/js-full.mjs";
import { blockedWork, expectEqual, keys, random } from "../work.mjs";

export const title = "Delayed jobs";
export const units = { schedule: "ns per job", late: "ms late on average" };
export const notes = [
  "schedule is the call alone; late is how long after its due time a job started, on average over all.",
  "bare is setTimeout with a function and nothing else; js-full makes a job and uses one setTimeout for each.",
  "The column without a delay is the same runJob into a queue whose one slot is taken: the difference is what the delay costs.",
  "p-queue, p-limit, fastq, bottleneck and pacer have no delay per job; xstate's `after` needs a state machine for each.",
];

export const variants = (quick) => {
  const n = quick ? 10_000 : 100_000;
  return [
    { id: "delay", n, from: quick ? 50 : 400, to: quick ? 150 : 1200 },
    { id: "no delay", n, waiting: true },
  ];
};

export const leftOut = ({ waiting }) => (waiting ? ["bare", "rxjs", "effect"] : []);

export const pace = (quick) => (quick ? { rounds: [1, 1] } : { rounds: [3, 5], budget: 25_000 });

/** The calls are made in a hundred parts, so that the due times are known without reading the clock for each. */
export async function sample(make, variant) {
  const trial = make(variant);
  const { n } = variant;
  const marks = [performance.now()];
  for (let part = 0; part < PARTS; part++) {
    trial.run((n * part) / PARTS, (n * (part + 1)) / PARTS);
    marks.push(performance.now());
  }
  const late = await trial.finished?.(marks);
  trial.check();
  await trial.end?.();
  const schedule = ((marks[PARTS] - marks[0]) * 1e6) / n;
  return variant.waiting ? { schedule } : { schedule, late };
}

const PARTS = 100;
const drawn = new Map();

function delays({ n, from, to }) {
  if (!drawn.has(n)) {
    const next = random(7);
    drawn.set(
      n,
      Float64Array.from({ length: n }, () => Math.round(from + next() * (to - from))),
    );
  }
  return drawn.get(n);
}

/** A function per job that notes when it was called. */
function clockedWork(variant) {
  const { n } = variant;
  const delay = delays(variant);
  const startedAt = new Float64Array(n);
  let left = n;
  let finish;
  const all = new Promise((resolve) => {
    finish = resolve;
  });
  const note = (i) => {
    startedAt[i] = performance.now();
    if (--left === 0) finish();
  };
  const finished = async (marks) => {
    await all;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const part = Math.floor((i * PARTS) / n);
      if (startedAt[i] < marks[part] + delay[i] - 2) throw new Error(`job ${i} started too early`);
      sum += startedAt[i] - (marks[part] + marks[part + 1]) / 2 - delay[i];
    }
    return sum / n;
  };
  return {
    delay,
    finished,
    check: () => expectEqual("jobs left", left, 0),
    notes: Array.from({ length: n }, (_, i) => () => note(i)),
  };
}

const contender = (open) => (variant) => {
  const { n } = variant;
  const { delay, notes: bodies, finished, check } = clockedWork(variant);
  const { run, end } = open(n, bodies, delay);
  return { run, finished, check, end };
};

/** The other column: the same calls without a delay, one slot, taken. */
function waitingJobs({ n }, manager, close) {
  const work = blockedWork();
  const names = keys(n + 1);
  manager.runJob(names[n], work.body);
  return {
    run: (from, to) => {
      for (let i = from; i < to; i++) manager.runJob(names[i], work.body, { priority: 0 });
    },
    check: () => expectEqual("jobs pending", manager.stats.pending, n),
    end: () => {
      work.release();
      return close();
    },
  };
}

const asyncBodies = (bodies) => bodies.map((body) => async () => body());

const fullDelayed = contender((n, bodies, delay) => {
  const manager = new FullManager();
  const names = keys(n);
  const jobs = asyncBodies(bodies);
  return {
    run: (from, to) => {
      for (let i = from; i < to; i++) manager.runJob(names[i], jobs[i], { delay: delay[i] });
    },
    end: () => manager.onIdle(),
  };
});

const jobgateDelayed = contender((n, bodies, delay) => {
  const manager = new JobManager();
  const names = keys(n);
  const jobs = asyncBodies(bodies);
  return {
    run: (from, to) => {
      for (let i = from; i < to; i++) manager.runJob(names[i], jobs[i], { delay: delay[i] });
    },
    end: async () => {
      await manager.onIdle();
      await manager.close();
    },
  };
});

export const contenders = {
  bare: contender((_, bodies, delay) => ({
    run: (from, to) => {
      for (let i = from; i < to; i++) setTimeout(bodies[i], delay[i]);
    },
  })),

  "js-full": (variant) => {
    if (!variant.waiting) return fullDelayed(variant);
    const manager = new FullManager({ concurrency: 1 });
    return waitingJobs(variant, manager, () => manager.onIdle());
  },

  jobgate: (variant) => {
    if (!variant.waiting) return jobgateDelayed(variant);
    const manager = new JobManager({ concurrency: 1 });
    return waitingJobs(variant, manager, () => manager.close());
  },

  rxjs: contender((_, bodies, delay) => ({
    run: (from, to) => {
      for (let i = from; i < to; i++) timer(delay[i]).subscribe(bodies[i]);
    },
  })),

  effect: contender((_, bodies, delay) => {
    const jobs = bodies.map((body) => Effect.sync(body));
    return {
      run: (from, to) => {
        for (let i = from; i < to; i++) Effect.runFork(Effect.delay(jobs[i], delay[i]));
      },
    };
  }),
};
