import type { AgentWorker } from "jobgate/agents";
import type { UseConversation } from "jobgate/react";
import { describe, expect, it } from "vitest";
import { Host } from "../agents/support/host.js";
import { type HeldProvider, saying } from "../agents/support/session.js";
import { said, watched, watcher } from "./support/conversation.js";
import { drawn } from "./support/render.js";

describe("prompts that failed", () => {
  const fail = async (provider: HeldProvider, count: number, error: unknown) =>
    (await provider.requested(count)).answer.reject(error);
  const [first, second] = [new Error("out of order"), new Error("still out of order")];

  it("are shown after others were answered, in order, until they are dismissed", async () => {
    const { seen, answer, shows, provider } = await watched();
    for (const prompt of ["one", "two", "three"]) seen.view.send(prompt);
    await fail(provider, 1, first);
    await provider.requested(2);
    await expect.poll(() => seen.view.failures).toEqual([{ prompt: "one", error: first }]);
    await fail(provider, 2, second);
    await answer(3, "3");
    await shows("inactive: three | 3");
    const both = [
      { prompt: "one", error: first },
      { prompt: "two", error: second },
    ];
    expect(seen.view).toMatchObject({ error: undefined, queued: [], failures: both });
    seen.view.send("four");
    await provider.requested(4);
    expect(seen.view.failures).toEqual(both);
    await answer(4, "4");
    await shows("inactive: three | 3 | four | 4");
    expect(seen.view.failures).toEqual(both);
    seen.view.dismiss("nobody asked this");
    expect(seen.view.failures).toEqual(both);
    seen.view.dismiss("one");
    await expect.poll(() => seen.view.failures).toEqual([both[1]]);
    seen.view.send("two");
    await answer(5, "2");
    await shows("inactive: three | 3 | four | 4 | two | 2");
    expect(seen.view.failures).toEqual([]);
  });

  it("leave when they are asked again, and come back if they fail again", async () => {
    const { seen, answer, shows, provider } = await watched();
    for (const prompt of ["one", "two"]) seen.view.send(prompt);
    await fail(provider, 1, first);
    await fail(provider, 2, first);
    await expect.poll(() => seen.view.failures.map(({ prompt }) => prompt)).toEqual(["one", "two"]);
    await expect.poll(() => seen.view.state).toBe("failed");
    seen.view.regenerate();
    await provider.requested(3);
    await expect.poll(() => seen.view.failures).toEqual([{ prompt: "one", error: first }]);
    await fail(provider, 3, second);
    await expect.poll(() => seen.view.failures.at(-1)).toEqual({ prompt: "two", error: second });
    expect(seen.view.failures).toHaveLength(2);
    seen.view.send("one");
    await answer(4, "1");
    await shows("inactive: one | 1");
    await expect.poll(() => seen.view.failures).toEqual([{ prompt: "two", error: second }]);
  });

  it("stay the same array while others are stopped, and are shown to whoever comes later", async () => {
    const { seen, provider, mounted, session, worker } = await watched();
    seen.view.send("one");
    seen.view.send("two");
    await fail(provider, 1, first);
    await provider.requested(2);
    await expect.poll(() => seen.view.failures).toHaveLength(1);
    const { failures } = seen.view;
    await seen.view.stop();
    await expect.poll(() => seen.view.state).toBe("inactive");
    expect(seen.view.failures).toBe(failures);
    mounted.unmount();
    const next = watcher(session, worker);
    drawn(<next.Watcher />);
    await expect.poll(() => next.seen.view.failures).toBe(failures);
  });

  it("leave with the message that they are part of", async () => {
    const { seen, answer, shows, provider } = await watched();
    seen.view.send("stopped");
    await provider.requested(1);
    await seen.view.stop();
    seen.view.send("one");
    await fail(provider, 2, first);
    await expect.poll(() => seen.view.failures).toEqual([{ prompt: "one", error: first }]);
    seen.view.regenerate();
    await answer(3, "1");
    await shows("inactive: stopped\n\none | 1");
    expect(seen.view.failures).toEqual([]);
  });

  it.each([
    ["truncate", (worker: AgentWorker) => worker.truncate(0)],
    ["setMessages", (worker: AgentWorker) => worker.setMessages([])],
  ] as const)("are gone with what was said: %s", async (_, forget) => {
    const { seen, provider, worker } = await watched();
    seen.view.send("one");
    await fail(provider, 1, first);
    await expect.poll(() => seen.view.failures).toHaveLength(1);
    await expect.poll(() => seen.view.state).toBe("failed");
    forget(worker);
    await expect.poll(() => seen.view.failures).toEqual([]);
  });

  it.each([
    ["regenerate", ({ regenerate }: UseConversation) => regenerate()],
    ["edit", ({ edit }: UseConversation) => edit(0, "uno")],
  ] as const)(
    "are not sent with the next where asking again is stopped before it is its turn: %s",
    async (_, again) => {
      const { seen, answer, shows, provider, session } = await watched({ concurrency: 1 });
      seen.view.send("one");
      await fail(provider, 1, first);
      await shows("failed: one");
      session.run(session.createWorker({ name: "other" }), { prompt: "busy" }, new Host());
      await provider.requested(2);
      again(seen.view);
      await expect.poll(() => seen.view.queued).toHaveLength(1);
      await seen.view.stop();
      await shows("failed: one");
      expect(seen.view.failures).toEqual([{ prompt: "one", error: first }]);
      await answer(2, "done");
      seen.view.send("two");
      expect(said((await provider.requested(3)).request.messages)).toEqual(["two"]);
      await answer(3, "2");
      await shows("inactive: two | 2");
    },
  );

  it("are those whose answer was empty, too", async () => {
    const { seen, answer, shows, provider } = await watched();
    seen.view.send("one");
    (await provider.requested()).answer.resolve({ ...saying(""), stopReason: "content_filter" });
    await expect.poll(() => seen.view.failures).toHaveLength(1);
    expect(seen.view.failures[0]).toMatchObject({ prompt: "one", error: { stopReason: "content_filter" } });
    seen.view.send("two");
    await answer(2, "2");
    await shows("inactive: two | 2");
  });

  it("are shown where their job was stopped as its worker failed", async () => {
    const { seen, answer, shows, provider, session, worker } = await watched();
    seen.view.send("one");
    const [job] = session.jobs;
    worker.onStateChange((state) => {
      if (state === "failed") void job!.stop("enough");
    });
    await fail(provider, 1, first);
    expect((await job!.wait()).type).toBe("Cancelled");
    await shows("failed: one");
    await expect.poll(() => seen.view.failures).toEqual([{ prompt: "one", error: first }]);
    seen.view.send("two");
    expect(said((await provider.requested(2)).request.messages)).toEqual(["two"]);
    await answer(2, "2");
    await shows("inactive: two | 2");
  });

  it("stay where another is edited, or an edit is refused", async () => {
    const { seen, answer, shows, provider, session } = await watched();
    seen.view.send("one");
    seen.view.send("two");
    await fail(provider, 1, first);
    await answer(2, "2");
    await shows("inactive: two | 2");
    const failures = [{ prompt: "one", error: first }];
    seen.view.edit(0, "zwei");
    await fail(provider, 3, second);
    await expect.poll(() => seen.view.failures).toEqual([...failures, { prompt: "zwei", error: second }]);
    seen.view.edit(0, "deux");
    await fail(provider, 4, first);
    await expect.poll(() => seen.view.failures).toEqual([...failures, { prompt: "deux", error: first }]);
    await session.close();
    expect(() => seen.view.edit(0, "deux")).toThrow(expect.objectContaining({ code: "E_CLOSED" }));
    await shows("failed: deux");
    expect(seen.view.failures).toHaveLength(2);
  });
});
