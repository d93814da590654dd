import type { QueuePort, ServerMessage } from "jobgate/runner";

type Listener = (event: { data: unknown }) => void;

/** The runner's end of a WebSocket as far as a runner looks at it; the test is the network. */
export class FakeSocket implements QueuePort {
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: ServerMessage[] = [];
  /** Resolves once nobody listens any more. */
  readonly left: Promise<void>;
  /** The client's end, for one that is to hear what is sent from here on. */
  readonly otherEnd: QueuePort;
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly hearers = new Set<Listener>();
  private told: () => void = () => {};
  private leave: () => void = () => {};

  constructor() {
    this.left = new Promise((resolve) => {
      this.leave = resolve;
    });
    this.otherEnd = {
      send: (data) => this.hear(JSON.parse(data)),
      addEventListener: (type: string, listener: Listener) => type === "message" && this.hearers.add(listener),
      removeEventListener: (_, listener) => this.hearers.delete(listener),
    };
  }

  send(data: string): void {
    if (this.readyState === 0) throw new DOMException("still connecting", "InvalidStateError");
    this.sent.push(JSON.parse(data));
    this.told();
    for (const hearer of this.hearers) hearer({ data });
  }

  addEventListener(type: string, listener: (event: { data: unknown }) => void): void {
    this.listeners.set(type, (this.listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: (event: { data: unknown }) => void): void {
    this.listeners.get(type)?.delete(listener);
    if (this.listenerCount === 0) this.leave();
  }

  get listenerCount(): number {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Something from the other end. */
  hear(message: object): void {
    for (const listener of this.listeners.get("message") ?? []) listener({ data: JSON.stringify(message) });
  }

  close(): void {
    this.readyState = 3;
    for (const listener of this.listeners.get("close") ?? []) listener({ data: undefined });
  }

  /** Resolves once something that fits has been sent. */
  until(fits: (message: ServerMessage) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.told = () => this.sent.some(fits) && resolve();
      this.told();
    });
  }
}
