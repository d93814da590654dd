// A port over WebSockets, one after the other.

import { checkNumber, checkObject, needFunction } from "../support/check.js";
import { fieldOf } from "../support/look.js";
import { chance, clearTimer, longestTimeout, setTimer } from "../support/time.js";
import type { Millis } from "../types.js";
import { COMES_BACK, listenTo, type PortListeners, tryPost } from "./port.js";
import type { QueuePort } from "./types.js";

export interface ReconnectOptions {
  /**
   * The longest wait before the first attempt to come back; doubled for each that fails. Finite and above 0.
   * @default 250
   */
  min?: Millis;
  /**
   * The longest wait of all. Finite, at least `min`.
   * @default 30_000
   */
  max?: Millis;
}

const [CONNECTING, OPEN, CLOSED] = [0, 1, 3];
/** Characters that may wait. */
const MOST_WAITING = 16_000_000;
/** Milliseconds of silence after which the other end is asked whether it is there, and for which it may go on. */
const SILENCE = 30_000;
const PATIENCE = 10_000;

/**
 * A port over WebSockets that comes back by itself, for a QueueClient, in pages, workers and Node. A socket that is lost
 * is followed by the next, which `open` makes, after a random wait of up to `min`, and of up to twice as long after each
 * attempt that fails, up to `max`; at once when the machine is online again or the page is shown again. What is sent
 * meanwhile waits, up to 16,000,000 characters. A socket that is silent for 30 seconds is asked with the protocol's `ping`, and given up 10 seconds later.
 *
 * `close` ends the socket, and it does not come back any more. Throws what `open` throws the first time; from then on
 * that is an attempt that has failed.
 *
 * ```ts
 * const queue = new QueueClient(reconnecting(() => new WebSocket("wss://jobs.example/queue")));
 * ```
 */
export function reconnecting(open: () => WebSocket, options: ReconnectOptions = {}): QueuePort & { close(): void } {
  needFunction("open", open);
  checkObject("options", options);
  const min = checkNumber("min", options.min, 250);
  const max = checkNumber("max", options.max, Math.max(30_000, min));
  if (!(min > 0 && min < Infinity)) throw new RangeError(`min must be finite and above 0, got ${min}`);
  if (!(max >= min && max < Infinity)) throw new RangeError(`max must be finite and at least min, got ${max}`);
  return new Reconnecting(open, min, max);
}

class Reconnecting implements QueuePort {
  readonly [COMES_BACK] = true;
  private state = CONNECTING;
  private readonly events = new EventTarget();
  private readonly openSocket: () => WebSocket;
  private readonly min: Millis;
  private readonly max: Millis;
  private socket: WebSocket | undefined = undefined;
  private leave = () => {};
  /** Attempts since the other end was heard last. */
  private failures = 0;
  private timer: unknown = undefined;
  private waiting: string[] = [];
  private waitingSize = 0;
  /** The other end has been asked whether it is there. */
  private asked = false;

  constructor(open: () => WebSocket, min: Millis, max: Millis) {
    this.openSocket = open;
    this.min = min;
    this.max = max;
    this.connect();
    globalThis.addEventListener?.("online", this.hurry);
    globalThis.document?.addEventListener("visibilitychange", this.shown);
  }

  /** A socket that closes takes nothing any more, before it says so. */
  get readyState(): number {
    return this.state === OPEN && this.socket?.readyState !== OPEN ? CONNECTING : this.state;
  }

  get bufferedAmount(): number {
    return this.waitingSize + (this.socket?.bufferedAmount ?? 0);
  }

  readonly addEventListener: QueuePort["addEventListener"] = (type, listener) => {
    this.events.addEventListener(type, listener as unknown as EventListener);
  };

  readonly removeEventListener: QueuePort["removeEventListener"] = (type, listener) => {
    this.events.removeEventListener(type, listener as unknown as EventListener);
  };

  /** Throws InvalidStateError once the port is closed, QuotaExceededError where too much waits. */
  readonly send = (data: string): void => {
    if (this.readyState === CLOSED) throw new DOMException("The port was closed", "InvalidStateError");
    if (this.readyState === OPEN) {
      this.socket!.send(data);
      return;
    }
    if (this.waitingSize + data.length > MOST_WAITING) {
      throw new DOMException(`More than ${MOST_WAITING} characters wait to be sent`, "QuotaExceededError");
    }
    this.waiting.push(data);
    this.waitingSize += data.length;
  };

  readonly close = (): void => {
    if (this.readyState === CLOSED) return;
    globalThis.removeEventListener?.("online", this.hurry);
    globalThis.document?.removeEventListener("visibilitychange", this.shown);
    this.drop();
    this.waiting = [];
    this.waitingSize = 0;
    this.tell(CLOSED, "close");
  };

  /** Throws what `open` throws. */
  private connect(): void {
    const socket = this.openSocket();
    checkObject("open()", socket);
    needFunction("open().addEventListener", socket?.addEventListener);
    this.socket = socket;
    // By whoever makes the sockets.
    if (this.state === CLOSED) {
      this.drop();
      return;
    }
    const listeners: PortListeners = {
      open: () => this.opened(),
      message: ({ data }) => this.heard(data),
      close: (event) => this.lost(fieldOf(event, "code")),
    };
    this.leave = listenTo(socket as unknown as QueuePort, listeners);
    if (socket.readyState === OPEN) this.opened();
    else this.wait(SILENCE, () => this.lost());
  }

  private opened(): void {
    this.listenFor(SILENCE);
    const { waiting } = this;
    this.waiting = [];
    this.waitingSize = 0;
    this.state = OPEN;
    for (const data of waiting) this.send(data);
    this.tell(OPEN, "open");
  }

  private heard(data: unknown): void {
    this.failures = 0;
    this.asked = false;
    this.listenFor(SILENCE);
    this.events.dispatchEvent(new MessageEvent("message", { data }));
  }

  private listenFor(time: Millis): void {
    this.wait(time, () => (this.asked ? this.lost() : this.ask()));
  }

  private lost(code?: unknown): void {
    this.drop();
    if (this.state === CLOSED) return;
    const longest = Math.min(this.min * 2 ** this.failures++, this.max);
    this.wait(chance() * longest, this.again);
    if (this.state === OPEN) this.tell(CONNECTING, "close", code);
  }

  private readonly again = (): void => {
    this.drop();
    try {
      this.connect();
    } catch {
      this.lost();
    }
  };

  /** There is a network again, or someone who looks. */
  private readonly hurry = (): void => {
    if (this.socket === undefined) this.again();
    // It may have been lost without a word, while the machine slept.
    else if (this.readyState === OPEN && !this.asked) this.ask();
  };

  private readonly shown = (): void => {
    if (globalThis.document?.visibilityState !== "hidden") this.hurry();
  };

  private ask(): void {
    this.asked = true;
    this.listenFor(PATIENCE);
    tryPost(this, { type: "ping" });
  }

  private drop(): void {
    this.asked = false;
    clearTimer(this.timer);
    this.leave();
    const { socket } = this;
    this.socket = undefined;
    // One that is connecting says that it could not: to nobody.
    socket?.addEventListener("error", () => {});
    try {
      socket?.close();
    } catch {
      // It has gone.
    }
  }

  private wait(time: Millis, then: () => void): void {
    clearTimer(this.timer);
    this.timer = setTimer(then, Math.min(time, longestTimeout()));
  }

  /** `code`: why the socket was closed, where that said so. */
  private tell(state: number, type: "open" | "close", code?: unknown): void {
    this.state = state;
    this.events.dispatchEvent(Object.assign(new Event(type), { code }));
  }
}
