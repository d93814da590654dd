import { useJob, useJobs } from "jobgate/react";
import { expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { deferred } from "../support/work.js";
import { does, mount } from "./support/render.js";

const boom = () => {
  throw new Error("you looked");
};

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** Values that throw when they are looked at, made anew each time. */
const values: Readonly<Record<string, () => object>> = {
  "a revoked proxy": revoked,
  "a proxy whose traps all throw": () => new Proxy({}, { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom }),
  "getters that throw": () => ({
    get message() {
      return boom();
    },
    get status() {
      return boom();
    },
  }),
  "no prototype": () => Object.create(null),
};

it.each(Object.keys(values))(
  "a state, a result, an error and a key that can't be looked at are shown: %s",
  async (what) => {
    const made = values[what]!;
    const key = made();
    const manager = newManager();
    // A promise would look for its `then`.
    const [state, result, error] = [made(), [made()], made()];
    const ends = [deferred<object>(), deferred<object>()];
    let shown: readonly unknown[] = [];
    function Watcher() {
      const view = useJob(manager, key as never);
      const { jobs, stats } = useJobs(manager);
      shown = [view.state, view.result, view.error];
      return `${view.status} ${jobs.length} ${stats.running}`;
    }
    const mounted = await mount(<Watcher />);
    expect(mounted.text).toBe("idle 0 0");
    await does(() => manager.runJob(key as never, () => ends[0]!.promise, { initialState: state }));
    expect(mounted.text).toBe("running 1 1");
    expect(shown[0] === state).toBe(true);
    await does(() => ends[0]!.resolve(result));
    expect(mounted.text).toMatch(/^completed/);
    expect(shown[1] === result).toBe(true);
    await does(() => manager.runJob(key as never, () => ends[1]!.promise));
    await does(() => ends[1]!.reject(error));
    expect(mounted.text).toMatch(/^failed/);
    expect(shown[2] === error).toBe(true);
    await mounted.unmount();
  },
);
