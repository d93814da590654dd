import { Listeners } from "../support/delivery-queue.js";
import type { Unsubscribe } from "../types.js";
import { checkEngine } from "../wasm/engine.js";
import { needFunction } from "../wasm/options.js";
import { reserveStack } from "../wasm/stack.js";
import { AgentError } from "./errors.js";
import { answerMessage, checkMessages, wholeText } from "./json.js";
import type {
  AgentWorker,
  Message,
  ModelProvider,
  ModelResponse,
  ToolCall,
  WorkerJob,
  WorkerSnapshot,
  WorkerState,
} from "./types.js";
import { WasmWorker } from "./wasm.js";
import { ASKED, NONE, ROLE } from "./wire.js";

const PARAGRAPH = "\n\n";
/** What the rules say where no prompt is the last. */
const NOTHING_STAYS = -1;

/** What the next prompt is joined to, and how: src/engine/agents/outline.rs. */
export interface PromptPlace {
  readonly before: string;
  readonly again: number;
}

/** The conversation: its texts are here, what may stand where is in the binary. */
export class SessionWorker implements AgentWorker {
  readonly id = newId();
  readonly name: string;
  readonly provider: ModelProvider;
  readonly onStateChange: AgentWorker["onStateChange"];
  readonly subscribe: AgentWorker["subscribe"];
  readonly getSnapshot: AgentWorker["getSnapshot"];
  readonly rules: WasmWorker;
  /** How many runs have begun. */
  runs = 0;
  /** How many jobs have waited behind others. */
  queued = 0;
  /** How often its messages were cut or replaced between runs. */
  rewrites = 0;
  state: WorkerState = "inactive";
  lastFailure: unknown = undefined;
  private readonly stateListeners = new Listeners<WorkerState>();
  private readonly listeners = new Listeners<void>();
  private readonly jobs = new Set<WorkerJob>();
  /** Whom it tells of changes, until it is removed. */
  private told: (() => void) | undefined;
  private settled: Message[] = [];
  /** Of the last answer; the first of them have results. */
  private calls: readonly ToolCall[] = [];
  private results = 0;
  /** An answer that still arrives. */
  private open: { content: string; reasoning: string } | undefined = undefined;
  private known: readonly Message[] | undefined = undefined;
  private snapshot: WorkerSnapshot | undefined = undefined;

  /** Throws RangeError for messages that no server would accept. */
  constructor(
    name: string,
    provider: ModelProvider,
    system: string | undefined,
    said: readonly Message[],
    told: () => void,
  ) {
    this.name = name;
    this.provider = provider;
    const before = system === undefined ? [] : [Object.freeze({ role: "system", content: wholeText(system) } as const)];
    [this.rules, this.settled] = takenUp(before, checkMessages(said));
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
    if (this.known === undefined) {
      const shown = this.settled.slice();
      if (this.open !== undefined) shown.push(answerMessage(this.open.content, [], this.open.reasoning));
      this.known = Object.freeze(shown);
    }
    return this.known;
  }

  truncate(length: number): void {
    this.needIdle();
    if (!Number.isInteger(length) || length < 0) {
      throw new RangeError(`length must be an integer of at least 0, got ${length}`);
    }
    if (length >= this.settled.length) return;
    reserveStack();
    const fault = this.rules.truncate(length);
    if (fault !== undefined) throw new RangeError(`messages[${length}] ${fault}`);
    this.settled.length = length;
    this.rewritten();
  }

  setMessages(messages: readonly Message[]): void {
    const checked = checkMessages(messages);
    this.needIdle();
    const [last, stood] = [checked.at(-1), this.settled.at(-1)];
    // A prompt whose run has failed is still one where it stays the last.
    const stays = last?.role === stood?.role && last?.content === stood?.content;
    this.replace(checked, stays ? this.rules.stays() : NOTHING_STAYS);
  }

  /** Drops as `truncate` does. What it returns puts all back as it was, while nothing else has changed it. */
  cut(length: number): () => void {
    const before = this.settled.slice();
    const stays = this.rules.stays();
    this.truncate(length);
    return () => {
      this.needIdle();
      this.replace(before, stays);
    };
  }

  /** `stays`: as the rules have said of what ends so. */
  private replace(messages: readonly Message[], stays: number): void {
    const [rules, settled] = takenUp([], messages);
    this.rules.takeOver(rules, stays);
    this.settled = settled;
    this.rewritten();
  }

  private rewritten(): void {
    this.rewrites += 1;
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
    this.tell();
  }

  private tell(): void {
    this.listeners.call();
    this.told?.();
  }

  private changed(): void {
    this.known = undefined;
    this.tell();
  }

  private needIdle(): void {
    checkEngine();
    if (this.standing().length > 0) {
      throw new AgentError("The worker is busy: stop its job first, and wait for its end", "E_BUSY");
    }
  }

  // ── what a run writes down ────────────────────────────────────────────────────────────────────

  /** Where a prompt would stand. */
  place(prompt: string): PromptPlace {
    const stays = this.rules.stays();
    const before = stays < 0 ? "" : this.settled.at(-1)!.content.slice(0, stays);
    const joined = PARAGRAPH + prompt;
    if (before === prompt) return { before, again: 0 };
    return { before, again: before.endsWith(joined) ? before.length - joined.length : NONE };
  }

  prompt(asked: number, prompt: string, { before }: PromptPlace): void {
    if (asked !== ASKED.begins) this.settled.pop();
    const joined = before === "" ? prompt : before + PARAGRAPH + prompt;
    this.settled.push(Object.freeze({ role: "user", content: asked === ASKED.stands ? before : joined }));
    this.changed();
  }

  receive(type: "text" | "reasoning", text: string): void {
    if (text === "") return;
    this.open ??= { content: "", reasoning: "" };
    this.open[type === "text" ? "content" : "reasoning"] += text;
    this.changed();
  }

  /** `some`: it leaves a message. */
  answer(some: boolean, { content, toolCalls }: Partial<ModelResponse> = {}): void {
    const { open } = this;
    this.open = undefined;
    [this.calls, this.results] = [toolCalls ?? [], 0];
    if (some) this.settled.push(answerMessage(content || (open?.content ?? ""), this.calls, open?.reasoning ?? ""));
    this.changed();
  }

  /** The first call that has no result. */
  openCall(): ToolCall {
    return this.calls[this.results]!;
  }

  result(text: string): void {
    const { id: toolCallId } = this.openCall();
    this.results += 1;
    this.settled.push(Object.freeze({ role: "tool", toolCallId, content: wholeText(text) }));
    this.changed();
  }
}

/** A conversation that goes on; throws RangeError where it is none that servers accept. */
function takenUp(before: readonly Message[], said: readonly Message[]): [WasmWorker, Message[]] {
  reserveStack();
  const rules = new WasmWorker();
  const messages: Message[] = [];
  const refuse = (fault: string | undefined) => {
    if (fault === undefined) return;
    rules.free();
    throw new RangeError(`messages[${messages.length - before.length}] ${fault}`);
  };
  /** Those that have no result, the first last. */
  let calls: ToolCall[] = [];
  for (const message of [...before, ...said]) {
    if (message.role === "assistant") {
      refuse(rules.add(ROLE.assistant, message.content !== "", message.toolCalls?.length ?? 0));
      calls = [...(message.toolCalls ?? [])].reverse();
    } else {
      const fits = message.role === "tool" && calls.pop()?.id === message.toolCallId;
      refuse(rules.add(ROLE[message.role], fits, 0));
    }
    messages.push(message);
  }
  refuse(rules.complete());
  return [rules, messages];
}

/** A UUID of version 4. `crypto.randomUUID` is there in secure contexts only. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 15) | 64;
  bytes[8] = (bytes[8]! & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
