// What a runner has to say over one port: sent in one go, in a microtask, and kept back while the port is full.

import { isFull, post } from "./port.js";
import type { QueuePort, ServerMessage } from "./types.js";

/** Messages that wait for a port that is full. Of more events, the whole state takes the place. */
const MOST_WAITING = 1000;
/** Milliseconds between two looks at a port that is full. */
const PATIENCE = 50;

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
  private scheduled = false;
  private timer: ReturnType<typeof setTimeout> | undefined = undefined;
  private serial = 0;
  private closed = false;

  constructor(port: QueuePort, sender: Sender) {
    this.port = port;
    this.sender = sender;
  }

  /** With a key, it takes the place of what waits under it. */
  event(make: () => ServerMessage, key: string | number = this.serial++): void {
    this.put(key, { make, isAnswer: false });
  }

  answer(message: ServerMessage): void {
    this.put(this.serial++, { make: () => message, isAnswer: true });
  }

  state(): void {
    this.stateWanted = true;
    this.schedule();
  }

  /** Sends this instead of what waits, as far as the port takes it, and nothing after it. */
  close(last?: ServerMessage): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    this.waiting.clear();
    if (last === undefined) return;
    try {
      post(this.port, last);
    } catch {
      // Nobody is there to be told.
    }
  }

  private put(key: string | number, waiting: Waiting): void {
    if (this.closed) return;
    this.waiting.delete(key);
    this.waiting.set(key, waiting);
    if (this.timer !== undefined && this.waiting.size > MOST_WAITING) this.condense();
    else this.schedule();
  }

  private condense(): void {
    for (const [key, { isAnswer }] of this.waiting) if (!isAnswer) this.waiting.delete(key);
    this.stateWanted = true;
    if (this.waiting.size > MOST_WAITING / 2) this.sender.gone();
  }

  private schedule(): void {
    if (this.scheduled || this.timer !== undefined) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.closed) return;
    try {
      for (const [key, { make }] of this.waiting) {
        if (isFull(this.port)) break;
        this.waiting.delete(key);
        post(this.port, make());
      }
      if (this.stateWanted && this.waiting.size === 0 && !isFull(this.port)) {
        this.stateWanted = false;
        post(this.port, this.sender.state());
      }
    } catch {
      this.sender.gone();
      return;
    }
    if (this.waiting.size > 0 || this.stateWanted) this.waitForRoom();
  }

  private waitForRoom(): void {
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.flush();
    }, PATIENCE);
  }
}
