import { InvalidParamsError, UnknownJobTypeError } from "jobgate";
import { describe, expect, it } from "vitest";
import { rawPort } from "./support/ports.js";
import { ended, heldType, newRunner } from "./support/runner.js";

function revoked(target: object = {}): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const throwing = (...names: string[]) =>
  Object.defineProperties(
    {},
    Object.fromEntries(
      names.map((name) => [
        name,
        {
          enumerable: true,
          get() {
            throw new Error(`${name} was looked at`);
          },
        },
      ]),
    ),
  );

const anything = (result: unknown) => ({ name: "odd", description: "", params: [], execute: () => result });
const rows = {
  name: "rows",
  description: "",
  params: [{ name: "rows", type: "array", required: false } as const],
  execute: () => 1,
};

describe("params", () => {
  it("bounds come before contents: a list of four thousand million is refused at once", () => {
    const bounded = {
      ...rows,
      name: "bounded",
      params: [{ name: "grid", type: "array", max: 3, items: { type: "array", max: 2 } } as const],
    };
    const runner = newRunner({ types: [rows, bounded] });
    const looked: string[] = [];
    const counting = new Proxy(new Array(10_000_000), {
      get(list, name) {
        looked.push(String(name));
        return Reflect.get(list, name);
      },
    });
    expect(runner.validateJobParams("url_fetch", { urls: counting })).toEqual({
      valid: false,
      errors: [{ param: "urls", message: "must be an array of 1 to 10 items, got an array of 10000000 items" }],
    });
    expect(runner.validateJobParams("bounded", { grid: [counting] })).toEqual({
      valid: false,
      errors: [{ param: "grid[0]", message: "must be an array of at most 2 items, got an array of 10000000 items" }],
    });
    expect(looked.filter((name) => /^\d/.test(name))).toEqual([]);
    expect(runner.validateJobParams("url_fetch", { urls: new Array(4e9) }).valid).toBe(false);
    const { valid, errors } = runner.validateJobParams("rows", { rows: new Array(4e9) }) as never as {
      valid: boolean;
      errors: unknown;
    };
    expect([valid, errors]).toEqual([false, [{ param: "", message: "must be an object of at most 64000000 bytes" }]]);
  });

  it("names with half a surrogate pair are refused: two that differ only there would be one", () => {
    const runner = newRunner({ types: [rows] });
    const halves = { "\ud800": 1, "\ud801": 2 };
    const wholes = { "\u{10000}": 1, "\u{10001}": 2 };
    const message = "must be plain data, got an object that is not plain data";
    expect(runner.validateJobParams("rows", halves).valid).toBe(false);
    expect(runner.validateJobParams("rows", { rows: [halves] })).toEqual({
      valid: false,
      errors: [{ param: "rows[0]", message }],
    });
    expect(runner.validateJobParams("rows", { rows: [wholes] })).toEqual({ valid: true, params: { rows: [wholes] } });
    const param = { name: "x", type: "string" } as const;
    for (const [half, field] of [
      [{ name: "\ud800" }, "name"],
      [{ params: [{ ...param, name: "\ud800" }] }, "params"],
      [{ params: [{ ...param, enum: ["\udc00"] }] }, "params"],
    ] as const) {
      const why = `types[0].${field} must have no half of a surrogate pair in it`;
      expect(() => newRunner({ types: [{ ...rows, ...half }] })).toThrow(new TypeError(why));
    }
    const refusal = new RangeError("id must have no half of a surrogate pair in it");
    expect(() => runner.createJob("rows", { rows: [] }, { id: "\ud800" })).toThrow(refusal);
    expect(runner.getAllJobs()).toEqual([]);
    expect(runner.createJob("rows", { rows: [] }, { id: "\u{10000}" }).id).toBe("\u{10000}");
  });

  it("lists that are in one another many times are refused in bounded time", () => {
    const runner = newRunner({ types: [rows] });
    let list: unknown[] = [1];
    for (let level = 0; level < 40; level += 1) list = [list, list];
    expect(runner.validateJobParams("rows", { rows: list }).valid).toBe(false);
  });

  it("revoked proxies wear nothing out", () => {
    const runner = newRunner({ types: [rows] });
    const lists = [
      revoked([]),
      { rows: revoked([]) },
      { rows: [revoked()] },
      throwing("rows"),
      { rows: throwing("x") },
    ];
    for (let count = 0; count < 2000; count += 1) {
      for (const params of lists) expect(runner.validateJobParams("rows", params).valid).toBe(false);
    }
    expect(runner.createJob("rows", { rows: [1] }).params).toEqual({ rows: [1] });
  });

  it("of a job type are read once, and are the runner's own from then on", () => {
    const params = [{ name: "n", type: "integer" as const, max: 3 }];
    const runner = newRunner({ types: [{ name: "mine", description: "", params, execute: () => 1 }] });
    params.length = 0;
    expect(() => runner.createJob("mine", { n: 4 })).toThrow(InvalidParamsError);
    expect(runner.getJobType("mine")?.params).toEqual([{ name: "n", type: "integer", max: 3 }]);
    for (const bad of [revoked([]), [revoked()], throwing("0"), [throwing("name")]]) {
      expect(() =>
        newRunner({ types: [{ name: "x", description: "", params: bad as never, execute: () => 1 }] }),
      ).toThrow(TypeError);
    }
  });
});

describe("what is no name", () => {
  it("gets a typed error in words", () => {
    const runner = newRunner();
    for (const name of [Symbol("x"), throwing("toString"), Object.create(null), 5n, null]) {
      expect(() => runner.createJob(name as never)).toThrow(UnknownJobTypeError);
      expect(() => runner.validateJobParams(name as never, {})).toThrow(UnknownJobTypeError);
      expect(() => runner.watch(name as never)).toThrow("There is no job");
      expect(() => runner.retryJob(name as never)).toThrow("There is no job");
      expect(() => runner.createJob("prime", {}, { id: name as never })).toThrow(TypeError);
      expect([runner.getJob(name as never), runner.cancelJob(name as never)]).toEqual([undefined, false]);
    }
  });

  it("options that throw when they are read change nothing", () => {
    const { type, held } = heldType();
    const runner = newRunner({ types: [type] });
    for (const name of ["id", "priority", "delay", "timeout", "retry", "signal"]) {
      expect(() => runner.createJob("held", {}, throwing(name))).toThrow(`${name} was looked at`);
    }
    expect([runner.getQueueStats().total, held.length, runner.getAllJobs()]).toEqual([0, 0, []]);
  });
});

describe("results and errors", () => {
  it("that can't be looked at end their job, and go as null", async () => {
    const results = [
      revoked(),
      throwing("toJSON"),
      throwing("x"),
      { toJSON: () => revoked() },
      { deep: [revoked([])] },
    ];
    for (const result of results) {
      const runner = newRunner({ types: [anything({ result })] });
      const port = rawPort(runner);
      const { id } = runner.createJob("odd");
      expect((await ended(runner, id)).status).toBe("completed");
      await port.settled();
      expect(port.received.find(({ type }) => type === "job_completed")).toMatchObject({ job_id: id });
      const text = await new Response(runner.eventStream(id)).text();
      expect(text).toContain("event: complete");
    }
  });

  it("of another realm are what they are", async () => {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    const realm = frame.contentWindow as unknown as typeof globalThis;
    const data = new realm.Array<unknown>(new realm.Object(), 1);
    for (const [result, carried] of [
      [new realm.RangeError("no"), null],
      [data, [{}, 1]],
      [new realm.Map(), null],
    ]) {
      const runner = newRunner({ types: [anything(result)] });
      const port = rawPort(runner);
      const { id } = runner.createJob("odd");
      await ended(runner, id);
      await port.settled();
      expect(port.received.find(({ type }) => type === "job_completed")).toMatchObject({ result: carried });
    }
    const runner = newRunner({ types: [rows] });
    expect(runner.createJob("rows", { rows: data }).params).toEqual({ rows: [{}, 1] });
    frame.remove();
  });
});

describe("a manager that others use, too", () => {
  it("a job of theirs under a number is in the way of no create", async () => {
    const { type } = heldType();
    const runner = newRunner({ types: [type] });
    const stops = ["1", "2"].map(
      (key) =>
        runner.manager.runJob(
          key,
          ({ signal }) =>
            new Promise((resolve) => {
              signal.addEventListener("abort", resolve);
            }),
        ).job,
    );
    const made = runner.createJob("held");
    expect(made.id).toBe("3");
    expect(runner.getAllJobs().map(({ id }) => id)).toEqual(["3"]);
    await Promise.all(stops.map((job) => job.stop()));
    expect(runner.getRunningJobs()).toEqual(["3"]);
  });
});

it("texts with half of a surrogate pair arrive in a body as they were given", async () => {
  const [half, texts] = ["\ud83d left", ["right \ude00", { deep: "\ud83d" }]];
  const heard: unknown[] = [];
  const type = {
    name: "texts",
    description: "",
    params: [
      { name: "text", type: "string" } as const,
      { name: "rows", type: "array" } as const,
      { name: "more", type: "string", default: "the default" } as const,
    ],
    execute: (params: unknown) => {
      heard.push(params);
    },
  };
  const runner = newRunner({ types: [type] });
  await ended(runner, runner.createJob("texts", { text: half, rows: texts, more: undefined }).id);
  expect(heard).toEqual([{ text: half, rows: texts, more: "the default" }]);
});
