import { type SharedJobType, SharedRunner, type SharedRunnerOptions } from "jobgate/shared";
import { onTestFinished } from "vitest";

/** A type that has nothing but a name and a body. */
export function type<Params = unknown, Result = unknown, State = unknown, Action = unknown>(
  name: string,
  execute: SharedJobType<Params, Result, State, Action>["execute"],
  more: Partial<SharedJobType<Params, Result, State, Action>> = {},
): SharedJobType<Params, Result, State, Action> {
  return { name, description: "", params: [], execute, ...more };
}

/** A queue of this test's own. Each runner of it is as a tab: what they have in common is the store, locks and hints. */
export function queue(shared: SharedRunnerOptions = {}) {
  const name = crypto.randomUUID();
  const runners = new Set<SharedRunner>();
  onTestFinished(async () => {
    for (const runner of runners) await runner.close();
    indexedDB.deleteDatabase(`jobgate:${name}`);
  });
  return {
    name,
    open(options: SharedRunnerOptions = {}): SharedRunner {
      const runner = new SharedRunner({ name, builtins: false, ...shared, ...options });
      runners.add(runner);
      return runner;
    },
  };
}

/** Resolves when it is so; looked at whenever the runner says that something has changed. */
export function until<T>(runner: SharedRunner, look: () => T | undefined | false): Promise<T> {
  return new Promise((resolve) => {
    const check = () => {
      const found = look();
      if (found === undefined || found === false) return;
      leave();
      resolve(found);
    };
    const leave = runner.subscribe(check);
    check();
  });
}

export const ended = (runner: SharedRunner, id: string) =>
  until(runner, () => {
    const record = runner.getJob(id);
    return record?.completed_at === undefined ? undefined : record;
  });

/** A promise, and what settles it. */
export function latch<T = void>() {
  let open!: (value: T) => void;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}
