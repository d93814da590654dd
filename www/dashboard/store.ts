import type { JobEvent, JobRecord, ParamError } from "jobgate";
import { useQueue as useQueueOf } from "jobgate/react";
import type { JobQueue } from "jobgate/runner";
import { type SharedCreateOptions, type SharedRecord, SharedRunner } from "jobgate/shared";
import { useSyncExternalStore } from "preact/compat";
import { oncePerFrame } from "../shared/once-per-frame.ts";
import { newIds } from "./ids.ts";
import { pool, sharedTypes } from "./job-types.ts";
import { Logs } from "./logs.ts";
import { type Run, Runs } from "./runs.ts";
import type { Storage } from "./words.ts";

const MOST_COPIES = 1000;

const open = (execute: boolean) =>
  new SharedRunner({ name: "dashboard", types: sharedTypes, fallback: "memory", execute });

/** What the page knows beside the queue, which is `useQueue`'s. */
export interface Dashboard {
  readonly runner: SharedRunner;
  /** The runner, for `useQueue`. */
  readonly queue: JobQueue;
  readonly storage: Storage;
  /** This tab runs jobs, and does not only watch. */
  readonly executes: boolean;
  readonly online: boolean;
  /** Workers that were killed in this tab. */
  readonly killed: number;
  readonly runs: ReadonlyMap<string, readonly Run[]>;
}

const logs = new Logs();
const listeners = new Set<() => void>();
const showRuns = oncePerFrame(() => set({ runs: runs.snapshot() }));
const runs = new Runs(showRuns);
const first = open(true);

let state: Dashboard = {
  runner: first,
  queue: paced(first),
  storage: first.storage,
  executes: true,
  online: navigator.onLine,
  killed: 0,
  runs: runs.snapshot(),
};

/**
 * Tells of changes once a frame: a thousand jobs made or run to their ends take the page a tenth of its thread that way.
 */
function paced(runner: SharedRunner): JobQueue {
  const subscribe: JobQueue["subscribe"] = (listener) => {
    let listening = true;
    const stop = runner.subscribe(oncePerFrame(() => listening && listener()));
    return () => {
      listening = false;
      stop();
    };
  };
  return Object.create(runner, { subscribe: { value: subscribe } });
}

function set(change: Partial<Dashboard>): void {
  state = { ...state, ...change };
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A component that reads a part draws again only when that part is another one. */
export const useDashboard = <Part>(select: (dashboard: Dashboard) => Part): Part =>
  useSyncExternalStore(subscribe, () => select(state));

/** All jobs and their numbers; drawn once a frame at most. */
export const useQueue = () =>
  useQueueOf(useDashboard(({ queue }) => queue)) as Omit<ReturnType<typeof useQueueOf>, "jobs"> & {
    readonly jobs: readonly SharedRecord[];
  };

export const useLive = (): boolean => useDashboard(({ storage }) => storage === "disk" || storage === "memory");

export const useLog = (id: string) => useDashboard(() => logs.of(id));

export const isFinished = ({ status }: JobRecord): boolean => status !== "running" && status !== "pending";

async function follow(runner: SharedRunner): Promise<void> {
  runner.onEvent((event: JobEvent) => {
    runs.note(event, runner);
    if (logs.note(event)) set({});
  });
  runner.subscribe(() => {
    if (runner !== state.runner || (runner.storage === state.storage && pool.stats.killed === state.killed)) return;
    set({ storage: runner.storage, killed: pool.stats.killed });
  });
  await runner.ready;
  if (runner.storage !== "opening") runs.keepOnly(runner.getAllJobs());
  if (runner === state.runner) set({ storage: runner.storage });
}

let changing: Promise<void> = follow(first);
for (const type of ["online", "offline"]) addEventListener(type, () => set({ online: navigator.onLine }));

/** A tab that stops running jobs hands over at once; the others go on with what it ran. */
export function setExecutes(executes: boolean): Promise<void> {
  changing = changing.then(async () => {
    if (state.executes === executes) return;
    await state.runner.close();
    runs.handOver();
    const runner = open(executes);
    await follow(runner);
    set({ runner, queue: paced(runner), executes, storage: runner.storage });
  });
  return changing;
}

/** Every fault; none where the params are good. */
export function faultsOf(type: string, params: Record<string, unknown>): readonly ParamError[] {
  const validation = state.runner.validateJobParams(type, params);
  return validation.valid ? [] : validation.errors;
}

/** Makes one job for each of `params`, all in one go, and returns their ids. Rejects if one is refused. */
export async function createJobs(
  type: string,
  params: readonly Record<string, unknown>[],
  options: SharedCreateOptions = {},
): Promise<readonly string[]> {
  if (params.length < 1 || params.length > MOST_COPIES) throw new RangeError(`Copies: from 1 to ${MOST_COPIES}`);
  const ids = await newIds(params.length);
  const { runner } = state;
  await Promise.all(params.map((one, at) => runner.createJob(type, one, { ...options, id: ids[at]! })));
  return ids;
}

export const retryJob = async (id: string): Promise<string> => (await state.runner.retryJob(id)).id;

let raising: Promise<unknown> = Promise.resolve();

/** One after the other: of two clicks in quick succession none is lost. Resolves with what it is now. */
export function raisePriority(id: string, by: number): Promise<number> {
  const raised = raising.then(async () => {
    const priority = (state.runner.getJob(id)?.priority ?? 0) + by;
    await state.runner.setPriority(id, priority);
    return priority;
  });
  raising = raised.catch(() => {});
  return raised;
}

export const cancelJob = (id: string) => state.runner.cancelJob(id);

export const clearCompleted = () => state.runner.clearCompleted();
