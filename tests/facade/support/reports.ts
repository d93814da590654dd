import { onTestFinished } from "vitest";
import { type Deferred, deferred } from "./work.js";

/** What `reportError` was given while the test ran; without this, a report fails the test run. */
export interface Reports {
  readonly errors: readonly unknown[];
  /** Resolves when `count` errors have been reported. */
  reached(count: number): Promise<readonly unknown[]>;
}

export function catchReports(): Reports {
  const errors: unknown[] = [];
  const waiting: { readonly count: number; readonly done: Deferred<readonly unknown[]> }[] = [];
  const listener = (event: ErrorEvent) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    errors.push(event.error);
    for (const { count, done } of waiting) if (count === errors.length) done.resolve(errors);
  };
  window.addEventListener("error", listener, true);
  onTestFinished(() => window.removeEventListener("error", listener, true));
  return {
    errors,
    reached(count) {
      if (errors.length >= count) return Promise.resolve(errors);
      const done = deferred<readonly unknown[]>();
      waiting.push({ count, done });
      return done.promise;
    },
  };
}

/**
 * Watches for unhandled rejections. `seen()` makes one of its own and waits until the browser tells of it: browsers tell
 * in the order of the rejections, so whatever was unhandled before it has been told by then.
 */
export function watchRejections(): { seen(): Promise<readonly unknown[]> } {
  const reasons: unknown[] = [];
  const marks = new Map<unknown, Deferred<void>>();
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const mark = marks.get(event.reason);
    if (mark === undefined) reasons.push(event.reason);
    else mark.resolve();
  };
  window.addEventListener("unhandledrejection", listener, true);
  onTestFinished(() => window.removeEventListener("unhandledrejection", listener, true));
  return {
    async seen() {
      const mark = new Error("the mark of the test itself");
      const told = deferred();
      marks.set(mark, told);
      void Promise.reject(mark);
      await told.promise;
      return reasons;
    },
  };
}
