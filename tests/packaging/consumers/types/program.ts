import { type Completion, gate, JobManager, type ManagedJob, subject } from "jobgate";
import { type AgentWorker, type Message, Session, scriptedProvider } from "jobgate/agents";
import { type UseJob, useConversation, useJob, useQueue } from "jobgate/react";
import { JobRunner, type JobType, QueueClient } from "jobgate/runner";
import * as slim from "jobgate/slim";
import { testContext, useTestClock } from "jobgate/testing";
import { exposeJobs, transfer } from "jobgate/worker";
import { WorkerPool } from "jobgate/worker-pool";

const manager = new JobManager<string, number, "faster", string>({ concurrency: 2 });
const { job } = manager.runJob("key", async (context) => `${context.attempt}`, { initialState: 0 });
const typed: ManagedJob<string, number, "faster", string> = job;
const completion: Promise<Completion<string>> = typed.settled;
const sameClass: typeof JobManager = slim.JobManager;
subject<number>().next(1);
gate().open();
// @ts-expect-error: not an action of this manager's jobs
job.dispatch("slower");

const pool = new WorkerPool({ size: 1 });
manager.runJob("primes", pool.job("prime", { limit: 100 }));
exposeJobs({ half: ({ of }: { of: ArrayBuffer }) => transfer(of, [of]) });

const sum: JobType = { name: "sum", description: "", params: [], execute: async () => 3 };
const runner = new JobRunner({ types: [sum, pool.jobType({ ...sum, name: "half" })] });
const client = new QueueClient(new MessageChannel().port1);

const session = new Session({ providers: [scriptedProvider({ replies: ["hello"] })] });
const worker: AgentWorker = session.createWorker({ name: "helper" });

function Component(): string {
  const { status, state }: UseJob<number, "faster", string> = useJob(manager, "key");
  const { messages }: { readonly messages: readonly Message[] } = useConversation(session, worker);
  return `${messages.length} ${status} ${state} ${useQueue(runner).stats.total} ${useQueue(client).jobs.length}`;
}

const context = testContext<number, "faster">({ state: 0 });
const moved: Promise<void> = useTestClock().advance(1000);

export { Component, completion, context, moved, sameClass, worker };
