// What a runner has to say over one port: sent in one go, in a microtask, and kept back while the port is full. What
// the next of its kind overtakes (progress, the state) is sent once in a while, or ahead of whatever else is to be said.

import { Alarm } from "../wasm/alarm.js";
import { now } from "../wasm/clock.js";
import { isFull, isOver, post, tryPost } from "./port.js";
import type { AnyServerMessage, QueuePort } from "./types.js";

/** Messages that wait for a port that is full. Of more events, the whole state takes the place. */
const MOST_WAITING = 1000;
/** Milliseconds between two looks at a port that is full. */
const PATIENCE = 50;
/** Milliseconds between two messages that the later one overtakes: not all ports tell how much they hold. */
const PACE = 16;
/** Sending the state may take one part in so many of the time, however large the state is. */
const STATE_SHARE = 20;
/** Messages on their way to an end that acknowledges. */
const WINDOW = 128;
/** Every so many messages, it is asked how far it has come. */
const ACK_EVERY = 32;

interface Waiting {
  /** Called when it is sent: by then whatever is going on has been taken in. */
  readonly make: () => AnyServerMessage;
  /** Somebody waits for it. */
  readonly isAnswer: boolean;
}

export interface Sender {
  state(): AnyServerMessage;
  /** The port takes nothing any more, or its other end asks without listening. */
  gone(): void;
}

export class Outbox {
  private readonly port: QueuePort;
  private readonly sender: Sender;
  private readonly waiting = new Map<string | number, Waiting>();
  /** The state goes behind what led to it. */
  private stateWanted = false;
  /** It has taken the place of events, and goes ahead of answers: these are about jobs that the events told. */
  private stateFirst = false;
  /** When something was sent last, and when the state may be sent next. */
  private sentAt = -Infinity;
  private stateDue = -Infinity;
  /** When what waits is sent. */
  private due = Infinity;
  private readonly alarm = new Alarm();
  private full = false;
  private serial = 0;
  private closed = false;
  /** The other end acknowledges: how many were sent since it said so, and up to which it has heard all. */
  private acknowledges = false;
  private sent = 0;
  private heard = 0;

  constructor(port: QueuePort, sender: Sender) {
    this.port = port;
    this.sender = sender;
  }

  event(make: () => AnyServerMessage): void {
    this.put(this.serial++, { make, isAnswer: false }, 0);
  }

  /** Takes the place of what waits under the key. */
  newest(key: string, make: () => AnyServerMessage): void {
    this.put(key, { make, isAnswer: false }, 0);
  }

  /** Likewise, and not at once after something else. */
  progress(key: string, make: () => AnyServerMessage): void {
    this.put(key, { make, isAnswer: false }, this.sentAt + PACE);
  }

  answer(message: AnyServerMessage): void {
    this.put(this.serial++, { make: () => message, isAnswer: true }, 0);
  }

  state(): void {
    this.stateWanted = true;
    this.schedule(this.stateDue);
  }

  /**
   * From here on no more is on its way to the other end than it can take in at once. Who says so has just begun to
   * listen: what was sent before, to whoever was there, is not on its way any more.
   */
  awaitAcks(): void {
    this.acknowledges = true;
    this.ack(this.sent);
  }

  ack(number: number): void {
    this.heard = Math.min(Math.max(this.heard, number), this.sent);
    if (!this.full) return;
    // In place of the next look at the port.
    this.alarm.clear();
    this.flush();
  }

  /** Sends what waits, full or not: it is bounded, and there are ends among it. Then this, and nothing after it. */
  close(last?: AnyServerMessage): void {
    if (this.closed) return;
    this.closed = true;
    this.alarm.clear();
    if (last !== undefined) this.sendLast(last);
    this.waiting.clear();
  }

  private sendLast(last: AnyServerMessage): void {
    try {
      if (isOver(this.port)) return;
      for (const { make } of this.waiting.values()) post(this.port, make());
      if (this.stateWanted) post(this.port, this.sender.state());
    } catch {
      // The engine has broken, or the port.
    }
    tryPost(this.port, last);
  }

  private put(key: string | number, waiting: Waiting, at: number): void {
    if (this.closed) return;
    this.waiting.delete(key);
    this.waiting.set(key, waiting);
    if (this.full && this.waiting.size > MOST_WAITING) this.condense();
    else this.schedule(at);
  }

  private condense(): void {
    this.dropEvents();
    this.stateWanted = true;
    this.stateFirst = true;
    // One that acknowledges may be about to do so: it has asked for more than it has heard, but not without end.
    if (this.waiting.size <= (isFull(this.port) ? MOST_WAITING / 2 : MOST_WAITING * 2)) return;
    this.stateWanted = false;
    this.waiting.clear();
    this.sender.gone();
  }

  private hasAnswers(): boolean {
    for (const { isAnswer } of this.waiting.values()) if (isAnswer) return true;
    return false;
  }

  private dropEvents(): void {
    for (const [key, { isAnswer }] of this.waiting) if (!isAnswer) this.waiting.delete(key);
  }

  /** Sends at that time, or before: in a microtask, if it has come. A port that is full is looked at in its own time. */
  private schedule(at: number): void {
    if (this.closed || this.full || at >= this.due) return;
    this.alarm.clear();
    const wait = at - now();
    // No earlier time is to come.
    this.due = wait > 0 ? at : -Infinity;
    if (wait > 0) this.alarm.set(at, () => this.flush());
    else queueMicrotask(() => this.flush());
  }

  private flush(): void {
    if (this.closed) return;
    this.due = Infinity;
    this.full = false;
    try {
      if (isOver(this.port)) this.sender.gone();
      else this.send(now());
    } catch {
      this.sender.gone();
    }
  }

  private isFull(): boolean {
    return isFull(this.port) || (this.acknowledges && this.sent - this.heard >= WINDOW);
  }

  private post(message: AnyServerMessage): void {
    if (!this.acknowledges) post(this.port, message);
    else if (++this.sent % ACK_EVERY === 0) post(this.port, { ...message, ack: this.sent });
    else post(this.port, message);
  }

  private sendState(moment: number): void {
    this.stateFirst = false;
    this.stateWanted = false;
    const began = now();
    this.post(this.sender.state());
    this.sentAt = moment;
    this.stateDue = moment + Math.max(PACE, (now() - began) * STATE_SHARE);
  }

  private send(moment: number): void {
    if (this.stateFirst && this.hasAnswers() && !this.isFull()) {
      this.dropEvents();
      this.sendState(moment);
    }
    for (const [key, { make }] of this.waiting) {
      if (this.isFull()) break;
      this.waiting.delete(key);
      this.post(make());
      this.sentAt = moment;
    }
    const wanted = this.stateWanted && !this.closed && moment >= this.stateDue;
    if (wanted && this.waiting.size === 0 && !this.isFull()) this.sendState(moment);
    else if (this.waiting.size > 0 || wanted) {
      // An end that has not acknowledged says so itself when it has.
      if (isFull(this.port)) this.schedule(moment + PATIENCE);
      this.full = true;
    } else if (this.stateWanted) this.schedule(this.stateDue);
  }
}
