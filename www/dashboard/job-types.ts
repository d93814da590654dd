import type { JobType } from "jobgate/runner";
import type { SharedJobType } from "jobgate/shared";
import { WorkerPool } from "jobgate/worker-pool";
import { upload } from "./upload.ts";

const PAGE_MS = 120;

/** Waits; throws the signal's reason as soon as it aborts. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", leave);
      resolve();
    }, ms);
    const leave = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  });
}

const report: JobType = {
  name: "report",
  description: "Writes a report page by page, and a log as it goes",
  params: [
    { name: "title", type: "string", description: "What stands on it", min: 1, max: 80, default: "Quarterly figures" },
    { name: "pages", type: "integer", description: "How many", min: 1, max: 500, default: 40 },
    { name: "style", type: "string", description: "How much of it", enum: ["brief", "full"], default: "brief" },
    { name: "appendix", type: "boolean", description: "With the sources at the end", default: false },
  ],
  async execute({ title, pages, style, appendix }, { progress, log, signal }) {
    const chapters: { chapter: string; pages: number; words: number }[] = [];
    log(`“${title}”, ${style}, ${pages} pages`);
    for (let page = 1; page <= pages; page += 1) {
      await wait(PAGE_MS, signal);
      progress((page / pages) * 100, `Page ${page} of ${pages}`);
      if (page % 10 === 1) chapters.push({ chapter: `Chapter ${chapters.length + 1}`, pages: 0, words: 0 });
      const chapter = chapters.at(-1);
      if (!chapter) continue;
      chapter.pages += 1;
      chapter.words += style === "full" ? 420 : 160;
      if (page % 10 === 0 || page === pages) log(`${chapter.chapter}: ${chapter.pages} pages, ${chapter.words} words`);
    }
    if (appendix) log("Sources listed");
    return { title, chapters, appendix };
  },
};

const flaky: JobType = {
  name: "flaky",
  description: "Fails on its first attempts: shows how retries go",
  params: [
    { name: "service", type: "string", description: "Who is asked", min: 1, max: 80, default: "The service" },
    { name: "failures", type: "integer", description: "Attempts that fail", min: 0, max: 10, default: 2 },
    { name: "seconds", type: "number", description: "How long an attempt takes", min: 0, max: 30, default: 1.5 },
  ],
  async execute({ service, failures, seconds }, { attempt, progress, log, signal }) {
    log(`Attempt ${attempt} begins`);
    for (let tenth = 1; tenth <= 10; tenth += 1) {
      await wait(seconds * 100, signal);
      progress(tenth * 10, `${service}: attempt ${attempt}`);
      if (attempt <= failures && tenth === 7) {
        log(`Attempt ${attempt} gives up`);
        throw new Error(`${service} is not available (attempt ${attempt} of at least ${failures + 1})`);
      }
    }
    return { answeredOn: attempt };
  },
};

const pi: JobType = {
  name: "pi",
  description: "Estimates π by throwing darts, letting others have a turn",
  params: [
    { name: "darts", type: "integer", description: "How many", min: 1000, max: 1e9, default: 50_000_000 },
    {
      name: "seed",
      type: "integer",
      description: "The same seed, the same darts",
      min: 1,
      max: 4294967295,
      default: 1,
    },
  ],
  async execute({ darts, seed }, { progress, log, checkpoint }) {
    let state = seed;
    const random = () => {
      // xorshift32
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 4294967296;
    };
    let inside = 0;
    for (let thrown = 0; thrown < darts; ) {
      const end = Math.min(darts, thrown + 50_000);
      for (; thrown < end; thrown += 1) {
        const [x, y] = [random(), random()];
        if (x * x + y * y < 1) inside += 1;
      }
      progress((thrown / darts) * 100, `π ≈ ${((4 * inside) / thrown).toFixed(5)}`);
      await checkpoint();
    }
    const estimate = (4 * inside) / darts;
    log(`Off by ${Math.abs(estimate - Math.PI).toExponential(2)}`);
    return { estimate, inside, darts };
  },
};

/** What `worker/worker.ts` runs, in a worker of the pool. */
const workerTypes: readonly Omit<JobType, "execute">[] = [
  {
    name: "sieve",
    description: "Counts the primes up to a limit, in a worker: the page stays smooth",
    params: [{ name: "limit", type: "integer", description: "Up to where", min: 2, max: 1e9, default: 200_000_000 }],
  },
  {
    name: "stubborn",
    description: "Ignores its signal: cancel it, and it is killed with its worker",
    params: [
      { name: "seconds", type: "integer", description: "How long if nobody kills it", min: 1, max: 60, default: 30 },
    ],
  },
];

const POOL_SIZE = 2;

/** Of this tab: what computes runs there, and the page stays smooth. */
export const pool = new WorkerPool({
  size: POOL_SIZE,
  spawn: () => new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module", name: "jobgate pool" }),
});

/** Besides the five that come with the package. Every tab has them all, so that any of them can go on with any job. */
export const sharedTypes: readonly SharedJobType[] = [report, flaky, pi, upload, ...workerTypes.map(pool.jobType)];

const inWorker = new Set(workerTypes.map(({ name }) => name));

/** In a worker of the pool, or on the page's thread. */
export const runsIn = (type: string): "pool worker" | "page" => (inWorker.has(type) ? "pool worker" : "page");
