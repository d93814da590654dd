import type { JobRecord } from "jobgate";
import { type UseQueue, useQueue as useQueueOf } from "jobgate/react";
import type { QueueClient } from "jobgate/runner";
import { useSyncExternalStore } from "preact/compat";
import { Connection, type Phase } from "./connection.ts";
import type { HostKind } from "./host/open-host.ts";
import type { HostState, ListedType, LogLine, Run } from "./host/protocol.ts";
import { PacedClient } from "./paced-client.ts";

/** What the page knows beside the queue, which is `useQueue`'s. */
export interface Dashboard {
  readonly phase: Phase;
  readonly hostKind: HostKind | undefined;
  /** The runner is another one than before; what it was doing is gone. */
  readonly restarted: boolean;
  readonly types: readonly ListedType[];
  /** The last one that heard from a runner; before, one that hears nothing. */
  readonly client: QueueClient;
  readonly host: HostState | undefined;
  /** Attempts of jobs that were tried more than once. */
  readonly runs: ReadonlyMap<string, readonly Run[]>;
  /** Asked to stop from this page; those that have ended since may still be among them. */
  readonly stopping: ReadonlySet<string>;
  readonly log: { readonly id: string; readonly lines: readonly LogLine[] } | undefined;
}

const LOG_LINES = 500;

let state: Dashboard = {
  phase: "connecting",
  hostKind: undefined,
  restarted: false,
  types: [],
  client: new PacedClient(new MessageChannel().port1),
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

/** All jobs and their numbers, from whatever line there is to the runner; drawn once a frame at most. */
export const useQueue = (): UseQueue => useQueueOf(useDashboard(({ client }) => client));

/** Running, pending in the order they will start, finished, newest first. */
const jobsNow = (): readonly JobRecord[] => state.client.getSnapshot().jobs;

export const isFinished = ({ status }: JobRecord): boolean => status !== "running" && status !== "pending";

/** Of jobs that were cleared away the attempts go too. */
function withRuns(id: string, runs: readonly Run[]): Dashboard["runs"] {
  const all = new Map(state.runs).set(id, runs);
  const jobs = jobsNow();
  if (all.size <= jobs.length) return all;
  const listed = new Set(jobs.map(({ id }) => id)).add(id);
  return new Map([...all].filter(([id]) => listed.has(id)));
}

const connection = new Connection({
  phase: (phase, hostKind) => set({ phase, hostKind }),
  queue: (client) => set({ client }),
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
        set({ runs: withRuns(message.id, message.runs) });
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
  const alive = jobsNow().filter((job) => !isFinished(job) && (job.id === id || state.stopping.has(job.id)));
  set({ stopping: new Set(alive.map((job) => job.id)) });
}

export const clearCompleted = (): void => connection.clearCompleted();

export const reconnect = (): void => connection.reconnect();

reconnect();
