// What a client has asked and has no answer to yet: sent in its order, a bounded number at a time, each for a bounded
// time.

import { type Deferred, defer } from "../support/defer.js";
import { clearTimer, longestTimeout, setTimer } from "../support/time.js";
import { now } from "../wasm/clock.js";
import { RunnerError } from "./errors.js";
import { bytesOf } from "./port.js";
import type { ClientMessage, ServerMessage } from "./types.js";

/** Calls on their way: what one client asks for is never long in the way of another. */
const WINDOW = 1000;
/** Milliseconds: moments on a clock that has followed another are sums, and what they differ by less is rounding. */
const ROUNDING = 0.001;
/** Once or twice, it is all the same: a job is created under its id. */
const REPEATABLE = new Set<ClientMessage["type"]>(["create_job", "cancel_job", "set_priority"]);

type Told = ServerMessage & { readonly type: "ok" | "error" };
/** `isAgain`: it was asked more than once, and an earlier time may have been heard, too. */
type Answer = Told & { readonly isAgain: boolean };

interface Call extends Deferred<Answer> {
  readonly message: ClientMessage;
  readonly deadline: number;
  isAgain: boolean;
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
  private timer: unknown = undefined;

  constructor(timeout: number, post: (message: ClientMessage) => void) {
    this.timeout = timeout;
    this.post = post;
    // Unlike those of any other client at the same channel.
    this.serial = crypto.getRandomValues(new Uint32Array(1))[0]! * 2 ** 20;
  }

  /** Resolves with the runner's answer, yes or no; rejects with E_DISCONNECTED, or what `fail` is given. */
  ask(make: (request: number) => ClientMessage): Promise<Answer> {
    const request = ++this.serial;
    const call: Call = {
      ...defer<Answer>(),
      message: make(request),
      deadline: now() + this.timeout,
      isAgain: false,
    };
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

  /** The port is lost, and with it the answers to what was sent: what may not be asked twice is not waited for. */
  lose(): void {
    this.open = false;
    for (const [request, { message, reject }] of this.sent) {
      if (REPEATABLE.has(message.type)) continue;
      const why = "The port was lost before the answer came: whether it was done is not known";
      reject(new RunnerError(why, "E_DISCONNECTED"));
      this.leave(request);
    }
  }

  /** The port takes messages again: what may have got lost is asked again. */
  reopen(): void {
    this.lose();
    const later = [...this.waiting];
    this.waiting.clear();
    for (const [request, call] of this.sent) {
      call.isAgain = true;
      this.waiting.set(request, call);
    }
    this.sent.clear();
    for (const [request, call] of later) this.waiting.set(request, call);
    this.setOpen(true);
  }

  /** One that nobody waits for any more, or that another has asked, is passed over. */
  answer(message: Told): void {
    const { request } = message;
    if (request === undefined) return;
    const call = this.sent.get(request);
    call?.resolve({ ...message, isAgain: call.isAgain });
    this.leave(request);
  }

  /**
   * The other end has closed the port for the size of one of those on their way. None of that size would be answered, so
   * the largest of them is not asked again.
   */
  refuseLargest(): void {
    let most = 0;
    let largest: number | undefined;
    for (const [request, { message }] of this.sent) {
      const bytes = bytesOf(message);
      if (bytes > most) [most, largest] = [bytes, request];
    }
    if (largest === undefined) return;
    this.sent.get(largest)!.reject(new RunnerError(`The other end takes no message of ${most} bytes`, "E_REFUSED"));
    this.leave(largest);
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
      clearTimer(this.timer);
      this.timer = undefined;
      return;
    }
    if (this.timer !== undefined || this.timeout === Infinity) return;
    const wait = Math.min(Math.ceil(Math.max(this.firstDeadline() - now() - ROUNDING, 0)), longestTimeout());
    const due = now() + wait;
    this.timer = setTimer(() => {
      this.timer = undefined;
      // That moment has come, whatever a clock says that a test has stopped.
      this.expire(Math.max(now(), due));
      this.arm();
    }, wait);
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
        if (deadline > moment + ROUNDING) continue;
        reject(new RunnerError(`No answer came in ${this.timeout} ms`, "E_DISCONNECTED"));
        calls.delete(request);
      }
    }
    this.pump();
  }
}
