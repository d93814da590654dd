// Programs that must not compile: each line marked is an error in the app, and the types have to say so.
import { gate, type Job, type JobContext, JobManager, NonRetriableError, subject } from "jobgate";

type State = { readonly bytes: number };
type Action = { type: "pause" };
const manager = new JobManager<string, State, Action, number>();
const { job } = manager.runJob("a", () => 1);

// ── primitives ──
const numbers = subject<number>();
// @ts-expect-error a value of another type
numbers.next("1");
// @ts-expect-error the value is missing
numbers.next();
// @ts-expect-error a listener of another type
numbers.listen((value: string) => value);
// @ts-expect-error read only
numbers.listenerCount = 1;
// @ts-expect-error a subject stores no value
numbers.value;
const door = gate();
// @ts-expect-error read only
door.isOpen = true;
// @ts-expect-error a gate carries no value
door.open(1);
// @ts-expect-error not a signal
door.wait({ signal: new AbortController() });
// @ts-expect-error a gate cannot be closed
door.close();

// ── running ──
// @ts-expect-error a key of another type
manager.runJob(1, () => 1);
// @ts-expect-error a result of another type
manager.runJob("a", () => "text");
// @ts-expect-error a promise of another type
manager.runJob("a", async () => "text");
// @ts-expect-error no factory
manager.runJob("a");
// @ts-expect-error a promise is not a factory
manager.runJob("a", Promise.resolve(1));
// @ts-expect-error a state of another type
manager.runJob("a", () => 1, { initialState: { bytes: "0" } });
// @ts-expect-error an unknown option
manager.runJob("a", () => 1, { retries: 3 });
// @ts-expect-error an unknown word
manager.runJob("a", () => 1, { onDuplicate: "ignore" });
// @ts-expect-error an unknown word
manager.runJob("a", () => 1, { priority: "high" });
// @ts-expect-error a text is not milliseconds
manager.runJob("a", () => 1, { timeout: "5s" });
// @ts-expect-error a retry needs its limit
manager.runJob("a", () => 1, { retry: { delay: 10 } });
// @ts-expect-error an unknown word
manager.runJob("a", () => 1, { retry: { limit: 1, backoff: "linear" } });
// @ts-expect-error a question is answered at once
manager.runJob("a", () => 1, { retry: { limit: 1, retryIf: async () => true } });
// @ts-expect-error not a signal
manager.runJob("a", () => 1, { signal: new AbortController() });
// @ts-expect-error a job of one's own with another state
manager.runJob("a", (): Job<string, Action> => null as never);

// ── the body ──
manager.runJob("a", (context: JobContext<State, Action>) => {
  // @ts-expect-error a state of another type
  context.setState({ bytes: "1" });
  // @ts-expect-error a state of another type
  context.setState(() => 1);
  // @ts-expect-error the state is set by setState
  context.state = { bytes: 1 };
  // @ts-expect-error percent is a number
  context.progress("50%");
  // @ts-expect-error an action of another type
  context.onAction((action: { type: "other" }) => action);
  // @ts-expect-error a body does not dispatch
  context.dispatch({ type: "pause" });
  return 1;
});

// ── a job ──
// @ts-expect-error an action of another type
job.dispatch({ type: "other" });
// @ts-expect-error read only
job.state = { bytes: 1 };
// @ts-expect-error read only
job.status = "completed";
// @ts-expect-error not a status
job.status === "stopped";
// @ts-expect-error read only
job.priority = 1;
// @ts-expect-error a text that is no priority
job.setPriority("high");
// @ts-expect-error the result of another type
job.result.then((result: string) => result);
// @ts-expect-error only a normal end has a result
job.settled.then((completion) => completion.result);
// @ts-expect-error a job that was never started has no start
job.startedAt.toFixed();
// @ts-expect-error the body sets the state
job.setState({ bytes: 1 });
// @ts-expect-error a text is not milliseconds
job.stop("enough", { timeout: "1s" });
// @ts-expect-error a continuation needs a key
job.continuations.addOrRunNow(() => {});
// @ts-expect-error read only
job.continuations.size = 0;

// ── a job without actions ──
const silent = new JobManager().runJob("a", () => 1).job;
// @ts-expect-error it takes none
silent.dispatch("anything");

// ── a manager ──
// @ts-expect-error concurrency is a number
new JobManager({ concurrency: "2" });
// @ts-expect-error an unknown option
new JobManager({ limit: 2 });
// @ts-expect-error both numbers are needed
new JobManager({ rateLimit: { limit: 2 } });
// @ts-expect-error a signal is given to a job
new JobManager({ defaults: { signal: AbortSignal.abort() } });
// @ts-expect-error a state is given to a job
new JobManager({ defaults: { initialState: 1 } });
// @ts-expect-error a key of another type
manager.getRunningJob(1);
// @ts-expect-error there may be none
manager.getRunningJob("a").state;
// @ts-expect-error not a status
manager.jobs("stopped");
// @ts-expect-error read only
manager.isPaused = true;
// @ts-expect-error read only
manager.stats.total = 0;
// @ts-expect-error read only
manager.getSnapshot().jobs.push(job);
// @ts-expect-error a key of another type
manager.onKeyChange(1, () => {});
// @ts-expect-error the job may be gone
manager.onKeyChange("a", (changed) => changed.state);
// @ts-expect-error made with new
JobManager();

// ── a job of one's own has to be whole ──
// @ts-expect-error onStopped is missing: nobody would hear of its end
export const halfJob: Job<number> = {
  state: 1,
  dispatch() {},
  onStateChange: () => () => {},
  stop: async () => {},
};

// ── errors ──
// @ts-expect-error a cause is named
new NonRetriableError("no use", "a cause");
// @ts-expect-error read only
new NonRetriableError().code = "E_OTHER";
