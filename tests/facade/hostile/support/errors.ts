import { onTestFinished } from "vitest";
import { type Deferred, deferred } from "../../support/work.js";

/** What went to nobody while the test ran, in a page and in Node alike; without this, any of it fails the test run. */
export interface StrayErrors {
  /** Given to `reportError`. */
  readonly reported: readonly unknown[];
  /** Thrown where nobody catches. */
  readonly uncaught: readonly unknown[];
  /** Rejections that nobody handled until now: platforms tell of them in their order, so one of our own ends the list. */
  unhandled(): Promise<readonly unknown[]>;
}

/** `reportError` itself is `report`, called with each error after it was written down. */
export function catchStrayErrors(report: (error: unknown) => void = () => {}): StrayErrors {
  const reported: unknown[] = [];
  const uncaught: unknown[] = [];
  const rejected: unknown[] = [];
  const marks = new Map<unknown, Deferred<void>>();
  const onRejection = (reason: unknown) => {
    const mark = marks.get(reason);
    if (mark === undefined) rejected.push(reason);
    else mark.resolve();
  };

  const native = Object.getOwnPropertyDescriptor(globalThis, "reportError");
  Object.defineProperty(globalThis, "reportError", {
    configurable: true,
    writable: true,
    value: (error: unknown) => {
      reported.push(error);
      report(error);
    },
  });
  onTestFinished(() => {
    if (native === undefined) Reflect.deleteProperty(globalThis, "reportError");
    else Object.defineProperty(globalThis, "reportError", native);
  });
  if (typeof document === "undefined") listenInNode((error) => uncaught.push(error), onRejection);
  else listenInPage((error) => uncaught.push(error), onRejection);

  return {
    reported,
    uncaught,
    async unhandled() {
      const mark = new Error("the mark of the test itself");
      const told = deferred();
      marks.set(mark, told);
      void Promise.reject(mark);
      await told.promise;
      return rejected;
    },
  };
}

type OnError = (error: unknown) => void;

function listenInPage(onUncaught: OnError, onRejection: OnError): void {
  const quietly = (event: Event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const uncaught = (event: ErrorEvent) => {
    quietly(event);
    onUncaught(event.error);
  };
  const rejection = (event: PromiseRejectionEvent) => {
    quietly(event);
    onRejection(event.reason);
  };
  window.addEventListener("error", uncaught, true);
  window.addEventListener("unhandledrejection", rejection, true);
  onTestFinished(() => {
    window.removeEventListener("error", uncaught, true);
    window.removeEventListener("unhandledrejection", rejection, true);
  });
}

/** The test runner's own listeners are put away for the time: Node has no way to keep an error from them. */
function listenInNode(onUncaught: OnError, onRejection: OnError): void {
  const listened = { uncaughtException: onUncaught, unhandledRejection: onRejection };
  for (const [event, listener] of Object.entries(listened)) {
    const others = process.rawListeners(event) as ((...given: unknown[]) => void)[];
    process.removeAllListeners(event);
    process.on(event, listener);
    onTestFinished(() => {
      process.removeListener(event, listener);
      for (const other of others) process.on(event, other);
    });
  }
}
