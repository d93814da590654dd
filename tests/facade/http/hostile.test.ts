// Whatever a queue, an option or a request does when it is looked at: there is an answer, in JSON, and nobody else notices.

import { type HandledQueue, jobHandler } from "jobgate/runner";
import { describe, expect, it } from "vitest";
import { Hostile, throwingProxy, unreadable } from "../hostile/support/unreadable.js";
import { ended } from "../runner/support/runner.js";
import { asker, onlyQueue, posted, served } from "./support/ask.js";

const REQUESTS: readonly (readonly [path: string, init?: RequestInit])[] = [
  ["/api/jobs"],
  ["/api/jobs", posted({ type: "held", id: "new" })],
  ["/api/jobs/one"],
  ["/api/jobs/one", { method: "DELETE" }],
  ["/api/jobs/one/retry", { method: "POST" }],
  ["/api/jobs/one/progress"],
  ["/api/job-types"],
  ["/api/stats"],
];

/** What every answer is, whatever happened: refused in JSON, or what was there. */
async function expectAnswer(response: Response): Promise<void> {
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  if (response.status < 400) await response.body?.cancel();
  else expect(await response.json()).toEqual({ code: response.status, error: expect.any(String) });
}

type Wrong = (queue: HandledQueue, name: string) => unknown;

const WRONG: Readonly<Record<string, Wrong>> = {
  "throws an error": () => {
    throw new Hostile("on purpose");
  },
  "throws nothing": () => {
    throw undefined;
  },
  "throws what can't be read": () => {
    throw throwingProxy();
  },
  "gives what can't be read": () => throwingProxy(),
  "gives undefined": () => undefined,
  "gives a number": () => 5,
  "gives a symbol": () => Symbol("x"),
  "promises a rejection": () => {
    const rejected = Promise.reject(new Hostile("on purpose"));
    // Of what promises nothing by its type, nobody may take it.
    rejected.catch(() => {});
    return rejected;
  },
  "gives a thenable that throws": () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    then: () => {
      throw new Hostile("then");
    },
  }),
  "gives a thenable that fulfils twice": () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    then: (fulfil: (value: unknown) => void) => {
      fulfil(1);
      fulfil(2);
    },
  }),
  "gives an endless record": () => {
    const record: Record<string, unknown> = { id: "one", type: "held", status: "running" };
    return Object.assign(record, { params: record, result: record, progress: record, error: record });
  },
};

describe.each(Object.entries(WRONG))("a queue of which a method %s", (_, wrong) => {
  const names = ["createJob", "getJob", "getAllJobs", "cancelJob", "retryJob", "getQueueStats", "watch"] as const;
  it.each([...names, "getSnapshot", "subscribe", "getJobTypes", "getWorkerStats", "eventStream", "ready"] as const)(
    "%s",
    async (name) => {
      const { runner, held } = served();
      const { id } = runner.createJob("held", {}, { id: "one" });
      held[0]?.work.resolve(1);
      await ended(runner, id);
      const whole = onlyQueue(runner);
      const given = name === "ready" ? { get: () => wrong(whole, name) } : { value: () => wrong(whole, name) };
      const ask = asker(jobHandler(Object.defineProperty(whole, name, { ...given, configurable: true })));
      for (const [path, init] of REQUESTS) await expectAnswer(await ask(path, init));
    },
  );
});

describe("errors of a queue", () => {
  it.each([
    ["E_STORAGE_UNAVAILABLE", 503],
    ["E_STORAGE_LOST", 503],
    ["E_QUOTA", 507],
    ["E_DISCONNECTED", 503],
    ["E_CLOSED", 503],
    ["E_QUEUE_FULL", 503],
    ["E_DUPLICATE", 409],
    ["E_UNKNOWN_JOB", 404],
    ["E_NOT_FINISHED", 409],
    ["E_REFUSED", 400],
    ["E_SOMETHING_ELSE", 500],
    ["constructor", 500],
    [5, 500],
  ])("%s is %i", async (code, status) => {
    const { runner } = served();
    const createJob = () => Promise.reject(Object.assign(new Error("no"), { code }));
    const response = await asker(jobHandler({ ...onlyQueue(runner), createJob }))(
      "/api/jobs",
      posted({ type: "held" }),
    );
    expect(response.status).toBe(status);
    expect((await response.json()).code).toBe(status);
  });

  it("faults that are none are not passed on", async () => {
    const { runner } = served();
    for (const errors of [5, [5], throwingProxy([]), undefined, [{ param: 1, message: "x" }]]) {
      const createJob = () => Promise.reject(Object.assign(new Error("no"), { code: "E_INVALID_PARAMS", errors }));
      const ask = asker(jobHandler({ ...onlyQueue(runner), createJob }));
      const response = await ask("/api/jobs", posted({ type: "held" }));
      expect([response.status, (await response.json()).errors]).toEqual([400, [{ param: "", message: "no" }]]);
    }
  });
});

describe("bodies", () => {
  it.each([
    '{"__proto__":{"type":"held"}}',
    '{"constructor":{"prototype":{"type":"held"}}}',
    '{"type":{"__proto__":"held"}}',
    '{"type":"__proto__"}',
    '{"type":"constructor"}',
    '{"type":"held","params":{"toString":1,"__proto__":{"label":5}},"id":1}',
    `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    `{"type":"held","params":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`,
  ])("%.60s is refused, and nothing is queued", async (body) => {
    const { runner, ask } = served();
    const response = await ask("/api/jobs", posted(body));
    expect([response.status, (await response.json()).code]).toEqual([400, 400]);
    expect(runner.getAllJobs()).toEqual([]);
    expect(({} as Record<string, unknown>).type).toBeUndefined();
  });

  it("a __proto__ beside good params makes nothing of them", async () => {
    const { runner, ask } = served();
    const body = '{"type":"held","__proto__":{"id":"x"},"params":{"label":"good"}}';
    expect((await ask("/api/jobs", posted(body))).status).toBe(201);
    expect(runner.getAllJobs()[0]).toMatchObject({ params: { label: "good" } });
    expect(runner.getJob("x")).toBeUndefined();
  });
});

describe("requests", () => {
  it.each(Object.entries(unreadable))("%s is not its own", (_, make) => {
    expect(jobHandler(served().runner)(make() as Request)).toBeUndefined();
  });

  it.each([undefined, null, 5, {}, { url: "/api/jobs" }, { url: Symbol("x") }])("%o is not its own", (request) => {
    expect(jobHandler(served().runner)(request as never)).toBeUndefined();
  });

  it("one that is none beyond its address is answered all the same", async () => {
    const request = { url: new URL("/api/jobs", location.href).href } as Request;
    await expectAnswer((await jobHandler(served().runner)(request)) as Response);
  });
});
