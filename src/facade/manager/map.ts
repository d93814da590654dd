// `map`: a job for each item. An item is taken when none of those before it waits to be started, so whatever the manager
// goes by (slots, rates, groups, a pause, what others have in line) is what the items go by.

import { report } from "../errors.js";
import { completionOf, endValueOf } from "../job/completion.js";
import type { AnyBody, AnyContext, AnyJob } from "../job/record.js";
import { throwIfAborted } from "../support/abort.js";
import { inPresentContext } from "../support/async-context.js";
import { follow } from "../support/signals.js";
import { Hold } from "../support/turn.js";
import type { RunOptions, Unsubscribe } from "../types.js";
import { checkFlag, needFunction, type ReadOptions, readOptions } from "../wasm/options.js";
import { END } from "../wasm/wire.js";
import { checkOptions } from "./options.js";

/** Whether the event loop is to have a turn is looked at every so many items. */
const EVERY = 32;

/** What it needs of a manager. */
export interface Host {
  readonly number: number;
  readonly defaults: ReadOptions | undefined;
  readonly concurrency: number;
  /** Told when the engine has broken. */
  readonly mappings: Set<Mapping>;
  /** False: too many are pending. Throws any other refusal. */
  addItem(body: AnyBody, options: ReadOptions | undefined, created: () => void): boolean;
  subscribe(listener: () => void): Unsubscribe;
  /** Its jobs that have not ended, oldest first. */
  living(): AnyJob[];
}

export type MapBody = (item: unknown, context: AnyContext, index: number) => unknown;

interface Plan {
  readonly items: unknown;
  readonly body: MapBody;
  readonly signal: AbortSignal | undefined;
  readonly options: ReadOptions | undefined;
  /** All are run, however they end. */
  readonly settle: boolean;
  /** They wait for something else than their turn. */
  readonly isDelayed: boolean;
}

type Options = RunOptions & { settle?: boolean };

export function mapItems(host: Host, items: unknown, body: MapBody, options?: Options): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    needFunction("body", body);
    const own = options === undefined ? undefined : readOptions(options);
    if (own !== undefined) checkOptions(host.number, own);
    const plan: Plan = {
      items,
      body: inPresentContext(body),
      signal: own?.signal,
      options: own && { ...own, signal: undefined, aborted: false },
      settle: checkFlag("settle", options?.settle),
      isDelayed: (own?.delay ?? host.defaults?.delay ?? 0) > 0,
    };
    new Mapping(host, plan, resolve, reject).open();
  });
}

/** An iterator of whatever kind. */
interface Steps {
  next(): unknown;
  return?(): unknown;
}

export class Mapping {
  private readonly host: Host;
  private readonly plan: Plan;
  private readonly resolve: (results: unknown[]) => void;
  private readonly reject: (error: unknown) => void;
  private readonly steps: Steps;
  private readonly isAsync: boolean;
  private readonly results: unknown[] = [];
  /** Items whose jobs have not ended. */
  private living = 0;
  private count = 0;
  /** Of the living, those whose bodies have not been called. */
  private waiting = 0;
  /** Taken, and not let in yet. */
  private held: { readonly item: unknown } | undefined = undefined;
  private stopListening: Unsubscribe | undefined = undefined;
  private unfollow: Unsubscribe | undefined = undefined;
  private taking = false;
  /** There are no more items. */
  private exhausted = false;
  private failure: { readonly error: unknown } | undefined = undefined;
  /** With all that its manager does: what is still on its way from the iterator is not waited for. */
  private stopped = false;
  private refusedToClose = false;
  private readonly hold = new Hold();

  /** Throws what opening the items throws. */
  constructor(host: Host, plan: Plan, resolve: (results: unknown[]) => void, reject: (error: unknown) => void) {
    this.hold.begin();
    this.host = host;
    this.plan = plan;
    this.resolve = resolve;
    this.reject = reject;
    throwIfAborted(plan.signal);
    // biome-ignore lint/suspicious/noExplicitAny: looked at here for the first time.
    const items = plan.items as any;
    const openAsync = items?.[Symbol.asyncIterator];
    this.isAsync = typeof openAsync === "function";
    const open = this.isAsync ? openAsync : items?.[Symbol.iterator];
    if (typeof open !== "function")
      throw new TypeError(`items must be iterable, got ${items === null ? "null" : typeof items}`);
    this.steps = open.call(items);
  }

  open(): void {
    const { host, plan } = this;
    if (plan.signal) this.unfollow = follow(plan.signal, { askToStop: (reason) => this.fail(reason) });
    host.mappings.add(this);
    this.take();
  }

  /** The engine has broken: nothing will ever end. */
  breakOff(error: Error): void {
    this.failure ??= { error };
    this.close();
    this.reject(error);
  }

  /** All its jobs are about to be stopped: takes nothing any more. `finish` is called once they have been. */
  stop(reason: unknown): void {
    this.stopped = true;
    if (!this.plan.settle) this.failure ??= { error: reason };
    this.close();
  }

  private get isOver(): boolean {
    return this.stopped || this.failure !== undefined;
  }

  private get hasRoom(): boolean {
    const most = this.plan.isDelayed ? this.host.concurrency : 1;
    return this.waiting < most && !this.isOver && !this.exhausted;
  }

  private take(): void {
    if (this.taking) return;
    this.taking = true;
    try {
      while (this.hasRoom) {
        if (this.held !== undefined) {
          if (!this.letIn(this.held.item)) break;
          continue;
        }
        if (this.count % EVERY === 0 && this.hold.isLong) {
          void this.takeLater();
          return;
        }
        const step = this.steps.next();
        if (this.isAsync) {
          void this.takeWhenThere(step);
          return;
        }
        this.accept(step);
      }
    } catch (error) {
      this.exhausted = true;
      this.fail(error);
    }
    this.taking = false;
    this.finish();
  }

  private async takeLater(): Promise<void> {
    await this.hold.takeTurn();
    this.taking = false;
    this.take();
  }

  private async takeWhenThere(step: unknown): Promise<void> {
    try {
      this.accept(await step);
    } catch (error) {
      this.exhausted = true;
      this.fail(error);
    }
    this.taking = false;
    this.take();
  }

  private accept(step: unknown): void {
    if (this.isOver) {
      // Stopped while the iterator was asked.
      if (this.refusedToClose) this.closeSteps();
      return;
    }
    if (Object(step) !== step)
      throw new TypeError(`items must give iterator results, got ${step === null ? "null" : typeof step}`);
    const { done, value } = step as IteratorResult<unknown>;
    if (done) this.exhausted = true;
    else this.letIn(value);
  }

  /** False: it is held until there is room. */
  private letIn(item: unknown): boolean {
    const { host, plan } = this;
    const body = new Item(this, item, this.count);
    this.waiting++;
    try {
      const isIn = host.addItem(body, plan.options, this.created);
      this.held = isIn ? undefined : { item };
      if (isIn) {
        this.stopListening?.();
        this.stopListening = undefined;
      } else {
        this.waiting--;
        this.stopListening ??= host.subscribe(() => this.take());
      }
      return isIn;
    } catch (error) {
      if (body.waits) this.waiting--;
      this.fail(error);
      return false;
    }
  }

  private readonly created = (): void => {
    this.count++;
    this.living++;
  };

  call(item: Item, context: AnyContext): unknown {
    try {
      return this.plan.body(item.item, context, item.index);
    } finally {
      if (item.waits) {
        item.waits = false;
        this.waiting--;
        this.take();
      }
    }
  }

  ended(item: Item, job: AnyJob): void {
    const { index } = item;
    this.living--;
    if (item.waits) {
      item.waits = false;
      this.waiting--;
    }
    if (this.plan.settle) this.results[index] = completionOf(job);
    else if (job.end === END.normal) this.results[index] = job.outcome;
    else this.fail(endValueOf(job));
    if (this.isOver) this.finish();
    else this.take();
  }

  /** The first reason counts. */
  private fail(error: unknown): void {
    if (this.isOver) return;
    this.failure = { error };
    this.close();
    // The newest first, so that none of them starts in the place of another.
    for (const job of this.host.living().reverse()) {
      try {
        if (job.factory instanceof Item && job.factory.mapping === this) job.askToStop(error);
      } catch (thrown) {
        report(thrown);
      }
    }
    this.finish();
  }

  /** Takes nothing any more. */
  private close(): void {
    this.stopListening?.();
    this.unfollow?.();
    this.held = undefined;
    if (this.exhausted) return;
    this.exhausted = true;
    this.closeSteps();
  }

  private closeSteps(): void {
    this.refusedToClose = false;
    try {
      // Whoever made the items hears of it; how they take it changes nothing any more.
      Promise.resolve(this.steps.return?.()).then(undefined, () => {});
    } catch {
      // As above; but a generator can't be closed from within: once it has given its item.
      this.refusedToClose = true;
    }
  }

  finish(): void {
    if (this.living > 0 || (!this.isOver && (this.taking || !this.exhausted))) return;
    this.host.mappings.delete(this);
    this.unfollow?.();
    if (this.failure === undefined) this.resolve(this.results);
    else this.reject(this.failure.error);
  }
}

/** Ahead of a stop of all that a manager does. Returns what is to be called after it. */
export function stopMappings(mappings: Set<Mapping>, reason: unknown): () => void {
  const all = [...mappings];
  for (const mapping of all) mapping.stop(reason);
  return () => {
    for (const mapping of all) mapping.finish();
  };
}

/** The body of one item's job. */
class Item implements AnyBody {
  /** It has not been called. */
  waits = true;

  constructor(
    readonly mapping: Mapping,
    readonly item: unknown,
    readonly index: number,
  ) {}

  run(context: AnyContext): unknown {
    return this.mapping.call(this, context);
  }

  ended(job: AnyJob): void {
    this.mapping.ended(this, job);
  }
}
