import type { QueueClient } from "jobgate/runner";
import { type HostKind, openHost } from "./host/open-host.ts";
import type { CallName, Fault, HostCalls, HostMessage, PageMessage } from "./host/protocol.ts";
import { runWorker } from "./host/run-worker.ts";
import { PacedClient } from "./paced-client.ts";

const PING_MS = 2000;
/** An answer that takes longer will not come. */
const ANSWER_MS = 5000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;

export type Phase = "connecting" | "live" | "lost";

/** What the host refused, or that it could not be asked. Faults of params are in `errors`. */
export class CallError extends Error {
  readonly errors: NonNullable<Fault["errors"]>;
  constructor({ message, errors = [] }: Fault) {
    super(message);
    this.errors = errors;
  }
}

export interface Hearer {
  phase(phase: Phase, kind: HostKind | undefined): void;
  /** A client that has heard from the runner; it stays what the page shows until there is another. */
  queue(client: QueueClient): void;
  host(message: Exclude<HostMessage, { type: "answer" | "spawn" }>): void;
}

interface Link {
  readonly client: QueueClient;
  readonly queue: MessagePort;
  readonly controls: MessagePort;
  /** Each ends a worker that this page runs for the host. */
  readonly workers: Set<() => void>;
}

interface Call {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: CallError) => void;
}

/**
 * The line to the runner's host. A browser does not say that a shared worker has died: a ping without an answer does.
 * Then the line is made anew, until one is answered; the queue's state comes first on every line.
 */
export class Connection {
  private readonly hearer: Hearer;
  private readonly calls = new Map<number, Call>();
  private link: Link | undefined;
  private kind: HostKind | undefined;
  private phase: Phase = "connecting";
  private serial = 0;
  private retryMs = FIRST_RETRY_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(hearer: Hearer) {
    this.hearer = hearer;
    // A page that leaves says so; one that comes back from the browser's cache begins anew.
    addEventListener("pagehide", () => this.drop("The page was left"));
    addEventListener("pageshow", ({ persisted }) => persisted && this.reconnect());
  }

  /** Opens the line now, also while waiting for the next try. */
  reconnect(): void {
    this.drop("The line is made anew");
    void this.open();
  }

  /** Rejects with CallError: with what the host refused, or because it is out of reach. */
  call<Name extends CallName>(name: Name, ...args: Parameters<HostCalls[Name]>): Promise<ReturnType<HostCalls[Name]>> {
    const { link } = this;
    if (!link) return Promise.reject(new CallError({ message: "There is no connection to the runner" }));
    const serial = ++this.serial;
    return new Promise((resolve, reject) => {
      this.calls.set(serial, { resolve: resolve as Call["resolve"], reject });
      post(link, { type: "call", serial, name, args });
    });
  }

  cancelJob(id: string): void {
    this.link?.client.cancelJob(id);
  }

  clearCompleted(): void {
    this.link?.client.clearCompleted();
  }

  private async open(): Promise<void> {
    const queue = new MessageChannel();
    const controls = new MessageChannel();
    const client = new PacedClient(queue.port1);
    const link: Link = { client, queue: queue.port1, controls: controls.port1, workers: new Set() };
    this.link = link;
    const current = () => this.link === link;
    const lose = (why: string) => current() && this.lose(why);

    const awaitQueue = client.subscribe(() => {
      if (!client.getSnapshot().connected) return;
      awaitQueue();
      if (current()) this.hearer.queue(client);
    });
    link.controls.addEventListener("message", ({ data, ports }: MessageEvent<HostMessage>) => {
      if (current()) this.hear(data, ports);
    });
    link.controls.addEventListener("close", () => lose("The port has closed"));
    link.controls.start();
    this.timer = setTimeout(() => lose("The runner does not answer"), ANSWER_MS);
    try {
      const door = await openHost(lose);
      if (!current()) return;
      this.kind = door.kind;
      door.connect(queue.port2, controls.port2);
    } catch (error) {
      lose(String(error));
    }
  }

  private hear(message: HostMessage, [port]: readonly MessagePort[]): void {
    if (message.type === "spawn") {
      const workers = this.link?.workers;
      if (!port || !workers) return;
      const end = runWorker(port, () => workers.delete(end));
      workers.add(end);
      return;
    }
    if (message.type === "answer") {
      const call = this.calls.get(message.serial);
      this.calls.delete(message.serial);
      if (message.fault) call?.reject(new CallError(message.fault));
      else call?.resolve(message.value);
      return;
    }
    this.hearer.host(message);
    if (message.type !== "welcome") return;
    this.retryMs = FIRST_RETRY_MS;
    this.setPhase("live");
    this.watchPulse();
  }

  /** Asks again and again whether the host is there. */
  private watchPulse(): void {
    clearTimeout(this.timer);
    const { link } = this;
    this.timer = setTimeout(() => {
      this.timer = setTimeout(() => this.lose("The runner does not answer"), ANSWER_MS);
      this.call("ping").then(
        () => this.link === link && this.watchPulse(),
        () => {},
      );
    }, PING_MS);
  }

  private lose(why: string): void {
    this.drop(why);
    this.setPhase("lost");
    this.timer = setTimeout(() => void this.open(), this.retryMs);
    this.retryMs = Math.min(LAST_RETRY_MS, this.retryMs * 2);
  }

  private drop(why: string): void {
    clearTimeout(this.timer);
    const { link } = this;
    this.link = undefined;
    if (link) {
      post(link, { type: "leave" });
      link.client.close();
      link.queue.close();
      link.controls.close();
      for (const end of link.workers) end();
    }
    const lost = [...this.calls.values()];
    this.calls.clear();
    for (const { reject } of lost) reject(new CallError({ message: why }));
  }

  private setPhase(phase: Phase): void {
    this.phase = phase;
    this.hearer.phase(phase, this.kind);
  }
}

function post({ controls }: Link, message: PageMessage): void {
  controls.postMessage(message);
}
