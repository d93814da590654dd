import { ManagerClosedError } from "../errors.js";
import { asyncDispose } from "../job/completion.js";
import { JobManager } from "../manager/job-manager.js";
import { checkRun, type Seam } from "../manager/seam.js";
import { checkWord } from "../support/check.js";
import { Listeners } from "../support/delivery-queue.js";
import type { JobContext, RunJobResult, Unsubscribe } from "../types.js";
import { checkEngine } from "../wasm/engine.js";
import { checkNumber, checkObject, needFunction } from "../wasm/options.js";
import { AgentError } from "./errors.js";
import { freeze, needArray, needObject, needString, wholeText } from "./json.js";
import { type Frame, runTalk, runTask } from "./run.js";
import { SessionJob } from "./session-job.js";
import { type ReadyTool, readyTools } from "./tools.js";
import type {
  AgentRunOptions,
  AgentWorker,
  ModelProvider,
  SessionOptions,
  ToolSpec,
  WorkerJob,
  WorkerOptions,
  WorkerState,
  WorkerTask,
  WorkerToHostInterface,
} from "./types.js";
import { startAgentsWasm } from "./wasm.js";
import { SessionWorker } from "./worker.js";

const MAX_TURNS = 16;
const LARGEST_MAX_TURNS = 2 ** 32 - 1;
const HOST = ["workerStateChange", "responseChunkReceived", "getToolConfirmation"] as const;

/**
 * A chat application's workers. Each holds a conversation and runs one job at a time, under its id as the key: a busy
 * worker answers JOB_ALREADY_RUNNING. Several workers run at the same time. Make one per page and share it: jobs go on
 * whoever watches. Every method works detached.
 */
export class Session {
  private readonly manager: JobManager<string, WorkerState, never, void>;
  private readonly providers: ReadonlyMap<string, ModelProvider>;
  private readonly tools: ReadonlyMap<string, ReadyTool>;
  private readonly specs: readonly ToolSpec[];
  private readonly maxTurns: number;
  private readonly known = new Map<string, SessionWorker>();
  private readonly listeners = new Listeners<void>();
  private readonly changed = () => this.listeners.call();
  private closed = false;

  /** Throws TypeError or RangeError that names the option and its bound. */
  constructor(options: SessionOptions) {
    needObject("options", options);
    const { providers, tools = [], maxTurns, concurrency, trace } = options;
    this.providers = readyProviders(providers);
    this.tools = readyTools(tools);
    this.specs = freeze([...this.tools.values()].map(({ spec }) => spec));
    const most = checkNumber("maxTurns", maxTurns, MAX_TURNS);
    if (!(most >= 1 && (Number.isInteger(most) || most === Infinity))) {
      throw new RangeError(`maxTurns must be an integer of at least 1 (Infinity for no limit), got ${most}`);
    }
    this.maxTurns = Math.min(most, LARGEST_MAX_TURNS);
    startAgentsWasm();
    this.manager = new JobManager({
      name: "Session",
      concurrency: checkNumber("concurrency", concurrency, Infinity),
      // A worker's jobs are a group: one at a time.
      groupConcurrency: 1,
      ...(trace !== undefined && { trace }),
    });
    (this.manager as Seam<string, WorkerState, never, void>).entry = { Handle: SessionJob };
    this.subscribe = this.subscribe.bind(this);
    this.createWorker = this.createWorker.bind(this);
    this.removeWorker = this.removeWorker.bind(this);
    this.run = this.run.bind(this);
    this.runTask = this.runTask.bind(this);
    this.close = this.close.bind(this);
  }

  /** Oldest first. */
  get workers(): readonly AgentWorker[] {
    return [...this.known.values()];
  }

  /** Those that have not ended, oldest first; a finished one leaves by itself. */
  get jobs(): readonly WorkerJob[] {
    return (this.manager.jobs() as SessionJob[]).filter((job) => job.completion === undefined);
  }

  /** A worker was made, removed, or changed: its messages, state or failure. */
  subscribe(listener: () => void): Unsubscribe {
    needFunction("listener", listener);
    return this.listeners.add(() => listener());
  }

  /** Throws RangeError for an unknown provider or messages that no server would accept, ManagerClosedError after `close`. */
  createWorker(options: WorkerOptions): AgentWorker {
    checkEngine();
    needObject("options", options);
    const { name, provider: wanted, system, messages = [] } = options;
    needString("name", name);
    if (system !== undefined) needString("system", system);
    if (wanted !== undefined) needString("provider", wanted);
    const providerName = wanted ?? this.providers.keys().next().value!;
    const provider = this.providers.get(providerName);
    if (provider === undefined) {
      const names = [...this.providers.keys()].map((known) => `"${known}"`).join(", ");
      throw new RangeError(`provider must be one of ${names}, got "${wanted}"`);
    }
    if (this.closed) throw new ManagerClosedError("The session was closed and takes no new workers");
    const worker = new SessionWorker(name, provider, system, messages, this.changed);
    this.known.set(worker.id, worker);
    this.changed();
    return worker;
  }

  /** Stops its job; resolves when that has ended. The worker takes no new run from the call on. Unknown: nothing happens. */
  async removeWorker(id: string): Promise<void> {
    checkEngine();
    const worker = this.known.get(id);
    if (worker === undefined) return;
    this.known.delete(id);
    worker.removed();
    // The last first: none of them begins because another has ended.
    const ended = [...worker.standing()].reverse().map((job) => job.stop());
    this.changed();
    await Promise.all(ended);
  }

  /**
   * The loop: ask the model, stream its answer to the host, run the tools it calls and the host approves, ask again,
   * until it calls none. The model is told of a tool that it may not use, that does not exist or that throws, and of
   * arguments that are not JSON or do not fit the schema; the run goes on.
   *
   * A busy worker answers JOB_ALREADY_RUNNING, and what was asked for here is not taken. Asked to stop, the job has ended
   * when the provider's request and the tool have settled; the connection is closed by then, the confirmation withdrawn.
   *
   * Throws before anything has changed: TypeError, RangeError, AgentError E_UNKNOWN_WORKER, ManagerClosedError.
   */
  run(
    worker: AgentWorker,
    input: { prompt: string },
    host: WorkerToHostInterface,
    options?: AgentRunOptions,
  ): RunJobResult<WorkerJob> {
    const mine = this.need(worker);
    needObject("input", input);
    const { prompt } = input;
    needString("prompt", prompt);
    needObject("host", host);
    for (const method of HOST) needFunction(`host.${method}`, host[method]);
    if (host.responseReceived !== undefined) needFunction("host.responseReceived", host.responseReceived);
    const { tools, specs, maxTurns } = this;
    const talk = { prompt: wholeText(prompt), host, tools, specs, maxTurns };
    return this.start(mine, options, (frame) => runTalk(frame, talk));
  }

  /** Any other task on a worker, under the same rules. Its states are "working", then "inactive" or "failed". */
  runTask(worker: AgentWorker, task: WorkerTask, options?: AgentRunOptions): RunJobResult<WorkerJob> {
    const mine = this.need(worker);
    needObject("task", task);
    needFunction("task.run", task.run);
    return this.start(mine, options, (frame) => runTask(frame, (context) => task.run(context)));
  }

  /** Refuses new runs and workers, stops all jobs; resolves when all have ended. */
  close(reason?: unknown): Promise<void> {
    this.closed = true;
    return this.manager.close(reason);
  }

  get [asyncDispose](): () => Promise<void> {
    return this.close;
  }

  private need(worker: AgentWorker): SessionWorker {
    needObject("worker", worker);
    const mine = this.known.get(worker.id);
    if (mine !== worker) throw new AgentError("The session has no such worker: make one first", "E_UNKNOWN_WORKER");
    return mine;
  }

  private start(
    worker: SessionWorker,
    options: AgentRunOptions = {},
    run: (frame: Frame) => Promise<void>,
  ): RunJobResult<WorkerJob> {
    checkObject("options", options);
    const { signal, timeout, onBusy = "join" } = options;
    checkWord("onBusy", onBusy, ["join", "queue"]);
    const asked = { ...(signal !== undefined && { signal }), ...(timeout !== undefined && { timeout }) };
    const standing = worker.standing();
    const busy = standing.find((job) => !job.stopping);
    if (busy !== undefined && onBusy === "join") {
      checkRun(this.manager as Seam<string, WorkerState, never, void>, asked);
      return { type: "JOB_ALREADY_RUNNING", job: busy };
    }

    const body = (context: JobContext<WorkerState>) =>
      run({
        worker,
        signal: context.signal,
        timedOut: () => job.hasTimedOut,
        entered(state, failure) {
          worker.enter(state, failure);
          context.setState(state);
        },
      });
    // A key has room for one that waits: a queue of any length is the group's. Whoever looks sees the worker's id.
    const key = standing.length === 0 ? worker.id : `${worker.id} ${++worker.queued}`;
    const started = this.manager.runJob(key, body, {
      name: worker.name,
      group: worker.id,
      initialState: worker.state,
      ...asked,
    });
    const job = started.job as SessionJob;
    job.key = worker.id;
    job.worker = worker;
    worker.began(job);
    return { type: "JOB_CREATED", job };
  }
}

function readyProviders(providers: readonly ModelProvider[]): ReadonlyMap<string, ModelProvider> {
  needArray("providers", providers);
  if (providers.length === 0) throw new RangeError("providers must have at least one provider");
  const named = new Map<string, ModelProvider>();
  for (const [at, provider] of providers.entries()) {
    needObject(`providers[${at}]`, provider);
    const { name } = provider;
    needString(`providers[${at}].name`, name);
    needFunction(`providers[${at}].request`, provider.request);
    if (named.has(name))
      throw new RangeError(`providers[${at}].name: there are two providers "${name}"; name them apart`);
    named.set(name, provider);
  }
  return named;
}
