// Every name of "jobgate/react", with the type that it is promised to have; then programs that must and must not fit.

import type { ManagerStats, Progress, RunOptions } from "jobgate";
import { type JobFactory, JobManager, type JobRecord, type JobStatus, type ManagedJob } from "jobgate";
import type { AgentWorker, Message, Session, WorkerState } from "jobgate/agents";
import {
  type FailedPrompt,
  type UseConversation,
  type UseJob,
  useConversation,
  useJob,
  useJobs,
  useQueue,
  useSharedJob,
} from "jobgate/react";
import { JobRunner, QueueClient } from "jobgate/runner";
import type { SharedJob, SharedRecord, SharedRunner } from "jobgate/shared";
import { useEffect } from "react";
import type { Fits, Is, Same } from "./expect.js";

type K = { id: number };
type S = { page: number };
type A = { type: "pause" };
type R = Map<string, number>;

declare const manager: JobManager<K, S, A, R>;
const view = useJob(manager, { id: 1 });
const all = useJobs(manager);

// biome-ignore lint/suspicious/noExplicitAny: as the contract has it
type Job = ManagedJob<any, S, A, R> | undefined;

export type Job_ = [
  Is<Same<typeof view, UseJob<S, A, R>>>,
  Is<
    Same<
      keyof typeof view,
      | "job"
      | "state"
      | "status"
      | "isActive"
      | "progress"
      | "result"
      | "attempt"
      | "readyAt"
      | "lastError"
      | "error"
      | "run"
      | "stop"
    >
  >,
  Is<
    Same<
      Pick<typeof view, "attempt" | "readyAt" | "lastError">,
      { readonly attempt: number; readonly readyAt: number | undefined; readonly lastError: unknown }
    >
  >,
  Is<Same<Pick<typeof view, "job">, { readonly job: Job }>>,
  Is<Same<Pick<typeof view, "state">, { readonly state: S | undefined }>>,
  Is<Same<Pick<typeof view, "status">, { readonly status: JobStatus | "idle" }>>,
  Is<Same<Pick<typeof view, "isActive">, { readonly isActive: boolean }>>,
  Is<Same<Pick<typeof view, "progress">, { readonly progress: Progress }>>,
  Is<Same<Pick<typeof view, "result">, { readonly result: R | undefined }>>,
  Is<Same<Pick<typeof view, "error">, { readonly error: unknown }>>,
  Is<
    Same<
      (typeof view)["run"],
      // biome-ignore lint/suspicious/noExplicitAny: as the contract has it
      <T extends R = R>(factory: JobFactory<S, A, T>, options?: RunOptions<S>) => ManagedJob<any, S, A, T>
    >
  >,
  Is<Same<(typeof view)["stop"], (reason?: unknown) => Promise<void>>>,
];

export type Lists = [
  Is<Fits<typeof all, { readonly jobs: readonly ManagedJob<K, S, A, R>[]; readonly stats: ManagerStats }>>,
  Is<Fits<ReturnType<typeof useQueue>, { readonly jobs: readonly JobRecord[]; readonly stats: ManagerStats }>>,
];

export const connected: boolean = useQueue(new JobRunner()).connected;
useEffect(() => void view.run(() => new Map()), []);
// @ts-expect-error: React would take the job for a clean-up
useEffect(() => view.run(() => new Map()), []);
declare const shared: SharedRunner;
const far = useSharedJob<S, A, R>(shared, "key");
export type Shared = [
  Is<
    Fits<
      typeof far,
      Omit<UseJob<S, A, R>, "job" | "run"> & {
        readonly job: SharedJob<S, A, R> | undefined;
        readonly record: SharedRecord | undefined;
        run(type: string, params?: Record<string, unknown>): Promise<SharedJob<S, A, R>>;
      }
    >
  >,
];
useSharedJob(shared, "key").run("upload", { url: "/" }, { retry: 2 });
useQueue(shared);
useQueue(new JobRunner());
useQueue(new QueueClient(new MessageChannel().port1));
view.run(async ({ setState, onAction }) => {
  onAction(({ type }) => setState({ page: type.length }));
  return new Map([["a", 1]]);
});
view.run(() => new Map(), { initialState: { page: 1 }, retry: 2 });
const plain = useJob(new JobManager(), "key");
const counted = plain.run(async () => 1).result;
export type Counted = Is<Same<typeof counted, Promise<number>>>;

declare const session: Session;
declare const worker: AgentWorker;
const talk = useConversation(session, worker);
export type Conversation = [
  Is<Same<typeof talk, UseConversation>>,
  Is<
    Fits<
      typeof talk,
      {
        readonly messages: readonly Message[];
        readonly state: WorkerState;
        readonly error: unknown;
        readonly asked: { readonly name: string; readonly arguments: unknown } | undefined;
        send(prompt: string): void;
        approve(): void;
        deny(): void;
        stop(reason?: unknown): Promise<void>;
        regenerate(): void;
        dismiss(prompt: string): void;
        edit(index: number, content: string): void;
      }
    >
  >,
  Is<Same<typeof talk.failures, readonly FailedPrompt[]>>,
];

// @ts-expect-error: not a key of this manager
useJob(manager, "key");
// @ts-expect-error: not a result of this manager
view.run(() => "text");
// @ts-expect-error: not a state of this manager
view.run(() => new Map(), { initialState: 1 });
// @ts-expect-error: a view does not change
view.status = "running";
// @ts-expect-error: nobody else's jobs are in it
all.jobs.push(view.job);
// @ts-expect-error: a shared job's key is a string
useSharedJob(shared, 1);
// @ts-expect-error: a manager is no queue
useQueue(manager);
