// A job that is run again under its id, and a body that does something with the queue before it first waits.

import { expect, it } from "vitest";
import { changed, newClient, until } from "./support/ports.js";
import { ended, heldType, newRunner } from "./support/runner.js";

/** Done at the start of a body that then waits for the test. */
function startsWith(begin: () => void) {
  const { type, held } = heldType();
  const starting = {
    ...type,
    name: "starting",
    execute: (...given: Parameters<typeof type.execute>) => {
      begin();
      return type.execute(...given);
    },
  };
  return { types: [type, starting], held };
}

it("a body that clears what has finished is known under its id, which it has from one that had finished", async () => {
  const { types } = startsWith(() => runner.clearCompleted());
  const runner = newRunner({ types });
  const early = newClient(runner);
  await until(early, ({ connected }) => connected);
  await ended(runner, runner.createJob("echo", { message: "first", delay: 1 }, { id: "one" }).id);
  runner.createJob("starting", {}, { id: "one" });
  expect(runner.getJob("one")).toMatchObject({ type: "starting", status: "running" });
  expect(runner.getAllJobs()).toEqual([runner.getJob("one")]);
  await until(early, () => early.getJob("one")?.status === "running");
  expect(await early.setPriority("one", 3)).toBe(true);
  expect(early.getAllJobs()).toHaveLength(1);
  const late = newClient(runner);
  await until(late, ({ connected }) => connected);
  expect(late.getAllJobs()).toEqual(runner.getAllJobs());
  expect(runner.cancelJob("one")).toBe(true);
  expect(await ended(runner, "one")).toMatchObject({ status: "cancelled" });
});

it("a finished job is run again under the retry rule that it had, whatever became of the caller's", async () => {
  const { type, held } = heldType();
  const runner = newRunner({ types: [type] });
  const retry = { limit: 1, delay: 0 };
  const { id } = runner.createJob("held", {}, { retry });
  retry.limit = -1;
  runner.cancelJob(id);
  held[0]?.work.resolve("too late");
  await ended(runner, id);
  const again = runner.retryJob(id);
  const isTriedAgain = changed(runner, () => held.length === 3);
  held[1]?.work.reject(new Error("once"));
  await isTriedAgain;
  expect(held[2]?.context).toMatchObject({ id: again.id, attempt: 2 });
});

it("a job that such a body makes is kept when it has finished, as any other is", async () => {
  const { types, held } = startsWith(() => {
    runner.clearCompleted();
    runner.createJob("held", { label: "made inside" }, { id: "two" });
  });
  const runner = newRunner({ types });
  await ended(runner, runner.createJob("echo", { message: "first", delay: 1 }, { id: "one" }).id);
  runner.createJob("starting", {}, { id: "one" });
  for (const { work } of held) work.resolve("done");
  await Promise.all([ended(runner, "one"), ended(runner, "two")]);
  expect(runner.getAllJobs().map(({ id }) => id)).toEqual(expect.arrayContaining(["one", "two"]));
  expect(runner.clearCompleted()).toBe(2);
  expect(runner.getAllJobs()).toEqual([]);
});
