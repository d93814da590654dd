import { subject } from "jobgate";
import { describe, expect, it } from "vitest";
import { catchReports } from "../support/reports.js";
import { turn } from "../support/turns.js";

describe("Subject", () => {
  it("delivers a value to every listener before next returns, in the order they came", () => {
    const heard: string[] = [];
    const numbers = subject<number>();
    numbers.listen((value) => heard.push(`first ${value}`));
    numbers.listen((value) => heard.push(`second ${value}`));
    numbers.listen((value) => heard.push(`third ${value}`));

    numbers.next(1);
    expect(heard).toEqual(["first 1", "second 1", "third 1"]);
    numbers.next(2);
    expect(heard.slice(3)).toEqual(["first 2", "second 2", "third 2"]);
  });

  it("stores no value: a late listener hears only what comes next", async () => {
    const numbers = subject<number>();
    const heard: number[] = [];
    numbers.next(1);
    numbers.listen((value) => heard.push(value));
    await turn();
    expect(heard).toEqual([]);
    numbers.next(2);
    expect(heard).toEqual([2]);
  });

  it("takes the same function twice as two subscriptions", () => {
    const numbers = subject<number>();
    const heard: number[] = [];
    const listener = (value: number) => void heard.push(value);
    const leaveFirst = numbers.listen(listener);
    const leaveSecond = numbers.listen(listener);
    expect(numbers.listenerCount).toBe(2);
    numbers.next(1);
    expect(heard).toEqual([1, 1]);

    leaveFirst();
    numbers.next(2);
    expect(heard).toEqual([1, 1, 2]);
    leaveSecond();
    numbers.next(3);
    expect(heard).toEqual([1, 1, 2]);
  });

  it("unsubscribes idempotently: a second call takes nobody else away", () => {
    const numbers = subject<number>();
    const heard: string[] = [];
    const leave = numbers.listen(() => heard.push("leaver"));
    leave();
    numbers.listen(() => heard.push("stayer"));
    leave();
    leave();
    expect(numbers.listenerCount).toBe(1);
    numbers.next(1);
    expect(heard).toEqual(["stayer"]);
  });

  it("counts its listeners", () => {
    const numbers = subject<number>();
    expect(numbers.listenerCount).toBe(0);
    const leave = numbers.listen(() => {});
    numbers.listen(() => {});
    expect(numbers.listenerCount).toBe(2);
    leave();
    expect(numbers.listenerCount).toBe(1);
  });

  it("hands over the very value, whatever it is", () => {
    const values = [undefined, null, 0, Number.NaN, "", {}, [], () => {}, Symbol("value")];
    const anything = subject<unknown>();
    const heard: unknown[] = [];
    anything.listen((value) => heard.push(value));
    for (const value of values) anything.next(value);
    expect(heard.length).toBe(values.length);
    for (const [index, value] of values.entries()) expect(Object.is(heard[index], value)).toBe(true);
  });

  it("reports a listener that throws; the rest still hear and next does not throw", () => {
    const reports = catchReports();
    const numbers = subject<number>();
    const error = new Error("a broken listener");
    const heard: number[] = [];
    numbers.listen((value) => heard.push(value));
    numbers.listen(() => {
      throw error;
    });
    numbers.listen((value) => heard.push(value * 10));

    numbers.next(1);
    numbers.next(2);
    expect(heard).toEqual([1, 10, 2, 20]);
    expect(reports.errors).toEqual([error, error]);
    expect(reports.errors[0]).toBe(error);
  });

  it("keeps two subjects apart", () => {
    const left = subject<number>();
    const right = subject<number>();
    const heard: string[] = [];
    left.listen((value) => heard.push(`left ${value}`));
    right.listen((value) => heard.push(`right ${value}`));
    right.next(1);
    left.next(2);
    expect(heard).toEqual(["right 1", "left 2"]);
    expect([left.listenerCount, right.listenerCount]).toEqual([1, 1]);
  });

  it("lets ten thousand listeners come and go in any order", () => {
    const numbers = subject<number>();
    const heard = new Array<number>(10_000).fill(0);
    const leave = heard.map((_, index) =>
      numbers.listen((value) => {
        heard[index] = (heard[index] ?? 0) + value;
      }),
    );
    for (const [index, unsubscribe] of leave.entries()) if (index % 3 !== 0) unsubscribe();
    numbers.next(1);
    expect(heard.every((sum, index) => sum === (index % 3 === 0 ? 1 : 0))).toBe(true);
    for (const unsubscribe of leave) unsubscribe();
    expect(numbers.listenerCount).toBe(0);
    numbers.next(1);
    expect(Math.max(...heard)).toBe(1);
  });
});

describe("Subject, changed while it delivers", () => {
  it("does not give a value to a listener that came during its delivery", () => {
    const numbers = subject<number>();
    const heard: string[] = [];
    let added = false;
    numbers.listen((value) => {
      heard.push(`old ${value}`);
      if (added) return;
      added = true;
      numbers.listen((later) => heard.push(`new ${later}`));
    });
    numbers.next(1);
    expect(heard).toEqual(["old 1"]);
    numbers.next(2);
    expect(heard).toEqual(["old 1", "old 2", "new 2"]);
  });

  it("does not call a listener that left during the delivery", () => {
    const numbers = subject<number>();
    const heard: string[] = [];
    numbers.listen(() => {
      heard.push("first");
      leaveSecond();
    });
    const leaveSecond = numbers.listen(() => heard.push("second"));
    numbers.listen(() => heard.push("third"));
    numbers.next(1);
    expect(heard).toEqual(["first", "third"]);
  });

  it("delivers a value that a listener sends after the one being delivered", () => {
    const numbers = subject<number>();
    const heard: string[] = [];
    numbers.listen((value) => {
      heard.push(`first ${value}`);
      if (value === 1) {
        numbers.next(2);
        heard.push("next(2) returned");
      }
    });
    numbers.listen((value) => heard.push(`second ${value}`));
    numbers.next(1);
    expect(heard).toEqual(["first 1", "next(2) returned", "second 1", "first 2", "second 2"]);
  });

  it("gives a queued value to those who were there when it was sent", () => {
    const numbers = subject<number>();
    const heard: string[] = [];
    numbers.listen((value) => {
      if (value !== 1) return;
      numbers.next(2);
      numbers.listen((later) => heard.push(`after ${later}`));
    });
    numbers.listen((value) => {
      if (value !== 1) return;
      numbers.listen((later) => heard.push(`before ${later}`));
      numbers.next(3);
    });
    numbers.next(1);
    expect(heard).toEqual(["after 3", "before 3"]);
  });

  it("does not call a listener that left while a value for it was queued", () => {
    const numbers = subject<number>();
    const heard: string[] = [];
    numbers.listen((value) => {
      if (value !== 1) return;
      numbers.next(2);
      leave();
    });
    const leave = numbers.listen((value) => heard.push(`leaver ${value}`));
    numbers.listen((value) => heard.push(`stayer ${value}`));
    numbers.next(1);
    expect(heard).toEqual(["stayer 1", "stayer 2"]);
  });

  it("keeps one queue for all subjects: first in, first out", () => {
    const left = subject<number>();
    const right = subject<number>();
    const heard: string[] = [];
    left.listen((value) => {
      heard.push(`left, first: ${value}`);
      if (value === 1) right.next(value);
    });
    left.listen((value) => heard.push(`left, second: ${value}`));
    right.listen((value) => {
      heard.push(`right, first: ${value}`);
      left.next(value + 1);
    });
    right.listen((value) => heard.push(`right, second: ${value}`));
    left.next(1);
    expect(heard).toEqual([
      "left, first: 1",
      "left, second: 1",
      "right, first: 1",
      "right, second: 1",
      "left, first: 2",
      "left, second: 2",
    ]);
  });
});
