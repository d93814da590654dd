// What a runner has to say over one port: sent in one go, in a microtask, and kept back while the port is full. What
// the next of its kind overtakes (progress, the state) is sent once in a while, or ahead of whatever else is to be said.

import { isFull, isOver, post } from "./port.js";
import type { QueuePort, ServerMessage } from "./types.js";

/** Messages that wait for a port that is full. Of more events, the whole state takes the place. */
const MOST_WAITING = 1000;
/** Milliseconds between two looks at a port that is full. */
const PATIENCE = 50;
/** Milliseconds between two messages that the later one overtakes: not all ports tell how much they hold. */
const PACE = 16;

interface Waiting {
  /** Called when it is sent: by then whatever is going on has been taken in. */
  readonly make: () => ServerMessage;
  /** Somebody waits for it. */
  readonly isAnswer: boolean;
}

export interface Sender {
  state(): ServerMessage;
  /** The port takes nothing any more, or its other end asks without listening. */
  gone(): void;
}

export class Outbox {
  private readonly port: QueuePort;
  private readonly sender: Sender;
  private readonly waiting = new Map<string | number, Waiting>();
  /** The state goes behind what led to it. */
  private stateWanted = false;
  /** When something was sent last, and when the state was. */
  private sentAt = -Infinity;
  private stateAt = -Infinity;
  /** When what waits is sent. */
  private due = Infinity;
  private timer: ReturnType<typeof setTimeout> | undefined = undefined;
  private full = false;
  private serial = 0;
  private closed = false;

  constructor(port: QueuePort, sender: Sender) {
    this.port = port;
    this.sender = sender;
  }

  event(make: () => ServerMessage): void {
    this.put(this.serial++, { make, isAnswer: false }, 0);
  }

  /** Takes the place of what waits under the key. */
  newest(key: string, make: () => ServerMessage): void {
    this.put(key, { make, isAnswer: false }, 0);
  }

  /** Likewise, and not at once after something else. */
  progress(key: string, make: () => ServerMessage): void {
    this.put(key, { make, isAnswer: false }, this.sentAt + PACE);
  }

  answer(message: ServerMessage): void {
    this.put(this.serial++, { make: () => message, isAnswer: true }, 0);
  }

  state(): void {
    this.stateWanted = true;
    this.schedule(this.stateAt + PACE);
  }

  /** Sends what waits, full or not: it is bounded, and there are ends among it. Then this, and nothing after it. */
  close(last?: ServerMessage): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    if (last !== undefined && !isOver(this.port)) {
      try {
        for (const { make } of this.waiting.values()) post(this.port, make());
        if (this.stateWanted) post(this.port, this.sender.state());
      } catch {
        // The engine has broken, or the port.
      }
      try {
        post(this.port, last);
      } catch {
        // Nobody is there to be told.
      }
    }
    this.waiting.clear();
  }

  private put(key: string | number, waiting: Waiting, at: number): void {
    if (this.closed) return;
    this.waiting.delete(key);
    this.waiting.set(key, waiting);
    if (this.full && this.waiting.size > MOST_WAITING) this.condense();
    else this.schedule(at);
  }

  private condense(): void {
    for (const [key, { isAnswer }] of this.waiting) if (!isAnswer) this.waiting.delete(key);
    this.stateWanted = true;
    if (this.waiting.size <= MOST_WAITING / 2) return;
    this.stateWanted = false;
    this.waiting.clear();
    this.sender.gone();
  }

  /** Sends at that time, or before: in a microtask, if it has come. A port that is full is looked at in its own time. */
  private schedule(at: number): void {
    if (this.closed || this.full || at >= this.due) return;
    clearTimeout(this.timer);
    const wait = at - performance.now();
    // No earlier time is to come.
    this.due = wait > 0 ? at : -Infinity;
    if (wait > 0) this.timer = setTimeout(() => this.flush(), wait);
    else queueMicrotask(() => this.flush());
  }

  private flush(): void {
    if (this.closed) return;
    this.due = Infinity;
    this.full = false;
    if (isOver(this.port)) {
      this.sender.gone();
      return;
    }
    try {
      this.send(performance.now());
    } catch {
      this.sender.gone();
    }
  }

  private send(now: number): void {
    for (const [key, { make }] of this.waiting) {
      if (isFull(this.port)) break;
      this.waiting.delete(key);
      post(this.port, make());
      this.sentAt = now;
    }
    const wanted = this.stateWanted && !this.closed && now >= this.stateAt + PACE;
    if (wanted && this.waiting.size === 0 && !isFull(this.port)) {
      this.stateWanted = false;
      this.stateAt = now;
      this.sentAt = now;
      post(this.port, this.sender.state());
    } else if (this.waiting.size > 0 || wanted) {
      this.schedule(now + PATIENCE);
      this.full = true;
    } else if (this.stateWanted) this.schedule(this.stateAt + PACE);
  }
}
