import { describe, expect, it } from "vitest";
import { type AnyJob, newManager } from "../support/manager.js";
import { turn } from "../support/turns.js";
import { deferred } from "../support/work.js";
import { Bystanders } from "./support/bystanders.js";
import { catchStrayErrors } from "./support/errors.js";
import { otherRealm } from "./support/realms.js";
import { Hostile, throwingGetters } from "./support/unreadable.js";

type Settle = (value?: unknown) => void;
type Then = (fulfil: Settle, reject: Settle) => unknown;

/** Takes the place of a promise's `then`, in each form that a promise may have. */
const forms: Record<string, (then: Then) => unknown> = {
  "a thenable": (then) => ({ then }),
  "a promise with a then of its own": (then) => Object.assign(Promise.resolve("its own"), { then }),
  "a promise of a class of its own": (then) => {
    class Own<T> extends Promise<T> {}
    // Unlike one of Promise itself it is asked for its `then`.
    return Object.assign(Own.resolve("its own"), { then });
  },
};

/** How the language itself says that a thenable ends: once, by the first call of what its `then` is given. */
async function followed(value: unknown): Promise<unknown> {
  try {
    return { type: "Normal", result: await new Promise((resolve) => resolve(value)) };
  } catch (error) {
    return { type: "Failed", error };
  }
}

const fail = () => {
  throw new Hostile("on purpose");
};

describe.each(Object.entries(forms))("%s that misbehaves ends its job once, by the first call", (_, form) => {
  const thens: Record<string, Then> = {
    "fulfils twice": (fulfil) => {
      fulfil("first");
      fulfil("second");
    },
    "fulfils, then rejects": (fulfil, reject) => {
      fulfil("first");
      reject("second");
    },
    "rejects, then fulfils": (fulfil, reject) => {
      reject("first");
      fulfil("second");
    },
    "fulfils, then throws": (fulfil) => {
      fulfil("first");
      fail();
    },
    "fulfils twice, later": (fulfil) => {
      queueMicrotask(() => fulfil("first"));
      queueMicrotask(() => fulfil("second"));
    },
    "fulfils again once its job has ended": (fulfil) => {
      fulfil("first");
      void turn().then(() => fulfil("second"));
    },
    throws: fail,
  };
  it.each(Object.entries(thens))("one that %s", async (_, then) => {
    const others = new Bystanders();
    const manager = newManager();
    const { job } = manager.runJob("k", () => form(then));
    const completion = await job.settled;
    // Whoever got its place in the meantime.
    const done = deferred();
    const next = Array.from({ length: 5 }, (_, n) => manager.runJob(`n${n}`, () => done.promise).job);
    await turn();
    await turn();
    expect(completion).toEqual(await followed(form(then)));
    expect(job.completion).toBe(completion);
    expect(
      await job.result.then(
        () => "Normal",
        () => "Failed",
      ),
    ).toBe(completion.type);
    expect(next.map(({ status }) => status)).toEqual(next.map(() => "running"));
    done.resolve();
    await manager.onIdle();
    await others.leave();
  });
});

describe("what is no promise, or only looks like one", () => {
  const broken: Record<string, () => unknown> = {
    "that is none, but has its prototype": () => Object.create(Promise.prototype),
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    "whose then throws, of no class": () => ({ then: fail }),
    "whose then can't be read, of no class": () => throwingGetters("then"),
    // To WebKit they are promises whose end nobody hears of.
    "whose constructor can't be read": () => Object.defineProperty(Promise.resolve(), "constructor", { get: fail }),
    "whose constructor is none": () => Object.assign(Promise.resolve(), { constructor: 5 }),
  };
  it.each(Object.entries(broken))("one %s: the job fails, runJob throws nothing", async (_, make) => {
    const others = new Bystanders();
    const manager = newManager({ concurrency: 1 });
    const { type, job } = manager.runJob("k", () => make());
    expect(type).toBe("JOB_CREATED");
    expect((await job.settled).type).toBe("Failed");
    await manager.onIdle();
    expect(await manager.runJob("k", async () => "free").job.result).toBe("free");
    await others.leave();
  });

  it("one of another realm is waited for", async () => {
    const realm = await otherRealm();
    const promise = realm("new Promise((resolve) => { globalThis.fulfil = resolve; })");
    const { job } = newManager().runJob("k", () => promise);
    await turn();
    expect(job.status).toBe("running");
    realm("fulfil('from afar')");
    expect(await job.result).toBe("from afar");
  });

  it("one that never settles keeps its key and slot until it is stopped for, and nothing else", async () => {
    const others = new Bystanders();
    const manager = newManager();
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    const { job } = manager.runJob("k", () => ({ then() {} }));
    await expect(job.stop("now", { timeout: 1 })).rejects.toMatchObject({ code: "E_STOP_TIMEOUT" });
    expect([job.status, job.stopping]).toEqual(["running", true]);
    await others.leave();
  });
});

/** A Job made by hand; what is wrong with it comes on top. */
function handMade(wrong: object): { readonly job: object; end(): void } {
  const listeners: (() => void)[] = [];
  const job = {
    state: "its own",
    dispatch() {},
    onStateChange: () => () => {},
    stop: async () => {},
    onStopped: (listener: () => void) => {
      listeners.push(listener);
      return () => {};
    },
  };
  Object.defineProperties(job, Object.getOwnPropertyDescriptors(wrong));
  return {
    job,
    end() {
      for (const listener of listeners) listener();
    },
  };
}

describe("a Job made by hand that misbehaves", () => {
  const ended = async (job: AnyJob) => ["Normal", "Failed"].includes((await job.settled).type);

  const wrongs: Record<string, object> = {
    "whose state can't be read": throwingGetters("state"),
    "whose onStateChange gives no function": { onStateChange: () => 5 },
    "whose onStateChange gives a function that throws": { onStateChange: () => fail },
    "whose onStateChange throws": { onStateChange: fail },
    "whose onStateChange can't be read": throwingGetters("onStateChange"),
    "whose onStateChange is no function": { onStateChange: 5 },
    "whose dispatch throws": { dispatch: fail },
    "whose dispatch can't be read": throwingGetters("dispatch"),
    "whose onStopped throws": { onStopped: fail },
    "whose onStopped can't be read": throwingGetters("onStopped"),
    "whose stop throws": { stop: fail },
    "whose stop can't be read": throwingGetters("stop"),
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    "whose stop gives a thenable that throws": { stop: () => ({ then: fail }) },
    "whose stop gives something whose then can't be read": { stop: () => throwingGetters("then") },
    "whose then can't be read": throwingGetters("then"),
  };
  it.each(Object.entries(wrongs))("%s: its job ends, and disturbs nobody", async (_, wrong) => {
    catchStrayErrors();
    const others = new Bystanders();
    const manager = newManager();
    const { job: made, end } = handMade(wrong);
    const { job } = manager.runJob("k", () => made);
    void job.events();
    job.onStateChange(() => {});
    try {
      void job.state;
      job.dispatch("act");
    } catch (error) {
      expect(error).toBeInstanceOf(Hostile);
    }
    const stopped = job.stop("enough");
    end();
    await stopped;
    await job.settled;
    await manager.onIdle();
    expect(manager.stats).toMatchObject({ running: 0, pending: 0, total: 1 });
    expect(await manager.runJob("k", async () => "free").job.result).toBe("free");
    await others.leave();
  });

  it("whose onStopped calls at once: its job ends", async () => {
    const { job: made } = handMade({ onStopped: (listener: () => void) => listener() });
    const { job } = newManager().runJob("k", () => made);
    expect(await ended(job)).toBe(true);
  });

  it("whose onStopped calls again once its job has ended: whoever has its place by then goes on", async () => {
    const others = new Bystanders();
    const manager = newManager();
    const { job: made, end } = handMade({});
    const { job } = manager.runJob("k", () => made);
    end();
    await job.settled;
    const done = deferred();
    const next = Array.from({ length: 5 }, (_, n) => manager.runJob(n as never, () => done.promise).job);
    end();
    end();
    await turn();
    expect(next.map(({ status }) => status)).toEqual(next.map(() => "running"));
    done.resolve();
    await manager.onIdle();
    await others.leave();
  });

  it("whose onStopped calls twice after a timeout: the next attempt goes on", async () => {
    const others = new Bystanders();
    const first = handMade({});
    const attempts: AbortSignal[] = [];
    const second = async () => {
      // In microtasks alone: no second timeout can come in between.
      await 0;
      first.end();
      first.end();
      await 0;
      return "the second attempt's own";
    };
    const { job } = newManager().runJob(
      "k",
      ({ signal }) => {
        attempts.push(signal);
        if (attempts.length > 1) return second();
        signal.addEventListener("abort", first.end);
        return first.job;
      },
      { timeout: 5, retry: { limit: 1, delay: 0 } },
    );
    expect(await job.settled).toEqual({ type: "Normal", result: "the second attempt's own" });
    expect(attempts.length).toBe(2);
    await others.leave();
  });

  it("of another realm is adopted like one of this", async () => {
    const realm = await otherRealm();
    const made = realm(`
      const listeners = [];
      globalThis.end = () => { for (const listener of listeners) listener(); };
      ({ state: 7, dispatch() {}, onStateChange: () => () => {}, stop: async () => {}, onStopped: (f) => { listeners.push(f); return () => {}; } })
    `);
    const { job } = newManager().runJob("k", () => made);
    expect(job.state).toBe(7);
    await turn();
    expect(job.status).toBe("running");
    realm("end()");
    expect((await job.settled).type).toBe("Normal");
  });
});
