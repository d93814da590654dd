import { gate } from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { deferred, untilAborted } from "../support/work.js";
import { Bystanders } from "./support/bystanders.js";
import { catchStrayErrors } from "./support/errors.js";
import { otherRealm } from "./support/realms.js";
import { Hostile, throwingGetters } from "./support/unreadable.js";

type Listener = (event?: unknown) => void;

/** What a ponyfill makes where AbortController is missing: the listener gets no event of the platform's. */
class PonyfilledSignal {
  aborted = false;
  reason: unknown = undefined;
  readonly listeners = new Set<Listener>();

  addEventListener(_type: "abort", listener: Listener): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: Listener): void {
    this.listeners.delete(listener);
  }

  abort(reason: unknown, event?: unknown): void {
    this.aborted = true;
    this.reason = reason;
    this.tell(event);
  }

  tell(event?: unknown): void {
    for (const listener of [...this.listeners]) listener(event);
  }
}

const options = (signal: unknown) => ({ signal: signal as AbortSignal });

describe("a caller's signal", () => {
  it("is heard also where somebody listened on it before", async () => {
    const controller = new AbortController();
    let heard = 0;
    controller.signal.addEventListener("abort", () => heard++);
    const { job } = newManager().runJob("k", untilAborted, { signal: controller.signal });
    controller.signal.addEventListener("abort", () => heard++);
    controller.abort("the reason");
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "the reason" });
    expect(heard).toBe(2);
  });

  it.each([
    ["no event", undefined],
    ["an event that names no target", { type: "abort" }],
    ["an event of another target", { type: "abort", target: {}, currentTarget: {} }],
    ["an event whose target can't be read", throwingGetters("target", "currentTarget")],
  ])("that calls its listeners with %s is heard", async (_, event) => {
    const others = new Bystanders();
    const signal = new PonyfilledSignal();
    const { job } = newManager().runJob("k", untilAborted, options(signal));
    signal.abort("the reason", event);
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "the reason" });
    expect(signal.listeners.size).toBe(0);
    await others.leave();
  });

  it("of another realm is heard", async () => {
    const realm = await otherRealm();
    const controller = realm("new AbortController()") as AbortController;
    const { job } = newManager().runJob("k", untilAborted, { signal: controller.signal });
    controller.abort("the reason");
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "the reason" });
  });

  it("on which someone dispatches an abort event without aborting it: nothing changes, and its abort is still heard", async () => {
    const controller = new AbortController();
    const manager = newManager();
    const { job } = manager.runJob("k", untilAborted, { signal: controller.signal });
    const barrier = gate();
    let opened = "not yet";
    const waited = barrier.wait({ signal: controller.signal }).then(
      () => (opened = "opened"),
      (reason: unknown) => (opened = `gave up: ${reason}`),
    );
    controller.signal.dispatchEvent(new Event("abort"));
    await turn();
    expect([job.status, job.stopping, opened]).toEqual(["running", false, "not yet"]);
    controller.abort("the reason");
    await waited;
    expect(opened).toBe("gave up: the reason");
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "the reason" });
  });

  it("ponyfilled, that tells of an abort without being aborted: nothing changes", async () => {
    const signal = new PonyfilledSignal();
    const { job } = newManager().runJob("k", untilAborted, options(signal));
    signal.tell();
    expect([job.status, job.stopping]).toEqual(["running", false]);
    signal.abort("the reason");
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "the reason" });
  });
});

const fail = () => {
  throw new Hostile("on purpose");
};

describe("a signal that misbehaves: either the caller is told and nothing was started, or its job ends as it should", () => {
  const wrongs: Record<string, object> = {
    "whose addEventListener throws": { addEventListener: fail },
    "whose addEventListener can't be read": throwingGetters("addEventListener"),
    "whose removeEventListener throws": { removeEventListener: fail },
    "whose removeEventListener can't be read": throwingGetters("removeEventListener"),
    "without removeEventListener": { removeEventListener: undefined },
    "whose aborted can't be read": throwingGetters("aborted"),
    "whose reason can't be read": throwingGetters("reason"),
    "that has aborted, and whose reason can't be read": Object.defineProperty(throwingGetters("reason"), "aborted", {
      value: true,
    }),
    "that calls its listener at once, not being aborted": {
      addEventListener: (_: string, listener: Listener) => listener(),
    },
  };
  it.each(Object.entries(wrongs))("one %s", async (_, wrong) => {
    catchStrayErrors();
    const others = new Bystanders();
    const manager = newManager({ concurrency: 1 });
    const signal = new PonyfilledSignal();
    Object.defineProperties(signal, Object.getOwnPropertyDescriptors(wrong));
    const run = (body: () => Promise<string>) => {
      try {
        return manager.runJob("k", body, options(signal)).job;
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect(manager.stats).toMatchObject({ pending: 0, running: 0 });
        return undefined;
      }
    };
    const first = run(async () => "its own");
    await first?.settled;
    expect(manager.stats).toMatchObject({ pending: 0, running: 0 });
    const done = deferred<string>();
    const second = run(() => done.promise);
    others.check();
    for (const listener of [...signal.listeners]) {
      try {
        listener();
      } catch (error) {
        expect(error).toBeInstanceOf(Hostile);
      }
    }
    others.check();
    const stopped = second?.stop();
    done.resolve("late");
    await stopped;
    await manager.onIdle();
    expect(await manager.runJob("k", async () => "free").job.result).toBe("free");
    await others.leave();
  });

  it.each(Object.entries(wrongs))(
    "a gate's wait with one %s: settles once the gate opens, at the latest",
    async (_, wrong) => {
      const others = new Bystanders();
      const barrier = gate();
      const signal = new PonyfilledSignal();
      Object.defineProperties(signal, Object.getOwnPropertyDescriptors(wrong));
      const waited = Promise.allSettled([barrier.wait(options(signal))]);
      let told = 0;
      barrier.listen(() => told++);
      others.check();
      barrier.open();
      await waited;
      expect(told).toBe(1);
      await others.leave();
    },
  );
});

describe("a stop and what was granted before it", () => {
  it("a job stopped before its body was called never has it called, though its slot was granted", async () => {
    const manager = newManager({ paused: true });
    const controller = new AbortController();
    let calls = 0;
    const body = async () => {
      calls += 1;
      controller.abort("enough");
    };
    const all = ["a", "b", "c"].map((key) => manager.runJob(key, body, { signal: controller.signal }).job);
    manager.resume();
    await manager.onIdle();
    expect(calls).toBe(1);
    expect(all.map(({ completion }) => completion)).toEqual(all.map(() => ({ type: "Cancelled", reason: "enough" })));
  });

  it.each(["stop", "stopJob", "stopAll", "close", "replace"])("the same by %s", async (how) => {
    const manager = newManager({ paused: true });
    const called: string[] = [];
    const body = (name: string) => async () => {
      called.push(name);
      if (name !== "first") return;
      if (how === "stop") void second.stop("enough");
      else if (how === "stopJob") void manager.stopJob("k", "enough");
      else if (how === "stopAll") void manager.stopAll("enough");
      else if (how === "close") void manager.close("enough");
      else manager.runJob("k", async () => called.push("newer"), { onDuplicate: "replace" });
    };
    manager.runJob("first", body("first"));
    const { job: second } = manager.runJob("k", body("second"));
    manager.resume();
    await manager.onIdle();
    expect(called).toEqual(how === "replace" ? ["first", "newer"] : ["first"]);
    expect(second.status).toBe("cancelled");
  });

  it("a job made inside a body comes after those that were granted before it", async () => {
    const manager = newManager({ paused: true });
    const order: string[] = [];
    manager.runJob("b", async () => {
      order.push("b");
      manager.runJob("z", async () => void order.push("z"), { priority: -5 });
    });
    manager.runJob("c", async () => void order.push("c"));
    manager.resume();
    await manager.onIdle();
    expect(order).toEqual(["b", "c", "z"]);
  });
});

describe("job.signal after a timeout aborts unless another attempt will follow", () => {
  const timedOut = async (retry: unknown) => {
    let attempts = 0;
    const before: boolean[] = [];
    const manager = newManager();
    const { job } = manager.runJob(
      "k",
      (context) => {
        attempts += 1;
        before.push(manager.getRunningJob("k")!.signal.aborted);
        return untilAborted(context);
      },
      { timeout: 2, retry: retry as never },
    );
    const { signal } = job;
    const completion = await job.settled;
    return { attempts, before, signal, completion };
  };

  it.each([
    ["without retry", undefined, 1],
    ["with retry: 0", 0, 1],
    ["with a limit of 0", { limit: 0 }, 1],
    ["after the last of its retries", { limit: 2, delay: 0 }, 3],
    ["after a retry that retryIf refused", { limit: 9, delay: 0, retryIf: () => false }, 1],
  ])("%s", async (_, retry, attempts) => {
    const seen = await timedOut(retry);
    expect(seen.attempts).toBe(attempts);
    expect(seen.before).toEqual(Array.from({ length: attempts }, () => false));
    expect(seen.completion.type).toBe("Failed");
    expect(seen.signal.aborted).toBe(true);
    expect(seen.signal.reason).toHaveProperty("name", "TimeoutError");
    expect(seen.completion.type === "Failed" && seen.completion.error === seen.signal.reason).toBe(true);
  });
});
