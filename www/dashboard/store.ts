import type { JobRecord, ManagerStats } from "jobgate";
import type { ClientSnapshot } from "jobgate/runner";
import { useSyncExternalStore } from "preact/compat";
import { oncePerFrame } from "../shared/once-per-frame.ts";
import { Connection, type Phase } from "./connection.ts";
import type { HostKind } from "./host/open-host.ts";
import type { HostState, ListedType, LogLine, Run } from "./host/protocol.ts";

export interface Dashboard {
  readonly phase: Phase;
  readonly hostKind: HostKind | undefined;
  /** The runner is another one than before; what it was doing is gone. */
  readonly restarted: boolean;
  readonly types: readonly ListedType[];
  /** Running, pending in the order they will start, finished, newest first. */
  readonly jobs: readonly JobRecord[];
  readonly stats: ManagerStats;
  readonly host: HostState | undefined;
  /** Attempts of jobs that were tried more than once. */
  readonly runs: ReadonlyMap<string, readonly Run[]>;
  /** Asked to stop from this page, and not ended yet. */
  readonly stopping: ReadonlySet<string>;
  readonly log: { readonly id: string; readonly lines: readonly LogLine[] } | undefined;
}

const LOG_LINES = 500;

let state: Dashboard = {
  phase: "connecting",
  hostKind: undefined,
  restarted: false,
  types: [],
  jobs: [],
  stats: { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0, total: 0 },
  host: undefined,
  runs: new Map(),
  stopping: new Set(),
  log: undefined,
};
let startedAt: number | undefined;
const listeners = new Set<() => void>();

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

export const dashboard = (): Dashboard => state;

export const isFinished = ({ status }: JobRecord): boolean => status !== "running" && status !== "pending";

let readQueue: (() => ClientSnapshot) | undefined;

const takeQueue = oncePerFrame(() => {
  const { jobs, stats, connected } = readQueue?.() ?? {};
  if (!jobs || !stats || !connected) return;
  const { runs } = state;
  set({ jobs, stats, stopping: onlyOf(state.stopping, jobs), runs: runs.size > jobs.length ? runsOf(jobs) : runs });
});

/** Of those asked to stop the ones that have not ended. */
function onlyOf(stopping: Dashboard["stopping"], jobs: readonly JobRecord[]): Dashboard["stopping"] {
  if (stopping.size === 0) return stopping;
  const left = jobs.filter((job) => stopping.has(job.id) && !isFinished(job));
  return left.length === stopping.size ? stopping : new Set(left.map(({ id }) => id));
}

/** Jobs that were cleared away leave no attempts behind. */
function runsOf(jobs: readonly JobRecord[]): Dashboard["runs"] {
  const listed = new Set(jobs.map(({ id }) => id));
  return new Map([...state.runs].filter(([id]) => listed.has(id)));
}

const connection = new Connection({
  phase: (phase, hostKind) => set({ phase, hostKind }),
  queue: (read) => {
    readQueue = read;
    takeQueue();
  },
  host: (message) => {
    switch (message.type) {
      case "welcome":
        set({
          types: message.types,
          runs: new Map(message.runs),
          stopping: new Set(),
          restarted: startedAt !== undefined && startedAt !== message.startedAt,
        });
        startedAt = message.startedAt;
        if (state.log) void followLog(state.log.id);
        break;
      case "state":
        set({ host: message.state });
        break;
      case "runs":
        set({ runs: new Map(state.runs).set(message.id, message.runs) });
        break;
      case "log":
        if (state.log?.id === message.id) {
          set({ log: { id: message.id, lines: [...state.log.lines, message.line].slice(-LOG_LINES) } });
        }
    }
  },
});

/** The log of one job: what is there, and what comes. */
export async function followLog(id: string): Promise<void> {
  if (state.log?.id !== id) set({ log: { id, lines: [] } });
  const lines = await connection.call("followLog", id).catch(() => undefined); // told again on the next line
  if (lines && state.log?.id === id) set({ log: { id, lines } });
}

export const call: Connection["call"] = connection.call.bind(connection);

export function cancelJob(id: string): void {
  connection.cancelJob(id);
  set({ stopping: new Set(state.stopping).add(id) });
}

export const clearCompleted = (): void => connection.clearCompleted();

export const reconnect = (): void => connection.reconnect();

reconnect();
