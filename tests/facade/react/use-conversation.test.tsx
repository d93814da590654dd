import { type AgentWorker, Session } from "jobgate/agents";
import { useConversation } from "jobgate/react";
import { StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { calling, HeldProvider, newTool, newWorker, saying } from "../agents/support/session.js";
import { microtask, turn } from "../support/turns.js";
import { said, watched, watcher } from "./support/conversation.js";
import { drawn } from "./support/render.js";

/** A tool that asks, and a model that calls it so many times at once and then says so. */
async function asking(calls = 1) {
  const run = vi.fn(async () => "used");
  const conversation = await watched({ tools: [newTool("tool", run)] });
  conversation.seen.view.send("use it");
  const first = await conversation.provider.requested();
  first.answer.resolve(calling(...Array<string>(calls).fill("tool")));
  await expect.poll(() => conversation.seen.view.asked?.id).toBe("call_0");
  return { ...conversation, run };
}

describe("useConversation", () => {
  it("shows what is said as it streams, drawn no oftener than the screen", async () => {
    const { provider, seen, mounted, shows } = await watched();
    await shows("inactive: ");
    seen.view.send("hello");
    const { context, answer } = await provider.requested();
    let frames = 0;
    let streaming = true;
    const count = () => {
      frames += 1;
      if (streaming) requestAnimationFrame(count);
    };
    await new Promise(requestAnimationFrame);
    requestAnimationFrame(count);
    const before = seen.times;
    const began = performance.now();
    for (let at = 0; at < 400; at += 1) {
      await context.send({ type: "text", text: "a" });
      if (at % 40 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    await shows(`receiving: hello | ${"a".repeat(400)}`);
    answer.resolve(saying("a".repeat(400)));
    await shows(`inactive: hello | ${"a".repeat(400)}`);
    streaming = false;
    expect(seen.times - before).toBeGreaterThan(1);
    // The first of them was asked for in the frame before. While the screen shows none, it is drawn every 100 ms.
    const unshown = Math.ceil((performance.now() - began) / 100);
    expect(seen.times - before).toBeLessThanOrEqual(frames + 1 + unshown);
    expect(mounted.complaints()).toEqual([]);
  });

  it("shows why the model stopped and what its answer took, until the next run begins", async () => {
    const { provider, seen, shows } = await watched();
    const shown = () => ({ stopReason: seen.view.stopReason, usage: seen.view.usage });
    const none = { stopReason: undefined, usage: undefined };
    expect(shown()).toEqual(none);
    seen.view.send("hello");
    const usage = { inputTokens: 3, outputTokens: 2 };
    (await provider.requested()).answer.resolve({ ...saying("good mor"), stopReason: "length", usage });
    await shows("inactive: hello | good mor");
    expect(shown()).toEqual({ stopReason: "length", usage });
    seen.view.send("go on");
    const next = await provider.requested(2);
    await shows("requesting: hello | good mor | go on");
    expect(shown()).toEqual(none);
    next.answer.resolve(saying("ning"));
    await shows("inactive: hello | good mor | go on | ning");
    expect(shown()).toEqual({ stopReason: "stop", usage: undefined });
  });

  it("is drawn for nothing that it does not read", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    let times = 0;
    function Sender() {
      times += 1;
      const { send } = useConversation(session, worker);
      return (
        <button type="button" onClick={() => send("hello")}>
          say hello
        </button>
      );
    }
    const { Watcher, seen } = watcher(session, worker);
    const mounted = drawn([<Sender key="1" />, <Watcher key="2" />]);
    mounted.container.querySelector("button")?.click();
    (await provider.requested()).answer.resolve(saying("good morning"));
    await expect.poll(() => seen.view.messages.length).toBe(2);
    await expect.poll(() => seen.view.state).toBe("inactive");
    expect(times).toBe(1);
  });

  it("the functions stay the same, and work detached", async () => {
    const { seen, answer, shows } = await watched();
    const { send, stop, approve, deny, regenerate, edit, dismiss } = seen.view;
    send("hello");
    await answer(1, "good morning");
    await shows("inactive: hello | good morning");
    regenerate();
    await answer(2, "good day");
    await shows("inactive: hello | good day");
    edit(0, "bye");
    await answer(3, "see you");
    await shows("inactive: bye | see you");
    await stop();
    approve();
    deny();
    expect(seen.view).toMatchObject({ send, stop, approve, deny, regenerate, edit, dismiss });
  });

  it("what is sent while it is busy waits for its turn, in order", async () => {
    const { seen, answer, shows, provider } = await watched();
    for (const prompt of ["one", "two", "three"]) seen.view.send(prompt);
    await provider.requested();
    await expect.poll(() => seen.view.queued).toEqual(["two", "three"]);
    await answer(1, "1");
    await provider.requested(2);
    await expect.poll(() => seen.view.queued).toEqual(["three"]);
    await answer(2, "2");
    await answer(3, "3");
    await shows("inactive: one | 1 | two | 2 | three | 3");
    expect(seen.view.queued).toEqual([]);
  });

  it("shows what waits in place of as much else of the same letters", async () => {
    const { seen, provider, session } = await watched();
    for (const prompt of ["now", "a,b", "c"]) seen.view.send(prompt);
    await provider.requested();
    await expect.poll(() => seen.view.queued).toEqual(["a,b", "c"]);
    for (const job of session.jobs) if (job.status === "pending") void job.stop();
    for (const prompt of ["a", "b,c"]) seen.view.send(prompt);
    await expect.poll(() => seen.view.queued).toEqual(["a", "b,c"]);
  });

  it("regenerate asks the last prompt again in place of what came of it; edit asks another from there", async () => {
    const { seen, answer, shows, provider } = await watched();
    seen.view.send("one");
    await answer(1, "1");
    seen.view.send("two");
    await answer(2, "2");
    await shows("inactive: one | 1 | two | 2");
    seen.view.regenerate();
    expect(said((await provider.requested(3)).request.messages)).toEqual(["one", "1", "two"]);
    await answer(3, "zwei");
    await shows("inactive: one | 1 | two | zwei");
    seen.view.edit(0, "uno");
    expect(said((await provider.requested(4)).request.messages)).toEqual(["uno"]);
    await answer(4, "1");
    await shows("inactive: uno | 1");
  });

  it("what cannot be asked again is refused whole", async () => {
    const { seen, answer, shows, provider, session } = await watched();
    expect(() => seen.view.regenerate()).toThrow(RangeError);
    seen.view.send("one");
    await provider.requested();
    expect(() => seen.view.edit(0, "two")).toThrow(expect.objectContaining({ code: "E_BUSY" }));
    await answer(1, "1");
    await shows("inactive: one | 1");
    for (const index of [1, 2, -1, 0.5, Number.NaN]) {
      expect(() => seen.view.edit(index, "two")).toThrow(/index must be/);
    }
    expect(() => seen.view.edit(0, 5 as unknown as string)).toThrow(/content must be/);
    expect(() => seen.view.send(5 as unknown as string)).toThrow(TypeError);
    await session.close();
    for (const call of [seen.view.regenerate, () => seen.view.edit(0, "two"), () => seen.view.send("two")]) {
      expect(call).toThrow(expect.objectContaining({ code: "E_CLOSED" }));
    }
    await shows("inactive: one | 1");
    expect(provider.asked).toHaveLength(1);
  });

  it("regenerate does nothing while it is busy: a double click asks once", async () => {
    const { seen, answer, shows, provider, session } = await watched();
    const { send, regenerate } = seen.view;
    send("one");
    regenerate();
    await answer(1, "1");
    await shows("inactive: one | 1");
    regenerate();
    regenerate();
    expect(session.jobs).toHaveLength(1);
    await answer(2, "eins");
    await shows("inactive: one | eins");
    expect(provider.asked).toHaveLength(2);
  });

  it("a run that failed says so until the next begins, and its prompt is not sent again with the next", async () => {
    const { seen, answer, shows, provider } = await watched();
    const error = new Error("out of order");
    seen.view.send("one");
    (await provider.requested()).answer.reject(error);
    await expect.poll(() => seen.view.error).toBe(error);
    expect(seen.view.state).toBe("failed");
    seen.view.send("two");
    expect(said((await provider.requested(2)).request.messages)).toEqual(["two"]);
    await expect.poll(() => seen.view.error).toBeUndefined();
    await answer(2, "2");
    await shows("inactive: two | 2");
    seen.view.send("three");
    (await provider.requested(3)).answer.reject(error);
    await expect.poll(() => seen.view.error).toBe(error);
    seen.view.regenerate();
    await answer(4, "3");
    await shows("inactive: two | 2 | three | 3");
  });

  it("stop ends what runs and what waits, and keeps what has arrived", async () => {
    const { seen, shows, provider, session } = await watched();
    seen.view.send("one");
    seen.view.send("two");
    const { context } = await provider.requested();
    await context.send({ type: "text", text: "half an ans" });
    await seen.view.stop("enough");
    expect(session.jobs).toEqual([]);
    expect(context.signal.reason).toBe("enough");
    await shows("inactive: one | half an ans");
    await expect.poll(() => seen.view.queued).toEqual([]);
    expect(seen.view.error).toBeUndefined();
    expect(provider.asked).toHaveLength(1);
  });
});

describe("asking again, and stopped before it is its turn", () => {
  it("what was said is still said", async () => {
    const { session, seen, answer, shows, provider } = await watched({ concurrency: 1 });
    seen.view.send("one");
    await answer(1, "1");
    seen.view.send("two");
    await answer(2, "2");
    await shows("inactive: one | 1 | two | 2");
    const host = {
      workerStateChange() {},
      responseChunkReceived() {},
      getToolConfirmation: async () => "deny" as const,
    };
    session.run(session.createWorker({ name: "other" }), { prompt: "busy" }, host);
    await provider.requested(3);
    for (const ask of [seen.view.regenerate, () => seen.view.edit(0, "uno")]) {
      ask();
      await expect.poll(() => seen.view.queued).toHaveLength(1);
      await seen.view.stop();
      await expect.poll(() => seen.view.queued).toEqual([]);
      await shows("inactive: one | 1 | two | 2");
    }
    seen.view.edit(2, "zwei");
    await answer(3, "done");
    await answer(4, "zwei");
    await shows("inactive: one | 1 | zwei | zwei");
  });
});

describe("a tool that asks first", () => {
  it.each([
    ["approve", 1, "used"],
    ["deny", 0, expect.stringContaining("denied")],
  ] as const)("%s answers, and the question is gone", async (word, times, result) => {
    const { seen, run, answer, worker } = await asking();
    expect(seen.view.state).toBe("waiting");
    expect(seen.view.asked).toEqual({ id: "call_0", name: "tool", arguments: {} });
    seen.view[word]();
    await answer(2, "there");
    await expect.poll(() => seen.view.state).toBe("inactive");
    expect(seen.view.asked).toBeUndefined();
    expect(run).toHaveBeenCalledTimes(times);
    expect(worker.messages.find(({ role }) => role === "tool")?.content).toEqual(result);
  });

  it("an answer given twice does not answer the next question", async () => {
    const { seen, run } = await asking(2);
    const { approve } = seen.view;
    // The next question has come after some of these, and is drawn a frame later.
    run.mockImplementationOnce(() => {
      void (async () => {
        for (let at = 0; at < 100; at += 1) {
          await microtask();
          approve();
        }
      })();
      return Promise.resolve("used");
    });
    approve();
    approve();
    await expect.poll(() => seen.view.asked?.id).toBe("call_1");
    expect(run).toHaveBeenCalledTimes(1);
    approve();
    await expect.poll(() => run.mock.calls.length).toBe(2);
  });

  it("the question outlives the component, and is shown to whoever comes next, and to all", async () => {
    const { seen, run, mounted, session, worker, answer } = await asking();
    mounted.unmount();
    const [one, other] = [watcher(session, worker), watcher(session, worker)];
    drawn([<one.Watcher key="1" />, <other.Watcher key="2" />]);
    expect([one.seen.view.asked?.id, other.seen.view.asked?.id]).toEqual(["call_0", "call_0"]);
    other.seen.view.approve();
    one.seen.view.deny();
    seen.view.deny();
    await answer(2, "there");
    await expect.poll(() => one.seen.view.state).toBe("inactive");
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("stop withdraws the question; a late answer changes nothing", async () => {
    const { seen, run } = await asking();
    const { approve, stop } = seen.view;
    await stop();
    approve();
    await expect.poll(() => seen.view.asked).toBeUndefined();
    await expect.poll(() => seen.view.state).toBe("inactive");
    expect(run).not.toHaveBeenCalled();
  });
});

describe("wherever it is drawn", () => {
  it("under StrictMode it listens once, and no more when it is unmounted", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    let listening = 0;
    const { subscribe } = worker;
    Object.defineProperty(worker, "subscribe", {
      value: (listener: () => void) => {
        const unsubscribe = subscribe(listener);
        listening += 1;
        return () => {
          listening -= 1;
          unsubscribe();
        };
      },
    });
    const { Watcher, seen } = watcher(session, worker);
    const mounted = drawn(
      <StrictMode>
        <Watcher />
        <Watcher />
      </StrictMode>,
    );
    expect(listening).toBe(1);
    seen.view.send("hello");
    await provider.requested();
    mounted.unmount();
    expect(listening).toBe(0);
    expect(session.jobs).toHaveLength(1);
  });

  it("a page that is hidden, and draws no frames, hears at once how it ended", async () => {
    const { seen, provider, answer, session } = await watched();
    seen.view.send("hello");
    await provider.requested();
    await expect.poll(() => seen.view.state).toBe("requesting");
    for (const name of ["requestAnimationFrame", "setTimeout"] as const) {
      const held = vi.spyOn(globalThis, name).mockImplementation((() => 1) as never);
      onTestFinished(() => held.mockRestore());
    }
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    onTestFinished(() => void Reflect.deleteProperty(document, "hidden"));
    const [job] = session.jobs;
    await answer(1, "good morning");
    await job?.wait();
    // React draws in its own time; the timers are held, so that nothing else can be what tells it.
    while (seen.view.state !== "inactive") await turn();
    expect(said(seen.view.messages)).toEqual(["hello", "good morning"]);
  });

  it("on the server nothing was said", async () => {
    const session = new Session({ providers: [new HeldProvider()] });
    const worker = session.createWorker({ name: "helper", messages: [{ role: "user", content: "hello" }] });
    const { Watcher } = watcher(session, worker);
    expect(renderToString(<Watcher />)).toBe("inactive: ");
  });

  it("another worker's conversation is another one", async () => {
    const provider = new HeldProvider();
    const { session, worker } = newWorker(provider);
    const other = session.createWorker({ name: "other" });
    const Watcher = ({ of }: { of: AgentWorker }) => said(useConversation(session, of).messages).join(" | ");
    worker.setMessages([{ role: "user", content: "to the first" }]);
    other.setMessages([{ role: "user", content: "to the other" }]);
    const mounted = drawn(<Watcher of={worker} />);
    expect(mounted.text).toBe("to the first");
    mounted.draw(<Watcher of={other} />);
    await expect.poll(() => mounted.text).toBe("to the other");
    other.setMessages([{ role: "user", content: "changed" }]);
    await expect.poll(() => mounted.text).toBe("changed");
  });
});
