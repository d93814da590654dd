import { throwIfAborted } from "../support/abort.js";
import { textOf } from "../support/look.js";
import { Hold } from "../support/turn.js";
import type { JobContext, Unsubscribe } from "../types.js";
import { pendingWords } from "../wasm/drain.js";
import { checkEngine, command } from "../wasm/engine.js";
import { CHANNEL } from "../wasm/listeners.js";
import { needNumber, outOfBounds } from "../wasm/options.js";
import { keepValue } from "../wasm/values.js";
import { reasonOf } from "./completion.js";
import { listenTo, NOTHING, tell } from "./listen.js";
import type { AnyJob } from "./record.js";
import { sleep } from "./waits.js";

/** What a context holds only once its body has asked for it. */
class ContextExtras<State, Action> {
  signal: AbortSignal | undefined = undefined;
  readonly hold = new Hold();
  readonly methods: Partial<JobContext<State, Action>> = {};
}

/** What one attempt's body is given. Methods are made when first read, bound, so that they work detached. */
export class Context<State, Action> implements JobContext<State, Action> {
  readonly attempt: number;
  private readonly job: AnyJob;
  private more: ContextExtras<State, Action> | undefined = undefined;

  constructor(job: AnyJob, attempt: number) {
    this.job = job;
    this.attempt = attempt;
  }

  get id(): string {
    return this.job.id;
  }

  get state(): State {
    return this.job.state;
  }

  get signal(): AbortSignal {
    return (this.extras.signal ??= this.isCurrent ? this.job.attemptSignal() : new AbortController().signal);
  }

  get setState(): JobContext<State, Action>["setState"] {
    return (this.bound.setState ??= (next) => {
      const { job } = this;
      if (typeof next !== "function") {
        job.setState(next, this.attempt);
        return;
      }
      checkEngine();
      if (this.isCurrent && !job.hasEnded) job.setState((next as (previous: State) => State)(job.state), this.attempt);
    });
  }

  get progress(): JobContext<State, Action>["progress"] {
    return (this.bound.progress ??= (percent, message = "") => {
      const { job } = this;
      // User code: before anything has changed.
      const text = textOf(message);
      const progress = { percent: needNumber("percent", percent), message: text };
      const engine = command();
      const pending = pendingWords();
      const number = keepValue(progress);
      const counted = engine.progress(job.slot, this.attempt, percent, number);
      if (counted >= 0) {
        progress.percent = counted;
        job.coldData().progress = Object.freeze(progress);
      }
      tell(number, pendingWords() !== pending);
      if (Number.isNaN(counted)) throw outOfBounds({ percent });
    });
  }

  get log(): JobContext<State, Action>["log"] {
    return (this.bound.log ??= (message) => {
      const text = textOf(message);
      const engine = command();
      const number = keepValue(text);
      tell(number, engine.writeLog(this.job.slot, this.attempt, number) > 0);
    });
  }

  get onAction(): JobContext<State, Action>["onAction"] {
    return (this.bound.onAction ??= (listener) => {
      const { job } = this;
      if (!this.isCurrent) return NOTHING;
      return listenTo(job, CHANNEL.action, listener);
    });
  }

  get checkpoint(): JobContext<State, Action>["checkpoint"] {
    return (this.bound.checkpoint ??= async () => {
      this.throwIfAborted();
      const { hold } = this.extras;
      if (!hold.isLong) return;
      await hold.takeTurn();
      this.throwIfAborted();
    });
  }

  get sleep(): JobContext<State, Action>["sleep"] {
    return (this.bound.sleep ??= (time) => {
      const slept = this.sleepFor(time);
      // A body need not wait for it to its end.
      slept.catch(() => {});
      return slept;
    });
  }

  private get bound(): Partial<JobContext<State, Action>> {
    return this.extras.methods;
  }

  private get extras(): ContextExtras<State, Action> {
    return (this.more ??= new ContextExtras());
  }

  private get isCurrent(): boolean {
    return this.attempt === this.job.attempt;
  }

  private async sleepFor(time: number): Promise<void> {
    this.throwIfAborted();
    await sleep(this.job, time);
  }

  /** Where nobody has read the signal yet none is made: that is most of what asking costs. */
  throwIfAborted(): void {
    const { job } = this;
    if (this.more?.signal === undefined && !job.stopping && !job.abandoned) return;
    throwIfAborted(this.signal);
    // A signal that there is aborts only when what is being told has been told.
    if (job.stopAsked && this.isCurrent) throw reasonOf(job);
  }

  /** As an "abort" listener of the signal, and told also of what has been before; no signal is made for it. */
  whenAborted(listener: () => void): Unsubscribe {
    const { job } = this;
    if (!this.isCurrent) return NOTHING;
    const extras = job.coldData();
    const aborts = (extras.aborts ??= new Set());
    aborts.add(listener);
    if (job.stopping || extras.timeoutError !== undefined) listener();
    return () => {
      aborts.delete(listener);
    };
  }
}
