import { gate } from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { catchReports } from "../support/reports.js";
import { countedSignal } from "../support/signals.js";
import { microtask, turn } from "../support/turns.js";
import { untilAborted } from "../support/work.js";

describe("Gate", () => {
  it("opens once and stays open", () => {
    const door = gate();
    expect(door.isOpen).toBe(false);
    door.open();
    expect(door.isOpen).toBe(true);
    door.open();
    expect(door.isOpen).toBe(true);
  });

  it("tells each listener once, in the order they came; opening again is a no-op", async () => {
    const door = gate();
    const heard: string[] = [];
    door.listen(() => heard.push("first"));
    door.listen(() => heard.push("second"));
    await turn();
    expect(heard).toEqual([]);

    door.open();
    await microtask();
    expect(heard).toEqual(["first", "second"]);
    door.open();
    await turn();
    expect(heard).toEqual(["first", "second"]);
  });

  it("shows itself open to its listeners", async () => {
    const door = gate();
    const seen: boolean[] = [];
    door.listen(() => seen.push(door.isOpen));
    door.open();
    await microtask();
    expect(seen).toEqual([true]);
  });

  it("on an open gate runs the listener in the next microtask, never inside listen", async () => {
    const door = gate();
    door.open();
    const heard: string[] = [];
    door.listen(() => heard.push("listener"));
    heard.push("listen returned");
    await microtask();
    expect(heard).toEqual(["listen returned", "listener"]);
  });

  it("takes the same function twice as two subscriptions", async () => {
    const door = gate();
    let calls = 0;
    const listener = () => {
      calls += 1;
    };
    const leave = door.listen(listener);
    door.listen(listener);
    door.listen(listener);
    leave();
    door.open();
    await microtask();
    expect(calls).toBe(2);
  });

  it("does not call a listener that has left, before the opening or before its microtask", async () => {
    const door = gate();
    const heard: string[] = [];
    const leaveEarly = door.listen(() => heard.push("early"));
    leaveEarly();
    leaveEarly();
    door.listen(() => heard.push("stayer"));
    door.open();
    const leaveLate = door.listen(() => heard.push("late"));
    leaveLate();
    await turn();
    expect(heard).toEqual(["stayer"]);
  });

  it("does not call a listener that another one takes away during the opening", async () => {
    const door = gate();
    const heard: string[] = [];
    door.listen(() => {
      heard.push("first");
      leave();
    });
    const leave = door.listen(() => heard.push("second"));
    door.listen(() => heard.push("third"));
    door.open();
    await turn();
    expect(heard).toEqual(["first", "third"]);
  });

  it("calls a listener that comes during the opening after the ones that were there", async () => {
    const door = gate();
    const heard: string[] = [];
    door.listen(() => {
      door.listen(() => heard.push("new"));
      door.open();
      heard.push("first");
    });
    door.listen(() => heard.push("second"));
    door.open();
    await turn();
    expect(heard).toEqual(["first", "second", "new"]);
  });

  it("reports a listener that throws; the rest still hear, early and late", async () => {
    const reports = catchReports();
    const door = gate();
    const early = new Error("early");
    const late = new Error("late");
    const heard: string[] = [];
    door.listen(() => {
      throw early;
    });
    door.listen(() => heard.push("early"));
    door.open();
    door.listen(() => {
      throw late;
    });
    door.listen(() => heard.push("late"));
    await reports.reached(2);
    await turn();
    expect(heard).toEqual(["early", "late"]);
    expect(reports.errors).toEqual([early, late]);
  });
});

describe("Gate.wait", () => {
  it("resolves when the gate opens, and at once when it is open", async () => {
    const door = gate();
    let passed = false;
    const waiting = door.wait().then(() => {
      passed = true;
    });
    await turn();
    expect(passed).toBe(false);
    door.open();
    await waiting;
    await expect(door.wait()).resolves.toBeUndefined();
  });

  it("rejects with the very reason when the signal aborts first", async () => {
    const door = gate();
    const caller = countedSignal();
    const reason = { why: "left the page" };
    const waiting = door.wait({ signal: caller.signal });
    expect(caller.listeners).toBe(1);
    caller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(caller.listeners).toBe(0);
    door.open();
    await expect(waiting).rejects.toBe(reason);
  });

  it("rejects with the very reason when the signal was aborted before", async () => {
    const reason = { why: "never came in" };
    const caller = countedSignal();
    caller.abort(reason);
    await expect(gate().wait({ signal: caller.signal })).rejects.toBe(reason);
    expect(caller.listeners).toBe(0);
  });

  it("has resolved for good when the signal aborts after the opening", async () => {
    const door = gate();
    const caller = countedSignal();
    const waiting = door.wait({ signal: caller.signal });
    door.open();
    caller.abort();
    await expect(waiting).resolves.toBeUndefined();
  });

  it("leaves no listener on the signal once the gate is open", async () => {
    const door = gate();
    const caller = countedSignal();
    const waits = [1, 2, 3].map(() => door.wait({ signal: caller.signal }));
    door.open();
    await Promise.all(waits);
    await door.wait({ signal: caller.signal });
    expect(caller.listeners).toBe(0);
  });

  it("however many wait with one signal, beside jobs that it stops, it has one listener of ours", async () => {
    const caller = countedSignal();
    const manager = newManager();
    const { job } = manager.runJob("job", untilAborted, { signal: caller.signal });
    const waits = Array.from({ length: 100 }, () => gate().wait({ signal: caller.signal }));
    expect(caller.listeners).toBe(1);
    caller.abort("enough");
    expect(await Promise.allSettled(waits)).toEqual(waits.map(() => ({ status: "rejected", reason: "enough" })));
    expect(await job.settled).toEqual({ type: "Cancelled", reason: "enough" });
    expect(caller.listeners).toBe(0);
  });

  it("works with a signal whose platform has neither reasons nor throwIfAborted yet", async () => {
    const controller = new AbortController();
    for (const name of ["reason", "throwIfAborted"])
      Object.defineProperty(controller.signal, name, { value: undefined });
    const waiting = gate().wait({ signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    await expect(gate().wait({ signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
  });

  it("one waiter's abort does not end another's wait", async () => {
    const door = gate();
    const leaver = new AbortController();
    const left = door.wait({ signal: leaver.signal });
    const stayed = door.wait();
    leaver.abort("enough");
    await expect(left).rejects.toBe("enough");
    expect(door.isOpen).toBe(false);
    door.open();
    await expect(stayed).resolves.toBeUndefined();
  });
});
