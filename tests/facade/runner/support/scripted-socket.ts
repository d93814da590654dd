import type { ClientMessage } from "jobgate/runner";
import { pendingRecord } from "./records.js";

const stats = { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0, total: 0 };

/** A page's WebSocket whose server is the test. It opens by itself, unless it is closed or to be refused, and is told a state. */
export class ScriptedSocket extends EventTarget {
  readyState = 0;
  bufferedAmount = 0;
  readonly heard: ClientMessage[] = [];

  /** `heard`: what the server does with what it is sent. */
  constructor(
    private readonly hears: (socket: ScriptedSocket, message: ClientMessage, size: number) => void,
    isRefused = false,
  ) {
    super();
    queueMicrotask(() => {
      if (this.readyState === 3) return;
      if (isRefused) this.lose(1006);
      else this.open();
    });
  }

  private open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
    this.say({ type: "queue_state", protocol: 2, seq: 0, jobs: [], stats, ranks: [] });
  }

  send(data: string): void {
    const message = JSON.parse(data);
    this.heard.push(message);
    queueMicrotask(() => this.readyState === 1 && this.hears(this, message, data.length));
  }

  say(message: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
  }

  /** The job that is asked for is made. */
  agree(message: ClientMessage): void {
    if (message.type !== "create_job") return;
    this.say({ type: "ok", request: message.request, job: pendingRecord(message.id ?? ""), seq: 0 });
  }

  lose(code: number): void {
    this.readyState = 3;
    this.dispatchEvent(new CloseEvent("close", { code }));
  }

  close(): void {
    this.readyState = 3;
  }
}
