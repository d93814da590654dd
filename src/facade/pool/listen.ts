// A worker of the web or one of Node's, heard in one way.

import { report } from "../errors.js";
import { textOf } from "../support/look.js";
import type { NodeWorker } from "./types.js";

export type AnyWorker = Worker | NodeWorker;

/** What is heard of a worker. */
export interface WorkerEvents {
  message(data: unknown): void;
  /** A message came that can't be read here. */
  unreadable(): void;
  /** It could not be loaded, or has thrown; `words` for an error's message. */
  failed(words: string, cause?: unknown): void;
  /** It has ended of itself. Of a web worker nobody is told. */
  exited(): void;
}

const METHODS = ["postMessage", "terminate"];
const isNode = (worker: AnyWorker): worker is NodeWorker =>
  !hasMethods(worker, "addEventListener", "removeEventListener");

export function needWorker(worker: AnyWorker): AnyWorker {
  if (hasMethods(worker, ...METHODS) && (!isNode(worker) || hasMethods(worker, "on", "off"))) return worker;
  throw new TypeError("spawn must return a Worker");
}

function hasMethods(worker: AnyWorker | null | undefined, ...names: readonly string[]): boolean {
  return names.every((name) => typeof (worker as Record<string, unknown> | null | undefined)?.[name] === "function");
}

/** Returns what ends it. */
export function listen(worker: AnyWorker, events: WorkerEvents): () => void {
  return isNode(worker) ? listenInNode(worker, events) : listenOnTheWeb(worker, events);
}

function listenOnTheWeb(worker: Worker, events: WorkerEvents): () => void {
  const onMessage = (event: MessageEvent<unknown>) => events.message(event.data);
  const onError = (event: Event) => {
    event.preventDefault();
    // Of a script that is not there, browsers tell nothing but that.
    const { message, filename, lineno } = event as Partial<ErrorEvent>;
    events.failed(
      message ? `said: ${message} (${filename}:${lineno})` : "could not be fetched, or was not allowed to run",
    );
  };
  const { unreadable } = events;
  worker.addEventListener("message", onMessage);
  worker.addEventListener("messageerror", unreadable);
  worker.addEventListener("error", onError);
  return () => {
    worker.removeEventListener("message", onMessage);
    worker.removeEventListener("messageerror", unreadable);
    worker.removeEventListener("error", onError);
  };
}

function listenInNode(worker: NodeWorker, events: WorkerEvents): () => void {
  const onError = (error: unknown) => events.failed(`said: ${textOf(error)}`, error);
  const listeners = [
    ["message", events.message],
    ["messageerror", events.unreadable],
    ["error", onError],
    ["exit", events.exited],
  ] as const;
  for (const [event, listener] of listeners) worker.on(event, listener);
  return () => {
    for (const [event, listener] of listeners) worker.off(event, listener);
    // Whatever it throws on its way out would be an uncaught exception of the whole process.
    worker.on("error", () => {});
  };
}

/** For what may throw and must not keep the rest from being done. */
export function attempt(what: () => void): void {
  try {
    what();
  } catch (error) {
    report(error);
  }
}
