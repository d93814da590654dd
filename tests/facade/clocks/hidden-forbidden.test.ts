import { afterEach, expect, it, vi } from "vitest";
import { newManager } from "../support/manager.js";
import { Work } from "../support/work.js";

const reports = vi.fn();
addEventListener("error", reports);
addEventListener("unhandledrejection", reports);
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** What Chromium gives where a policy forbids the worker: one that never runs, and an event that says so. */
class ForbiddenWorker {
  static made = 0;
  onerror: ((event: Event) => void) | undefined = undefined;
  constructor() {
    ForbiddenWorker.made++;
    queueMicrotask(() => this.onerror?.(new Event("error", { cancelable: true })));
  }
  postMessage(): void {}
  terminate(): void {}
}

it("where a policy forbids the worker of a hidden page, the page's own timers do, and nobody hears of it", async () => {
  vi.stubGlobal("Worker", ForbiddenWorker);
  vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  const manager = newManager();
  for (const key of ["first", "second"]) {
    const work = new Work();
    manager.runJob(key, work.factory, { delay: 10 });
    await work.started();
  }
  expect(ForbiddenWorker.made).toBe(1);
  expect(reports).not.toHaveBeenCalled();
});
