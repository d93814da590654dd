// What sessions speak over: a page's WebSocket, or any port before its queue is known.

import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { numberIn } from "../../runner/client-message.js";
import { listenTo } from "../../runner/port.js";
import type { QueuePort } from "../../runner/types.js";
import { Limiter, type RateLimit } from "./limiter.js";

type Listener = (event: { data: unknown }) => void;

/** Close codes of WebSockets. */
export const CLOSE = { goingAway: 1001, policy: 1008, tryAgain: 1013 } as const;

export class SocketPort implements QueuePort {
  /** It has been heard since it was last asked whether it is there. */
  isAlive = true;
  private readonly socket: WebSocket;
  private readonly raw: Duplex;
  private readonly limiter: Limiter;
  /** How many more may be refused before it is closed. */
  private patience: number;
  private readonly mostPatience: number;
  private readonly listeners = { message: new Set<Listener>(), close: new Set<Listener>() };
  private isCorked = false;

  constructor(socket: WebSocket, raw: Duplex, rateLimit: RateLimit) {
    this.socket = socket;
    this.raw = raw;
    this.limiter = new Limiter(rateLimit);
    this.mostPatience = Math.max(rateLimit.limit, 10);
    this.patience = this.mostPatience;
    socket.on("message", (data, isBinary) => this.hear(data, isBinary));
    socket.on("pong", () => {
      this.isAlive = true;
    });
    // Followed by "close".
    socket.on("error", () => {});
    socket.on("close", () => {
      for (const listener of [...this.listeners.close]) listener({ data: undefined });
    });
  }

  get readyState(): number {
    return this.socket.readyState;
  }

  get bufferedAmount(): number {
    return this.socket.bufferedAmount;
  }

  /** Of what is told here: of anything else nobody would hear. */
  addEventListener(type: string, listener: Listener): void {
    this.listeners[type as "message"]?.add(listener);
  }

  removeEventListener(type: string, listener: Listener): void {
    this.listeners[type as "message"]?.delete(listener);
  }

  /** What is sent in one go leaves in one go. */
  send(data: string): void {
    if (!this.isCorked) {
      this.isCorked = true;
      this.raw.cork();
      queueMicrotask(() => {
        this.isCorked = false;
        this.raw.uncork();
      });
    }
    this.socket.send(data);
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }

  /** Ends it where it has not been heard since the last time. */
  probe(): void {
    if (!this.isAlive) {
      this.terminate();
      return;
    }
    this.isAlive = false;
    if (this.readyState === this.socket.OPEN) this.socket.ping();
  }

  private hear(data: RawData, isBinary: boolean): void {
    this.isAlive = true;
    const text = isBinary ? undefined : String(data);
    if (!this.limiter.take()) {
      this.refuse(text);
      return;
    }
    this.patience = this.mostPatience;
    for (const listener of [...this.listeners.message]) listener({ data: text });
  }

  private refuse(text: string | undefined): void {
    this.patience -= 1;
    if (this.patience < 0) {
      this.close(CLOSE.policy, "Too many messages");
      return;
    }
    const request = text === undefined ? undefined : numberIn(text);
    const named = request !== undefined && { request };
    this.send(JSON.stringify({ type: "error", error: "Too many messages", code: 429, ...named }));
  }
}

/** Messages that are kept for a session that is about to begin. */
const MOST_KEPT = 1000;

/** Hears at once; who listens later is told what has come before. */
export function keepingEarly(port: QueuePort): { readonly port: QueuePort; readonly leave: () => void } {
  const kept: { data: unknown }[] = [];
  const leaveEarly = listenTo(port, { message: (event) => kept.length < MOST_KEPT && kept.push({ data: event.data }) });
  const later: QueuePort = {
    ...(typeof port.postMessage === "function" && { postMessage: (message: unknown) => port.postMessage!(message) }),
    ...(typeof port.send === "function" && { send: (data: string) => port.send!(data) }),
    addEventListener(type, listener) {
      port.addEventListener(type, listener);
      if ((type as string) !== "message") return;
      leaveEarly();
      for (const event of kept.splice(0)) queueMicrotask(() => listener(event));
    },
    removeEventListener: (type, listener) => port.removeEventListener(type, listener),
    get readyState() {
      return port.readyState;
    },
    get bufferedAmount() {
      return port.bufferedAmount;
    },
  } as QueuePort;
  port.start?.();
  return { port: later, leave: leaveEarly };
}
