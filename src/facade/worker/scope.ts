// The worker's own end of the line to its pool: a web worker's global scope, or what Node's worker threads have for it.

import type { Answer } from "../pool/messages.js";

/** What a worker is told, and what becomes of it. */
export interface ScopeEvents {
  message(data: unknown): void;
  /** A message came that can't be read here. */
  unreadable(): void;
  /** Something was thrown outside a job, or a rejection was not handled. */
  thrown(error: unknown): void;
  /** It ends itself. */
  closing(): void;
}

export interface Scope {
  post(message: Answer, transfer: Transferable[]): void;
  listen(events: ScopeEvents): void;
}

/** What a worker of its own kind has of this; the library of types for pages does not know it. */
interface WebScope {
  postMessage(message: Answer, transfer?: Transferable[]): void;
  addEventListener(type: "message" | "messageerror", listener: (event: MessageEvent) => void): void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
  close(): void;
}

interface ParentPort {
  postMessage(message: Answer, transfer: Transferable[]): void;
  on(event: "message" | "messageerror", listener: (value: unknown) => void): void;
}

interface NodeProcess {
  getBuiltinModule?(name: "node:worker_threads"): { readonly parentPort: ParentPort | null };
  on(event: "uncaughtException" | "unhandledRejection", listener: (error: unknown) => void): void;
}

/** Undefined where this is no worker. */
export function ownScope(): Scope | undefined {
  if (typeof document !== "undefined") return undefined;
  const scope = globalThis as unknown as WebScope;
  if (typeof scope.postMessage === "function") return webScope(scope);
  const { process } = globalThis as { process?: NodeProcess };
  const port = process?.getBuiltinModule?.("node:worker_threads").parentPort;
  return process !== undefined && port ? nodeScope(process, port) : undefined;
}

function webScope(scope: WebScope): Scope {
  return {
    post(message, transfer) {
      if (transfer.length === 0) scope.postMessage(message);
      else scope.postMessage(message, transfer);
    },
    listen(events) {
      scope.addEventListener("message", (event) => events.message(event.data));
      scope.addEventListener("messageerror", () => events.unreadable());
      scope.addEventListener("error", (event) => {
        event.preventDefault();
        events.thrown(event.error ?? event.message);
      });
      scope.addEventListener("unhandledrejection", (event) => {
        event.preventDefault();
        events.thrown(event.reason);
      });
      const close = scope.close.bind(scope);
      scope.close = () => {
        events.closing();
        close();
      };
    },
  };
}

/** The page hears of its end from Node itself. */
function nodeScope(process: NodeProcess, port: ParentPort): Scope {
  return {
    post: (message, transfer) => port.postMessage(message, transfer),
    listen(events) {
      port.on("message", (data) => events.message(data));
      port.on("messageerror", () => events.unreadable());
      process.on("uncaughtException", (error) => events.thrown(error));
      process.on("unhandledRejection", (reason) => events.thrown(reason));
    },
  };
}
