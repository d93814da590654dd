// Random histories of one key, watched by components that come and go: each shows what a model of it says.

import type { ManagedJob } from "jobgate";
import { type UseJob, useJob } from "jobgate/react";
import { StrictMode } from "react";
import { expect, it } from "vitest";
import { type AnyManager, newManager } from "../support/manager.js";
import { Work } from "../support/work.js";
import { randomOf } from "./support/random.js";
import { does, mount } from "./support/render.js";

// biome-ignore lint/suspicious/noExplicitAny: not about types
type AnyView = UseJob<any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: not about types
type Watched = ManagedJob<any, any, any, any>;

const SEEDS = 30;
const STEPS = 40;

/** What one component has to show: it is told of nothing but what the manager itself says. */
class Expected {
  private job: Watched | undefined = undefined;
  private result: unknown = undefined;

  constructor(manager: AnyManager) {
    const retained = manager.jobs("completed").filter(({ key }) => key === "key");
    const last = retained.sort((one, other) => (one.finishedAt ?? 0) - (other.finishedAt ?? 0)).at(-1);
    if (last?.completion?.type === "Normal") this.result = last.completion.result;
    this.job = manager.getLastJob("key");
  }

  /** Of a job that ended: once each, in the order of their ends. */
  ended(job: Watched): void {
    if (job.completion?.type === "Normal") this.result = job.completion.result;
    this.job = job;
  }

  look(manager: AnyManager) {
    const job = manager.getRunningJob("key") ?? this.job;
    return {
      job,
      status: job?.status ?? "idle",
      isActive: job?.status === "pending" || job?.status === "running",
      state: job?.state,
      progress: job?.progress ?? { percent: 0, message: "" },
      attempt: job?.attempt ?? 0,
      lastError: job?.lastError,
      result: this.result,
      error: job?.completion?.type === "Failed" ? job.completion.error : undefined,
    };
  }
}

async function play(seed: number): Promise<void> {
  const random = randomOf(seed);
  const manager = newManager({ retain: random(2) * 5 });
  const works: Work[] = [];
  let step = 0;
  const watchers: { view: AnyView; expected: Expected; mounted: Awaited<ReturnType<typeof mount>> }[] = [];
  manager.onJobEnded((job) => {
    for (const { expected } of watchers) expected.ended(job);
  });
  const add = async () => {
    const watcher = { view: undefined as unknown as AnyView, expected: new Expected(manager) };
    function Watcher() {
      const view = useJob(manager, "key");
      // Every field is read.
      watcher.view = { ...view, progress: { ...view.progress } };
      return view.status;
    }
    const node = random(2) === 0 ? <Watcher /> : <StrictMode children={<Watcher />} />;
    watchers.push(Object.assign(watcher, { mounted: await mount(node) }));
  };
  const open = () => {
    const running = works.filter((work) => work.starts > 0);
    return running[random(running.length)];
  };
  const duplicates = ["join", "replace", "queue"] as const;
  const steps: (() => unknown)[] = [
    () => {
      const work = new Work();
      works.push(work);
      const options = {
        initialState: `state ${works.length}`,
        onDuplicate: duplicates[random(3)]!,
        retry: { limit: random(2), delay: 1 + random(2) * 100_000, jitter: "none" as const },
      };
      const { run } = watchers[random(watchers.length)]?.view ?? {};
      const job = run?.(work.factory, options) ?? manager.runJob("key", work.factory, options).job;
      expect(job.key).toBe("key");
    },
    // Some that come and go before anybody can look.
    () => {
      for (let at = 0; at <= random(3); at += 1) {
        const isWell = random(2) === 0;
        const quick = () => (isWell ? `quick ${step}.${at}` : Promise.reject(new Error(`quick ${step}.${at}`)));
        manager.runJob("key", quick, { onDuplicate: "queue" });
      }
    },
    () => open()?.resolve(`result ${works.length}`),
    () => open()?.reject(new Error(`error ${works.length}`)),
    () => open()?.context.setState(`later ${works.length}`),
    () => open()?.context.progress(random(101), "on its way"),
    () => void manager.stopJob("key"),
    () => void watchers[random(watchers.length)]?.view.stop("by a component"),
    () => manager.jobs().map(({ id }) => random(2) === 0 && manager.forget(id)),
    () => (random(2) === 0 ? manager.pause() : manager.resume()),
  ];
  for (; step < STEPS; step += 1) {
    const choice = random(steps.length + 2);
    if (choice === steps.length && watchers.length < 4) await add();
    else if (choice > steps.length && watchers.length > 0) {
      const [gone] = watchers.splice(random(watchers.length), 1);
      await gone?.mounted.unmount();
    } else await does(() => steps[choice % steps.length]?.());
    for (const { view, expected } of watchers) {
      expect(view, `seed ${seed}, step ${step}`).toMatchObject(expected.look(manager));
      expect(view.job, `seed ${seed}, step ${step}`).toBe(expected.look(manager).job);
    }
  }
  for (const { mounted } of watchers) await mounted.unmount();
}

it.each(Array.from({ length: SEEDS }, (_, at) => at + 1))("history %d", play);
