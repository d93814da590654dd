import type { Session } from "../agents/session.js";
import type {
  AgentWorker,
  Message,
  ModelResponse,
  ToolCall,
  WorkerJob,
  WorkerSnapshot,
  WorkerState,
  WorkerToHostInterface,
} from "../agents/types.js";
import type { SessionWorker } from "../agents/worker.js";
import type { Unsubscribe } from "../types.js";
import { Frame } from "./frames.js";
import type { FailedPrompt, UseConversation } from "./types.js";
import type { Source } from "./use-tracked.js";

interface Question {
  readonly call: ToolCall;
  answer(word: "approve" | "deny"): void;
}

type Answered = Pick<UseConversation, "stopReason" | "usage">;
type Said = Answered & Pick<UseConversation, "messages" | "state" | "error" | "failures" | "asked" | "queued">;

const NONE_FAILED: readonly FailedPrompt[] = Object.freeze([]);

const NOTHING_ANSWERED: Answered = Object.freeze({ stopReason: undefined, usage: undefined });

const NOTHING_SAID: Said = Object.freeze({
  ...NOTHING_ANSWERED,
  messages: Object.freeze([]),
  state: "inactive",
  error: undefined,
  failures: NONE_FAILED,
  asked: undefined,
  queued: Object.freeze([]),
});

/** By session and worker: a conversation is one, however many components show it, and is there while none does. */
const conversations = new WeakMap<Session, WeakMap<AgentWorker, Conversation>>();

export function conversationOf(session: Session, worker: AgentWorker): Conversation {
  let ofSession = conversations.get(session);
  if (ofSession === undefined) conversations.set(session, (ofSession = new WeakMap()));
  let conversation = ofSession.get(worker);
  if (conversation === undefined) ofSession.set(worker, (conversation = new Conversation(session, worker)));
  return conversation;
}

/** A worker's conversation as components show it: of one moment, and of the next one a frame later. */
export class Conversation implements Source<UseConversation> {
  private readonly session: Session;
  private readonly worker: AgentWorker;
  private readonly listeners = new Set<() => void>();
  private leaveWorker: Unsubscribe | undefined = undefined;
  private question: Question | undefined = undefined;
  /** Those begun here that have not ended, oldest first. */
  private runs: readonly { readonly job: WorkerJob; readonly prompt: string }[] = [];
  private failures = NONE_FAILED;
  /** Of the latest whole answer in the run that began last. */
  private answered = NOTHING_ANSWERED;
  /** How often the worker's messages had been cut or replaced when `failures` was last looked at. */
  private rewritten: number;
  private shown: UseConversation | undefined = undefined;
  private readonly frame = new Frame(() => this.show());

  constructor(session: Session, worker: AgentWorker) {
    this.session = session;
    this.worker = worker;
    this.rewritten = rewritesOf(worker);
  }

  /** On the server, and in the browser until the server's HTML has been taken over. */
  get idle(): UseConversation {
    return this.viewOf(NOTHING_SAID);
  }

  readonly getSnapshot = (): UseConversation => {
    // While nobody is told, nothing is kept up to date.
    if (this.shown === undefined || this.listeners.size === 0) this.look();
    return this.shown!;
  };

  readonly subscribe = (listener: () => void): Unsubscribe => {
    // A subscription of its own, also for the same function twice.
    const told = () => listener();
    if (this.listeners.size === 0) {
      this.leaveWorker = this.worker.subscribe(this.changed);
      this.look();
    }
    this.listeners.add(told);
    return () => {
      if (!this.listeners.delete(told) || this.listeners.size > 0) return;
      this.leaveWorker?.();
      this.frame.cancel();
    };
  };

  readonly send = (prompt: string): void => void this.run(prompt);

  readonly approve = (): void => this.answer("approve");

  readonly deny = (): void => this.answer("deny");

  readonly stop = async (reason?: unknown): Promise<void> => {
    // The last first: none of them begins because another has ended.
    await Promise.all(this.jobs.reverse().map((job) => job.stop(reason)));
  };

  readonly regenerate = (): void => {
    // A click too many.
    if (this.jobs.length > 0) return;
    const { messages } = this.worker;
    let at = messages.length - 1;
    while (at >= 0 && messages[at]!.role !== "user") at -= 1;
    if (at < 0) throw new RangeError("There is no prompt to ask again: send one first");
    this.runFrom(at, messages[at]!.content);
  };

  readonly edit = (index: number, content: string): void => {
    if (typeof content !== "string") throw new TypeError(`content must be a string, got ${typeof content}`);
    const message: Message | undefined = this.worker.messages[index];
    if (message?.role !== "user") {
      throw new RangeError(`index must be that of a user's message in messages, got ${String(index)}`);
    }
    this.runFrom(index, content);
  };

  readonly dismiss = (prompt: string): void => {
    const failures = this.standingFailures();
    const left = failures.filter((failure) => failure.prompt !== prompt);
    if (left.length === failures.length) return;
    this.failures = Object.freeze(left);
    this.changed();
  };

  /** Those that have not ended, oldest first. */
  private get jobs(): WorkerJob[] {
    return this.session.jobs.filter(({ worker }) => worker === this.worker);
  }

  /** In place of the message at that index and all after it. */
  private runFrom(index: number, prompt: string): void {
    const worker = this.worker as SessionWorker;
    const { messages } = worker;
    const failures = this.standingFailures();
    const rewrite = <T>(change: () => T): T => {
      const changed = change();
      // Done here: what failed is still to be seen.
      this.rewritten = worker.rewrites;
      this.failures = failures;
      return changed;
    };
    const restore = rewrite(() => worker.cut(index));
    let job: WorkerJob;
    try {
      job = this.run(prompt);
    } catch (error) {
      // Refused whole: what was said is still said.
      rewrite(restore);
      throw error;
    }
    // It holds what was stopped before it was answered, and, last, the prompt that failed.
    const replaced = messages[index]!.content;
    for (const { prompt } of this.failures) if (`\n\n${replaced}`.endsWith(`\n\n${prompt}`)) this.dismiss(prompt);
    const { rewritten } = this;
    void job.settled.then(({ type }) => {
      // Stopped before it was its turn, and nothing has come of it or of another since: what was said is still said.
      const isUntouched = type === "Cancelled" && job.attempt === 0 && this.jobs.length === 0;
      if (isUntouched && worker.rewrites === rewritten) rewrite(restore);
    });
  }

  private run(prompt: string): WorkerJob {
    let failure: Pick<FailedPrompt, "error"> | undefined;
    const workerStateChange = (_: string, state: WorkerState) => {
      if (state === "working") this.answered = NOTHING_ANSWERED;
      // That the worker has failed with it stands, also where its job, asked to stop meanwhile, counts as cancelled.
      if (state === "failed") failure = { error: this.worker.lastFailure };
    };
    const host = { ...this.host, workerStateChange };
    const { job } = this.session.run(this.worker, { prompt }, host, { onBusy: "queue" });
    this.runs = [...this.runs, { job, prompt }];
    this.dismiss(prompt);
    this.changed();
    void job.settled.then((completion) => {
      this.runs = this.runs.filter((run) => run.job !== job);
      // Where the engine has broken nobody is told but who waits for the job.
      if (completion.type === "Failed") failure ??= { error: completion.error };
      if (failure !== undefined) {
        this.dismiss(prompt);
        this.failures = Object.freeze([...this.failures, Object.freeze({ prompt, ...failure })]);
      }
      this.changed();
    });
    return job;
  }

  /** None once others have cut or replaced what was said. */
  private standingFailures(): readonly FailedPrompt[] {
    const rewritten = rewritesOf(this.worker);
    if (rewritten !== this.rewritten) this.failures = NONE_FAILED;
    this.rewritten = rewritten;
    return this.failures;
  }

  private readonly host: Omit<WorkerToHostInterface, "workerStateChange"> = {
    responseChunkReceived() {},
    responseReceived: (_, { stopReason, usage }: ModelResponse) => {
      this.answered = { stopReason, usage };
      this.changed();
    },
    getToolConfirmation: (_, call, signal) =>
      new Promise((resolve) => {
        const question: Question = {
          call,
          answer: (word) => {
            if (this.question === question) this.question = undefined;
            signal.removeEventListener("abort", withdraw);
            resolve(word);
            this.changed();
          },
        };
        const withdraw = () => question.answer("deny");
        if (signal.aborted) return withdraw();
        signal.addEventListener("abort", withdraw, { once: true });
        this.question = question;
        this.changed();
      }),
  };

  /** The question that is shown: a click too many does not answer the next one. */
  private answer(word: "approve" | "deny"): void {
    const { question } = this;
    if (question !== undefined && question.call === this.getSnapshot().asked) question.answer(word);
  }

  private readonly changed = (): void => {
    if (this.listeners.size > 0) this.frame.ask(this.worker.state !== "receiving");
  };

  private show(): void {
    const before = this.shown;
    this.look();
    if (this.shown === before) return;
    for (const listener of [...this.listeners]) listener();
  }

  /** Takes note of what is so now. */
  private look(): void {
    const { shown } = this;
    const { messages, state, lastFailure } = this.read();
    const asked = this.question?.call;
    const waiting = this.runs.filter(({ job }) => job.status === "pending").map(({ prompt }) => prompt);
    const isSame =
      waiting.length === shown?.queued.length && waiting.every((prompt, at) => prompt === shown.queued[at]);
    const queued = isSame ? shown.queued : Object.freeze(waiting);
    const failures = this.standingFailures();
    const { stopReason, usage } = this.answered;
    const said: Said = { messages, state, error: lastFailure, failures, asked, queued, stopReason, usage };
    const names = Object.keys(said) as (keyof Said)[];
    if (shown !== undefined && names.every((name) => Object.is(said[name], shown[name]))) return;
    this.shown = this.viewOf(said);
  }

  private read(): Omit<WorkerSnapshot, "lastFailure"> & { readonly lastFailure: unknown } {
    try {
      return this.worker.getSnapshot();
    } catch (error) {
      // The engine has broken. What was shown before has failed of it.
      if (this.shown === undefined) throw error;
      return { messages: this.shown.messages, state: "failed", lastFailure: error };
    }
  }

  private viewOf(said: Said): UseConversation {
    const { send, approve, deny, stop, regenerate, edit, dismiss } = this;
    return { ...said, send, approve, deny, stop, regenerate, edit, dismiss };
  }
}

function rewritesOf(worker: AgentWorker): number {
  return (worker as SessionWorker).rewrites;
}
