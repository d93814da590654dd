import type { JobEvent, JobRecord, ParamError } from "jobgate";
import { useQueue as useQueueOf } from "jobgate/react";
import type { QueueCreateOptions } from "jobgate/runner";
import { useSyncExternalStore } from "preact/compat";
import { oncePerFrame } from "../shared/once-per-frame.ts";
import { notePlace, type PlaceName, placeAsked, server } from "./address.ts";
import { newIds } from "./ids.ts";
import { pool } from "./job-types.ts";
import { Logs } from "./logs.ts";
import { openPage } from "./places/page.ts";
import type { Job, Place, Storage } from "./places/place.ts";
import { openServer } from "./places/server.ts";
import { openTabs } from "./places/tabs.ts";
import { type Run, Runs } from "./runs.ts";
import { visitor } from "./visitor.ts";

export const MOST_COPIES = 1000;

/** What the page knows beside the queue, which is `useQueue`'s. */
export interface Dashboard {
  /** Where the jobs that are shown run, and new ones will. */
  readonly place: Place;
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
const showRuns = oncePerFrame(() => set({ runs: runsIn(state.place).snapshot() }));
const runsByPlace = new Map<PlaceName, Runs>();
/** Those that were shown once stay open: what runs there goes on, and is known. */
const opened = new Map<PlaceName, Place>();

function runsIn({ name }: Place): Runs {
  let runs = runsByPlace.get(name);
  if (runs === undefined) runsByPlace.set(name, (runs = new Runs(name === "tabs", showRuns)));
  return runs;
}

function open(name: PlaceName): Place {
  if (name === "server" && server !== undefined) return openServer(server);
  return name === "page" ? openPage() : openTabs(true);
}

const first = open(placeAsked());
opened.set(first.name, first);

let state: Dashboard = {
  place: first,
  storage: first.storage,
  executes: true,
  online: navigator.onLine,
  killed: 0,
  runs: runsIn(first).snapshot(),
};

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
  useQueueOf(useDashboard(({ place }) => place.queue)) as Omit<ReturnType<typeof useQueueOf>, "jobs"> & {
    readonly jobs: readonly Job[];
  };

const LIVE: readonly Storage[] = ["disk", "memory", "page", "server"];

export const useLive = (): boolean => useDashboard(({ storage }) => LIVE.includes(storage));

export const useLog = (id: string) => useDashboard(() => logs.of(id));

export const isFinished = ({ status }: JobRecord): boolean => status !== "running" && status !== "pending";

function follow(place: Place): void {
  const runs = runsIn(place);
  place.onEvent((event: JobEvent) => {
    runs.note(event, place);
    if (logs.note(event)) set({});
  });
  let isRead = place.storage !== "opening";
  place.queue.subscribe(() => {
    if (!isRead && place.storage !== "opening") {
      isRead = true;
      runs.keepOnly(place.queue.getAllJobs());
    }
    if (place !== state.place || (place.storage === state.storage && pool.stats.killed === state.killed)) return;
    set({ storage: place.storage, killed: pool.stats.killed });
  });
}

follow(first);
for (const type of ["online", "offline"]) addEventListener(type, () => set({ online: navigator.onLine }));

function show(place: Place): void {
  opened.set(place.name, place);
  set({ place, storage: place.storage, runs: runsIn(place).snapshot() });
}

/** Shows the jobs that run there; new ones will. What runs elsewhere goes on. */
export function setPlace(name: PlaceName): void {
  let place = opened.get(name);
  if (place === undefined) follow((place = open(name)));
  show(place);
  notePlace(name);
}

let changing: Promise<void> = Promise.resolve();

/** A tab that stops running jobs of the shared queue hands over at once; the others go on with what it ran. */
export function setExecutes(executes: boolean): Promise<void> {
  changing = changing.then(async () => {
    const before = opened.get("tabs");
    if (state.executes === executes || before === undefined) return;
    await before.close();
    runsIn(before).handOver();
    const after = openTabs(executes);
    follow(after);
    await after.ready;
    opened.set("tabs", after);
    set({ executes });
    if (state.place === before) show(after);
  });
  return changing;
}

/** What is shown now, once it is open: a tab that stops or begins to run jobs opens the shared queue anew. */
async function shownOnceOpen(): Promise<Place> {
  const { name } = state.place;
  await changing.catch(() => {});
  return opened.get(name)!;
}

/** Every fault; none where the params are good. */
export function faultsOf(type: string, params: Record<string, unknown>): readonly ParamError[] {
  const validation = state.place.validate(type, params);
  return validation.valid ? [] : validation.errors;
}

/** Makes one job for each of `params`, all in one go, and returns their ids. Rejects if one is refused. */
export async function createJobs(
  type: string,
  params: readonly Record<string, unknown>[],
  options: QueueCreateOptions = {},
): Promise<readonly string[]> {
  if (params.length < 1 || params.length > MOST_COPIES) throw new RangeError(`Copies: from 1 to ${MOST_COPIES}`);
  const place = shownOnceOpen();
  const numbers = await newIds(params.length);
  const { name, queue } = await place;
  // Numbers are this browser's, and others may have a server's same queue.
  const ids = name === "server" ? numbers.map((number) => `${visitor()}-${number}`) : numbers;
  await Promise.all(params.map((one, at) => queue.createJob(type, one, { ...options, id: ids[at]! })));
  return ids;
}

export const retryJob = async (id: string): Promise<string> => (await (await shownOnceOpen()).queue.retryJob(id)).id;

let raising: Promise<unknown> = Promise.resolve();

/** One after the other: of two clicks in quick succession none is lost. Resolves with what it is now. */
export function raisePriority(id: string, by: number): Promise<number> {
  const place = shownOnceOpen();
  const raised = raising.then(async () => {
    const { queue } = await place;
    const priority = (queue.getJob(id)?.priority ?? 0) + by;
    if (!(await queue.setPriority(id, priority))) throw new Error("It has ended, or has been cleared");
    return priority;
  });
  raising = raised.catch(() => {});
  return raised;
}

export const cancelJob = async (id: string) => (await shownOnceOpen()).queue.cancelJob(id);

export const clearCompleted = async () => (await shownOnceOpen()).queue.clearCompleted();
