import { InvalidParamsError, type JobEvent } from "jobgate";
import { JobRunner } from "jobgate/runner";
import { WorkerPool } from "jobgate/worker-pool";
import { jobTypes, workerTypes } from "../job-types.ts";
import { Histories } from "./history.ts";
import { LentWorker } from "./lent-worker.ts";
import {
  type CallName,
  type Fault,
  type HostCalls,
  type HostMessage,
  type HostState,
  type ListedType,
  MOST_AT_ONCE,
  type PageMessage,
} from "./protocol.ts";

/** A page that was not heard of for so long has gone without a word. Timers of a hidden page may fire once a minute. */
const SILENCE_MS = 5 * 60_000;
/** Numbers for people: told so often at most while things happen, and so often while they only grow old. */
const STATE_MS = 250;
const AGEING_MS = 2000;
const MOST_COPIES = 1000;
const POOL_SIZE = 2;

interface Guest {
  readonly controls: MessagePort;
  readonly stopServing: () => void;
  heardAt: number;
  follows: string | undefined;
  /** Workers that its page runs. */
  readonly workers: Set<LentWorker>;
}

/** The runner and those who look on. It lives in a SharedWorker, or in the page where there is none. */
export class Host {
  private readonly pool = new WorkerPool({ size: POOL_SIZE, spawn: () => this.borrowWorker() });
  private readonly runner = new JobRunner({ types: [...jobTypes, ...workerTypes.map(this.pool.jobType)] });
  private readonly histories = new Histories();
  private readonly guests = new Set<Guest>();
  private readonly startedAt = Date.now();
  private stateTimer: ReturnType<typeof setTimeout> | undefined;
  private stateDue = Number.POSITIVE_INFINITY;

  constructor() {
    this.runner.onEvent((event) => this.note(event));
  }

  /** `queue` speaks the queue protocol; `controls` what is in `protocol.ts`. */
  connect(queue: MessagePort, controls: MessagePort): void {
    const stopServing = this.runner.serve(queue);
    const guest: Guest = { controls, stopServing, heardAt: Date.now(), follows: undefined, workers: new Set() };
    this.guests.add(guest);
    const post = (message: HostMessage) => controls.postMessage(message);
    controls.addEventListener("message", ({ data }: MessageEvent) => {
      guest.heardAt = Date.now();
      if (isCall(data)) post({ type: "answer", serial: data.serial, ...this.call(guest, data.name, data.args) });
      else if (data?.type === "leave") this.leave(guest);
    });
    controls.addEventListener("close", () => this.leave(guest));
    controls.start();
    post({ type: "welcome", startedAt: this.startedAt, types: this.types(), runs: this.histories.retried() });
    post({ type: "state", state: this.state() });
  }

  private leave(guest: Guest): void {
    if (!this.guests.delete(guest)) return;
    guest.stopServing();
    guest.controls.close();
    for (const worker of [...guest.workers]) worker.lose();
  }

  /** From the page that was heard of last: the likeliest to live on. */
  private borrowWorker(): Worker {
    const [lender] = [...this.guests].sort((a, b) => b.heardAt - a.heardAt);
    if (!lender) throw new Error("There is no page to run a worker");
    const { port1, port2 } = new MessageChannel();
    const worker = new LentWorker(port1, () => lender.workers.delete(worker));
    lender.workers.add(worker);
    lender.controls.postMessage({ type: "spawn" } satisfies HostMessage, [port2]);
    return worker as unknown as Worker;
  }

  private calls(guest: Guest): HostCalls {
    const { runner } = this;
    return {
      createJobs(type, params, options, copies) {
        if (!Number.isInteger(copies) || copies < 1 || copies > MOST_COPIES) {
          throw new RangeError(`copies must be an integer from 1 to ${MOST_COPIES}, got ${copies}`);
        }
        return Array.from({ length: copies }, () => runner.createJob(type, params, options).id);
      },
      validate(type, params) {
        const validation = runner.validateJobParams(type, params);
        return validation.valid ? [] : validation.errors;
      },
      retryJob: (id) => runner.retryJob(id).id,
      raisePriority(id, by) {
        const priority = (runner.getJob(id)?.priority ?? 0) + by;
        if (!runner.setPriority(id, priority)) throw new Error(`There is no unfinished job "${id}"`);
        return priority;
      },
      changeConcurrency: (by) => {
        runner.setConcurrency(Math.min(MOST_AT_ONCE, Math.max(1, runner.concurrency + by)));
        this.tellState();
        return runner.concurrency;
      },
      pause: () => {
        // Settles when what runs has ended, which nobody waits for here; the engine's own end is told by every call.
        runner.stop().catch(() => {});
        this.tellState();
      },
      resume: () => {
        runner.start();
        this.tellState();
      },
      followLog: (id) => {
        guest.follows = id;
        return this.histories.log(id);
      },
      ping: () => this.sweep(),
    };
  }

  private call(guest: Guest, name: CallName, args: readonly unknown[]): { value?: unknown; fault?: Fault } {
    const calls = this.calls(guest);
    if (!Object.hasOwn(calls, name)) return { fault: { message: `There is no call "${name}"` } };
    try {
      // What is called checks its arguments itself.
      const value = (calls[name] as (...given: readonly unknown[]) => unknown)(...args);
      return { value };
    } catch (error) {
      return { fault: faultOf(error) };
    }
  }

  private sweep(): void {
    const limit = Date.now() - SILENCE_MS;
    for (const guest of [...this.guests]) if (guest.heardAt < limit) this.leave(guest);
  }

  private note(event: JobEvent): void {
    const runs = this.histories.note(event, Date.now());
    if (runs && "job_id" in event) this.tellAll({ type: "runs", id: event.job_id, runs });
    if (event.type === "job_log") {
      const { job_id: id, at, message } = event;
      for (const guest of this.guests) {
        if (guest.follows === id) {
          guest.controls.postMessage({ type: "log", id, line: { at, message } } satisfies HostMessage);
        }
      }
    }
    if (event.type === "stats_update") this.tellStateSoon();
  }

  private tellAll(message: HostMessage): void {
    for (const { controls } of this.guests) controls.postMessage(message);
  }

  private tellStateSoon(within = STATE_MS): void {
    const due = Date.now() + within;
    if (due >= this.stateDue) return;
    clearTimeout(this.stateTimer);
    this.stateDue = due;
    this.stateTimer = setTimeout(() => this.tellState(), within);
  }

  private tellState(): void {
    clearTimeout(this.stateTimer);
    this.stateDue = Number.POSITIVE_INFINITY;
    const state = this.state();
    this.tellAll({ type: "state", state });
    if (state.metrics.throughputPerMinute > 0) this.tellStateSoon(AGEING_MS);
  }

  private state(): HostState {
    const { runner, pool } = this;
    return {
      paused: runner.manager.isPaused,
      concurrency: runner.concurrency,
      metrics: runner.getMetrics(),
      pool: pool.stats,
    };
  }

  private types(): readonly ListedType[] {
    const inWorkers = new Set(workerTypes.map(({ name }) => name));
    return this.runner.getJobTypes().map(({ name, description, params }) => {
      return { name, description, params, runsIn: inWorkers.has(name) ? "worker" : "runner" };
    });
  }
}

function isCall(data: unknown): data is PageMessage & { type: "call" } {
  if (typeof data !== "object" || data === null) return false;
  const { type, serial, name, args } = data as Partial<Record<"type" | "serial" | "name" | "args", unknown>>;
  return type === "call" && typeof serial === "number" && typeof name === "string" && Array.isArray(args);
}

function faultOf(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof InvalidParamsError ? { message, errors: error.errors } : { message };
}
