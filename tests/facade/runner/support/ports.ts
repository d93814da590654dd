import type { JobEvent } from "jobgate";
import { type ClientMessage, type JobRunner, QueueClient, type ServerMessage } from "jobgate/runner";
import { onTestFinished } from "vitest";

export const isEnd = (event: JobEvent): event is JobEvent & { readonly job_id: string } =>
  event.type === "job_completed" || event.type === "job_failed" || event.type === "job_cancelled";

type Reply<Type extends ServerMessage["type"]> = Extract<ServerMessage, { type: Type }>;

/** A port that a test speaks the protocol over by hand. */
export function rawPort(runner: JobRunner) {
  const { port1, port2 } = new MessageChannel();
  const received: ServerMessage[] = [];
  const waiting: { fits: (message: ServerMessage) => boolean; resolve: (message: ServerMessage) => void }[] = [];
  port2.onmessage = ({ data }) => {
    received.push(data);
    for (const wait of waiting.filter(({ fits }) => fits(data))) {
      waiting.splice(waiting.indexOf(wait), 1);
      wait.resolve(data);
    }
  };
  const stop = runner.serve(port1);
  onTestFinished(() => {
    port2.close();
  });
  return {
    received,
    stop,
    send: (message: unknown) => port2.postMessage(message),
    next<Type extends ServerMessage["type"]>(type: Type): Promise<Reply<Type>> {
      const fits = (message: ServerMessage) => message.type === type;
      return new Promise((resolve) => waiting.push({ fits, resolve: (message) => resolve(message as Reply<Type>) }));
    },
    /** Everything sent before has been heard and answered. */
    async settled(): Promise<void> {
      const pong = this.next("pong");
      port2.postMessage({ type: "ping" } satisfies ClientMessage);
      await pong;
    },
  };
}

export function newClient(runner: JobRunner): QueueClient {
  const { port1, port2 } = new MessageChannel();
  runner.serve(port1);
  const client = new QueueClient(port2);
  onTestFinished(() => {
    client.close();
    port2.close();
  });
  return client;
}

/** Resolves when something has changed and it is so. */
export function changed(runner: JobRunner, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = runner.subscribe(() => {
      if (!isSo()) return;
      stop();
      resolve();
    });
  });
}

/** Resolves when what the client holds fits. */
export function until(client: QueueClient, fits: (snapshot: ReturnType<QueueClient["getSnapshot"]>) => boolean) {
  return new Promise<void>((resolve) => {
    const look = () => {
      if (!fits(client.getSnapshot())) return;
      stop();
      resolve();
    };
    const stop = client.subscribe(look);
    look();
  });
}
