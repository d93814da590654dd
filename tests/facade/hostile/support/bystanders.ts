import type { JobContext, JobEvent } from "jobgate";
import * as jobgate from "jobgate";
import { deferred } from "../../support/work.js";

/** Text for messages, of anything. */
export function textOf(value: unknown): string {
  try {
    return typeof value === "object" && value !== null ? Object.prototype.toString.call(value) : String(value);
  } catch {
    return `some ${typeof value}`;
  }
}

/** No assertion library here: it would look into hostile values that came where they should not. */
function same(what: string, got: readonly unknown[], want: readonly unknown[]): void {
  if (got.length === want.length && got.every((value, index) => Object.is(value, want[index]))) return;
  throw new Error(`${what}: want [${want.map(textOf).join(", ")}], got [${got.map(textOf).join(", ")}]`);
}

/** What was heard since it was last asked for. */
class Ears {
  private heard: unknown[] = [];
  readonly hear = (value: unknown): void => {
    this.heard.push(value);
  };

  take(): unknown[] {
    const { heard } = this;
    this.heard = [];
    return heard;
  }
}

/**
 * Those who have nothing to do with what goes on elsewhere: a subject, gates, and a manager with a job that stays.
 * Whatever happens elsewhere, they do what they should.
 */
export class Bystanders {
  private readonly gate: typeof jobgate.gate;
  private readonly relay: jobgate.Subject<string>;
  private readonly manager: jobgate.JobManager<string, string, string, string>;
  private readonly done = deferred<string>();
  private readonly first = new Ears();
  private readonly second = new Ears();
  private readonly states = new Ears();
  private readonly progresses = new Ears();
  private readonly actions = new Ears();
  private readonly keyed = new Ears();
  private readonly expected: string[] = [];
  private readonly events: Promise<string[]>;
  private readonly context: JobContext<string, string>;
  private readonly job;
  private rounds = 0;
  private passed = 0;

  /** With the engine of this package. */
  constructor({ gate, JobManager, subject }: Pick<typeof jobgate, "gate" | "JobManager" | "subject"> = jobgate) {
    this.gate = gate;
    this.relay = subject();
    this.manager = new JobManager();
    this.relay.listen(this.first.hear);
    this.relay.listen(this.second.hear);
    this.manager.onKeyChange("stays", (job) => this.keyed.hear(job?.key));
    this.events = readEvents(this.manager.events());
    const contexts: JobContext<string, string>[] = [];
    this.job = this.manager.runJob("stays", (context) => {
      contexts.push(context);
      context.onAction(this.actions.hear);
      return this.done.promise;
    }).job;
    this.context = contexts[0]!;
    this.expected.push("job_created stays", "job_started");
    this.job.onStateChange(this.states.hear);
    this.job.onProgress(({ percent, message }) => this.progresses.hear(`${percent} ${message}`));
  }

  /** Throws unless each of them hears at once what it is told, and nothing else. */
  check(): void {
    const one = `one of ${++this.rounds}`;
    const two = `two of ${this.rounds}`;
    this.relay.next(one);
    this.relay.next(two);
    same("a subject's listener", this.first.take(), [one, two]);
    same("a subject's second listener", this.second.take(), [one, two]);

    const barrier = this.gate();
    const opened = new Ears();
    barrier.listen(() => opened.hear("first"));
    barrier.listen(() => opened.hear("second"));
    barrier.open();
    same("a gate's listeners", opened.take(), ["first", "second"]);

    const percent = this.rounds % 101;
    this.context.setState(one);
    this.context.setState(two);
    this.context.progress(percent, one);
    this.job.dispatch(one);
    this.job.dispatch(two);
    same("a job's state listener", this.states.take(), [one, two]);
    same("a job's progress listener", this.progresses.take(), [`${percent} ${one}`]);
    same("a job's action listener", this.actions.take(), [one, two]);
    same("a key's listener", this.keyed.take(), this.rounds === 1 ? ["stays"] : []);
    const { state, status, completion, progress } = this.job;
    same("what is seen of a job", [state, status, completion, progress.message], [two, "running", undefined, one]);
    this.checkStats(1);
  }

  /** And another job comes and goes beside the one that stays. */
  async checkJobs(): Promise<void> {
    this.check();
    const result = `result ${++this.passed}`;
    const ended = new Ears();
    const { job } = this.manager.runJob("passes", async () => result);
    job.onStopped(() => ended.hear("stopped"));
    job.continuations.addOrRunNow("done", (_, { type }) => ended.hear(type));
    this.expected.push("job_created passes", "job_started", `job_completed ${result}`, "job_removed");
    same("how a job ended", [(await job.settled).type, await job.result, job.status], ["Normal", result, "completed"]);
    same("who waited for a job's end", ended.take().sort(), ["Normal", "stopped"]);
    this.check();
  }

  /** Lets the job that stays end; throws unless it ends as it should, and all events were told in their order. */
  async leave(): Promise<void> {
    await this.checkJobs();
    this.done.resolve("its own result");
    same("how a job ended", [await this.job.result, this.job.status], ["its own result", "completed"]);
    this.expected.push("job_completed its own result", "job_removed");
    await this.manager.close();
    this.checkStats(0);
    same("a manager's events", await this.events, this.expected);
  }

  private checkStats(running: number): void {
    const { stats } = this.manager;
    const counts = [stats.pending, stats.running, stats.completed, stats.failed, stats.cancelled, stats.total];
    const completed = this.passed + 1 - running;
    same("a manager's stats", counts, [0, running, completed, 0, 0, running + completed]);
  }
}

/** Progress and statistics left out: for a slow reader they give way to the newest. */
async function readEvents(stream: ReadableStream<JobEvent>): Promise<string[]> {
  const told: string[] = [];
  const reader = stream.getReader();
  for (;;) {
    const { done, value: event } = await reader.read();
    if (done) return told;
    if (event.type === "job_progress" || event.type === "stats_update") continue;
    if (event.type === "job_created") told.push(`job_created ${event.job.type}`);
    else if (event.type === "job_completed") told.push(`job_completed ${textOf(event.result)}`);
    else told.push(event.type);
  }
}
