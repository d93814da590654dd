// StrictMode, transitions that are drawn in slices, and unmounting in the middle of it.

import type { JobContext, JobManager } from "jobgate";
import { useJob } from "jobgate/react";
import * as React from "react";
import { StrictMode, startTransition, useLayoutEffect, version } from "react";
import { createRoot } from "react-dom/client";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { type AnyManager, newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { untilAborted, Work } from "../support/work.js";
import { actEnvironment, does, mount, newContainer } from "./support/render.js";

it("this is the React that the project is named after", () => {
  expect(Number.parseInt(version, 10)).toBe(inject("reactMajor"));
});

describe("under StrictMode", () => {
  function Watcher({ manager }: { manager: AnyManager }) {
    const { status, state, run } = useJob(manager, "key");
    const start = () => run(untilAborted, { initialState: "new" });
    return (
      <button type="button" onClick={start}>
        {`${status} ${state}`}
      </button>
    );
  }

  it("shows a job from its start to its end, and is listening once", async () => {
    const manager = newManager();
    let listening = 0;
    const counted = (unsubscribe: () => void) => {
      listening += 1;
      return () => {
        listening -= 1;
        unsubscribe();
      };
    };
    const { onKeyChange } = manager;
    manager.onKeyChange = (key, listener) => counted(onKeyChange(key, listener));
    manager.subscribe = () => expect.unreachable("one hook does not listen to all jobs of a manager");
    const mounted = await mount(
      <StrictMode>
        <Watcher manager={manager} />
      </StrictMode>,
    );
    expect(listening).toBe(1);
    await does(() => mounted.container.querySelector("button")?.click());
    expect(mounted.text).toBe("running new");
    await does(() => manager.stopJob("key"));
    expect(mounted.text).toBe("cancelled new");
    expect(listening).toBe(1);
    await mounted.unmount();
    expect(listening).toBe(0);
  });

  it("is listening once to a job that runs, and no more when it is unmounted", async () => {
    const manager = newManager();
    const { job } = manager.runJob("key", untilAborted);
    let listening = 0;
    const { onStateChange } = job;
    const counted: typeof onStateChange = (listener) => {
      const unsubscribe = onStateChange(listener);
      listening += 1;
      return () => {
        listening -= 1;
        unsubscribe();
      };
    };
    Object.defineProperty(job, "onStateChange", { value: counted });
    const mounted = await mount(
      <StrictMode>
        <Watcher manager={manager} />
      </StrictMode>,
    );
    expect(listening).toBe(1);
    await mounted.unmount();
    expect(listening).toBe(0);
  });
});

/** Keeps the page busy, so that React has to draw a tree of these in many slices. */
function busy(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

const COMPONENTS = 60;
type Numbers = JobManager<string, number, never, unknown>;

/** How often what was on the page at one time differed, while the state changed in between the slices. */
async function differences(useNumber: (manager: Numbers) => number | undefined) {
  const manager = newManager() as Numbers;
  let context!: JobContext<number>;
  const body = (given: JobContext<number>) => {
    context = given;
    return untilAborted(given);
  };
  manager.runJob("key", body, { initialState: 0 });
  const Slow = () => {
    busy(2);
    return <i>{useNumber(manager)}</i>;
  };
  actEnvironment(false);
  const container = newContainer();
  const root = createRoot(container);
  onTestFinished(() => root.unmount());
  const shown = () => Array.from(container.querySelectorAll("i"), ({ textContent }) => textContent);
  let changes = 0;
  let torn = 0;
  startTransition(() => root.render(Array.from({ length: COMPONENTS }, (_, index) => <Slow key={`${index}`} />)));
  // One turn at a time, React's and this one's: until the tree is there, and a few changes of it more.
  for (let after = 0; after < 5; after += shown().length > 0 ? 1 : 0) {
    await turn();
    if (new Set(shown()).size > 1) torn += 1;
    context.setState((changes += 1));
  }
  await turn();
  return { changes, torn, last: shown() };
}

describe("drawn in slices while the state changes", () => {
  it("all components of a slow tree show the same, and in the end the newest", async () => {
    const { changes, torn, last } = await differences((manager) => useJob(manager, "key").state);
    expect(changes).toBeGreaterThan(10);
    expect(torn).toBe(0);
    expect(last).toEqual(Array(COMPONENTS).fill(String(changes)));
  });

  it("where they would read the job by themselves, they would differ: this test would see it", async () => {
    const { torn } = await differences((manager) => manager.getRunningJob("key")?.state);
    expect(torn).toBeGreaterThan(0);
  });

  it("a tree that comes to an end with its job shows how it ended", async () => {
    const manager = newManager();
    const work = new Work();
    manager.runJob("key", work.factory);
    const Slow = () => {
      busy(2);
      return <i>{useJob(manager, "key").status}</i>;
    };
    actEnvironment(false);
    const container = newContainer();
    const root = createRoot(container);
    onTestFinished(() => root.unmount());
    root.render(<Slow />);
    await drawn(container, 1);
    startTransition(() => root.render(Array.from({ length: COMPONENTS }, (_, index) => <Slow key={`${index}`} />)));
    await turn();
    work.resolve("done");
    await manager.onIdle();
    await drawn(container, COMPONENTS);
    const shown = new Set(Array.from(container.querySelectorAll("i"), ({ textContent }) => textContent));
    // Who came after the end has never seen a job.
    expect([...shown].sort()).not.toContain("running");
  });
});

async function drawn(container: HTMLElement, count: number): Promise<void> {
  while (container.querySelectorAll("i").length !== count) await turn();
}

describe("a job that comes and goes while a component does not listen", () => {
  const shown = { text: "" };
  function Watcher({ manager, start = false }: { manager: AnyManager; start?: boolean }) {
    const { job, status, result, run } = useJob(manager, "key");
    useLayoutEffect(() => {
      if (start) startInLayout(() => run(() => "new"));
    }, [start, run]);
    shown.text = `${job?.id} ${status} ${result}`;
    return <i>{shown.text}</i>;
  }

  /** Ended before React comes to subscribe: it leaves the rest for another turn when it has been held up. */
  function startInLayout(start: () => unknown): void {
    start();
    busy(20);
  }

  async function withOneRetained() {
    const manager = newManager({ retain: 3 });
    await manager.runJob("key", () => "old").job.settled;
    return manager;
  }

  async function shows(manager: AnyManager, tree: React.ReactNode) {
    actEnvironment(false);
    const root = createRoot(newContainer());
    onTestFinished(() => root.unmount());
    root.render(tree);
    const last = () => manager.getLastJob("key");
    await expect.poll(() => manager.stats.completed).toBe(2);
    await expect.poll(() => shown.text).toBe(`${last()?.id} completed new`);
  }

  it("is shown by one that is drawn, where another has started it from a layout effect", async () => {
    const manager = await withOneRetained();
    const Starter = () => {
      useLayoutEffect(() => startInLayout(() => manager.runJob("key", () => "new")), []);
      return null;
    };
    await shows(manager, [<Watcher key="1" manager={manager} />, <Starter key="2" />]);
  });

  it("is shown by one that has started it itself, from its own layout effect", async () => {
    const manager = await withOneRetained();
    await shows(manager, <Watcher manager={manager} start />);
  });

  const { Activity } = React as Partial<typeof React>;
  if (Activity === undefined) return;

  it("is shown by one that was hidden meanwhile, and what completed before it failed", async () => {
    const manager = await withOneRetained();
    const page = (mode: "hidden" | "visible") => (
      <Activity mode={mode}>
        <Watcher manager={manager} />
      </Activity>
    );
    const mounted = await mount(page("visible"));
    expect(shown.text).toMatch(/completed old$/);
    await mounted.draw(page("hidden"));
    await does(() => manager.runJob("key", () => "new").job.settled);
    const failed = manager.runJob("key", () => Promise.reject(new Error("broken"))).job;
    await does(() => failed.settled);
    await mounted.draw(page("visible"));
    expect(shown.text).toBe(`${failed.id} failed new`);
  });
});
