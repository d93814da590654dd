// What a client has asked and has no answer to yet: sent in its order, a bounded number at a time, each for a bounded
// time.

import { type Deferred, defer } from "../support/defer.js";
import { LONGEST_TIMEOUT } from "../support/time.js";
import { RunnerError } from "./errors.js";
import type { ClientMessage, ServerMessage } from "./types.js";

/** Calls on their way: what one client asks for is never long in the way of another. */
const WINDOW = 1000;
/** Once or twice, it is all the same: a job is created under its id. */
const REPEATABLE = new Set<ClientMessage["type"]>(["create_job", "cancel_job", "set_priority"]);

type Answer = ServerMessage & { readonly type: "ok" | "error" };

interface Call extends Deferred<Answer> {
  readonly message: ClientMessage;
  readonly deadline: number;
}

export class Calls {
  /** By number, in the order in which they are sent: not always that of their deadlines, for some are sent twice. */
  private readonly waiting = new Map<number, Call>();
  private readonly sent = new Map<number, Call>();
  private readonly timeout: number;
  /** Throws what the port throws. */
  private readonly post: (message: ClientMessage) => void;
  private serial: number;
  private open = false;
  private timer: ReturnType<typeof setTimeout> | undefined = undefined;

  constructor(timeout: number, post: (message: ClientMessage) => void) {
    this.timeout = timeout;
    this.post = post;
    // Unlike those of any other client at the same channel.
    this.serial = crypto.getRandomValues(new Uint32Array(1))[0]! * 2 ** 20;
  }

  /** Resolves with the runner's answer, yes or no; rejects with E_DISCONNECTED, or what `fail` is given. */
  ask(make: (request: number) => ClientMessage): Promise<Answer> {
    const request = ++this.serial;
    const call: Call = { ...defer<Answer>(), message: make(request), deadline: performance.now() + this.timeout };
    this.waiting.set(request, call);
    this.arm();
    this.pump();
    return call.promise;
  }

  /** The port takes messages, or no more. */
  setOpen(open: boolean): void {
    this.open = open;
    this.pump();
  }

  /** The port takes messages again: what may have got lost, and may be asked twice, is asked again. */
  reopen(): void {
    const later = [...this.waiting];
    this.waiting.clear();
    for (const [request, call] of this.sent) if (REPEATABLE.has(call.message.type)) this.waiting.set(request, call);
    for (const request of this.waiting.keys()) this.sent.delete(request);
    for (const [request, call] of later) this.waiting.set(request, call);
    this.setOpen(true);
  }

  /** One that nobody waits for any more, or that another has asked, is passed over. */
  answer(message: Answer): void {
    const { request } = message;
    if (request === undefined) return;
    this.sent.get(request)?.resolve(message);
    this.leave(request);
  }

  /** No answer will come. */
  fail(error: Error): void {
    for (const calls of [this.sent, this.waiting]) {
      for (const { reject } of calls.values()) reject(error);
      calls.clear();
    }
    this.arm();
  }

  private pump(): void {
    for (const [request, call] of this.waiting) {
      if (!this.open || this.sent.size >= WINDOW) return;
      this.waiting.delete(request);
      this.sent.set(request, call);
      try {
        this.post(call.message);
      } catch (cause) {
        call.reject(new RunnerError("The port does not take messages", "E_DISCONNECTED", { cause }));
        this.leave(request);
      }
    }
  }

  private leave(request: number): void {
    this.sent.delete(request);
    this.pump();
    if (this.sent.size + this.waiting.size === 0) this.arm();
  }

  /** One timer for the earliest deadline. */
  private arm(): void {
    if (this.sent.size + this.waiting.size === 0) {
      clearTimeout(this.timer);
      this.timer = undefined;
      return;
    }
    if (this.timer !== undefined || this.timeout === Infinity) return;
    const due = Math.min(this.firstDeadline(), performance.now() + LONGEST_TIMEOUT);
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        // That moment has come, whatever a clock says that a test has stopped.
        this.expire(Math.max(performance.now(), due));
        this.arm();
      },
      Math.ceil(Math.max(due - performance.now(), 0)),
    );
  }

  private firstDeadline(): number {
    let first = Infinity;
    for (const calls of [this.sent, this.waiting]) {
      for (const { deadline } of calls.values()) first = Math.min(first, deadline);
    }
    return first;
  }

  private expire(moment: number): void {
    for (const calls of [this.sent, this.waiting]) {
      for (const [request, { deadline, reject }] of calls) {
        if (deadline > moment) continue;
        reject(new RunnerError(`No answer came in ${this.timeout} ms`, "E_DISCONNECTED"));
        calls.delete(request);
      }
    }
    this.pump();
  }
}
