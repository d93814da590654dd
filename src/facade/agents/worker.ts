import { Listeners } from "../runner/line.js";
import type { Unsubscribe } from "../types.js";
import { checkEngine } from "../wasm/engine.js";
import { needFunction } from "../wasm/options.js";
import { AgentError } from "./errors.js";
import { frozen, writeMessages } from "./json.js";
import type { AgentWorker, Message, ModelProvider, WorkerJob, WorkerSnapshot, WorkerState } from "./types.js";
import { WasmWorker } from "./wasm.js";

/** What WasmWorker.news gives: src/engine/agents/history/news.rs. */
interface News {
  readonly kept: number;
  readonly settled: readonly Message[];
  readonly open: { readonly more: boolean; readonly content: string; readonly reasoning: string } | null;
}

/** The conversation is in the binary; what is shown of it is here. Only what is new crosses. */
export class SessionWorker implements AgentWorker {
  readonly id: string;
  readonly name: string;
  readonly provider: ModelProvider;
  readonly onStateChange: AgentWorker["onStateChange"];
  readonly subscribe: AgentWorker["subscribe"];
  readonly getSnapshot: AgentWorker["getSnapshot"];
  readonly wasm: WasmWorker;
  /** How many jobs have waited behind others. */
  queued = 0;
  state: WorkerState = "inactive";
  lastFailure: unknown = undefined;
  private readonly stateListeners = new Listeners<WorkerState>();
  private readonly listeners = new Listeners<void>();
  private readonly jobs = new Set<WorkerJob>();
  /** Whom it tells of changes, until it is removed. */
  private told: (() => void) | undefined;
  private revision = -1;
  private readonly settled: Message[] = [];
  private open: { readonly content: string; readonly reasoning: string } | undefined = undefined;
  private known: readonly Message[] = Object.freeze([]);
  private snapshot: WorkerSnapshot | undefined = undefined;

  /** Throws RangeError for messages that no server would accept. */
  constructor(
    name: string,
    [providerName, provider]: readonly [string, ModelProvider],
    system: string | undefined,
    said: readonly Message[],
    told: () => void,
  ) {
    const json = writeMessages(said);
    this.wasm = orRefusal(() => new WasmWorker(name, providerName, system, json));
    this.id = this.wasm.id;
    this.name = name;
    this.provider = provider;
    this.told = told;
    this.onStateChange = (listener): Unsubscribe => {
      needFunction("listener", listener);
      return this.stateListeners.add(listener);
    };
    this.subscribe = (listener): Unsubscribe => {
      needFunction("listener", listener);
      return this.listeners.add(() => listener());
    };
    this.getSnapshot = () => {
      const { messages, state, lastFailure } = this;
      const last = this.snapshot;
      if (last?.messages !== messages || last.state !== state || !Object.is(last.lastFailure, lastFailure)) {
        this.snapshot = Object.freeze({ messages, state, lastFailure });
      }
      return this.snapshot!;
    };
  }

  get messages(): readonly Message[] {
    checkEngine();
    const revision = this.wasm.revision();
    if (revision !== this.revision) {
      this.revision = revision;
      this.read(frozen<News>(this.wasm.news()));
    }
    return this.known;
  }

  truncate(length: number): void {
    this.needIdle();
    if (!Number.isInteger(length) || length < 0) {
      throw new RangeError(`length must be an integer of at least 0, got ${length}`);
    }
    if (length >= this.messages.length) return;
    orRefusal(() => this.wasm.truncate(length));
    this.changed();
  }

  setMessages(messages: readonly Message[]): void {
    const json = writeMessages(messages);
    this.needIdle();
    orRefusal(() => this.wasm.replace(json));
    this.changed();
  }

  /** Those of its jobs that have not ended, oldest first. */
  standing(): readonly WorkerJob[] {
    return [...this.jobs].filter(({ completion }) => completion === undefined);
  }

  began(job: WorkerJob): void {
    this.jobs.add(job);
    void job.settled.then(() => this.jobs.delete(job));
  }

  removed(): void {
    this.told = undefined;
  }

  enter(state: WorkerState, failure: unknown): void {
    this.state = state;
    this.lastFailure = failure;
    this.stateListeners.call(state);
    this.changed();
  }

  changed(): void {
    this.listeners.call();
    this.told?.();
  }

  private needIdle(): void {
    checkEngine();
    if (this.standing().length > 0) {
      throw new AgentError("The worker is busy: stop its job first, and wait for its end", "E_BUSY");
    }
  }

  private read({ kept, settled, open }: News): void {
    this.settled.length = Math.min(kept, this.settled.length);
    for (const message of settled) this.settled.push(message);
    const before = open?.more ? this.open : undefined;
    this.open = open
      ? { content: (before?.content ?? "") + open.content, reasoning: (before?.reasoning ?? "") + open.reasoning }
      : undefined;
    const shown = this.settled.slice();
    if (this.open !== undefined) {
      const { content, reasoning } = this.open;
      shown.push(Object.freeze({ role: "assistant", content, ...(reasoning !== "" && { reasoning }) }));
    }
    this.known = Object.freeze(shown);
  }
}

/** What the rules refuse is a text. */
function orRefusal<T>(call: () => T): T {
  try {
    return call();
  } catch (fault) {
    checkEngine();
    throw typeof fault === "string" ? new RangeError(fault) : fault;
  }
}
