import type { QueuePort } from "jobgate/runner";

type Listener = (event: { data: unknown }) => void;

/** Both ends of a port that says nothing of how much it holds; what is sent to the client waits while it sleeps. */
export class Sleeper {
  isAsleep = false;
  /** What has been sent to the client and not been heard yet. */
  readonly held: unknown[] = [];
  readonly served: QueuePort;
  readonly clientEnd: QueuePort;
  private readonly atClient = new Set<Listener>();

  constructor() {
    const atRunner = new Set<Listener>();
    this.served = {
      postMessage: (message) => {
        this.held.push(structuredClone(message));
        queueMicrotask(() => this.pass());
      },
      addEventListener: (type: string, listener: Listener) => type === "message" && atRunner.add(listener),
      removeEventListener: (_, listener) => atRunner.delete(listener),
    };
    this.clientEnd = {
      postMessage: (message) => {
        const data = structuredClone(message);
        queueMicrotask(() => {
          for (const listener of atRunner) listener({ data });
        });
      },
      addEventListener: (type: string, listener: Listener) => type === "message" && this.atClient.add(listener),
      removeEventListener: (_, listener) => this.atClient.delete(listener),
    };
  }

  wake(): void {
    this.isAsleep = false;
    this.pass();
  }

  private pass(): void {
    while (!this.isAsleep && this.held.length > 0) {
      const data = this.held.shift();
      for (const listener of this.atClient) listener({ data });
    }
  }
}
