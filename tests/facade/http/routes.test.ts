// Each route, asked in the page.

import { QueueFullError } from "jobgate";
import { builtinJobTypes, jobHandler } from "jobgate/runner";
import { useTestClock } from "jobgate/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { newClient, until } from "../runner/support/ports.js";
import { ended, newRunner } from "../runner/support/runner.js";
import { turn } from "../support/turns.js";
import { allFrames, asker, onlyQueue, posted, served } from "./support/ask.js";

const notFound = { error: "Job not found", code: 404 };

describe("GET jobs", () => {
  it("lists the records in the queue's order", async () => {
    const { runner, held, ask } = served({}, 1);
    const [first] = [runner.createJob("held"), runner.createJob("held"), runner.createJob("held")];
    held[0]?.work.resolve("done");
    await ended(runner, first.id);
    const response = await ask("/api/jobs");
    expect([response.status, response.headers.get("Content-Type"), response.headers.get("Cache-Control")]).toEqual([
      200,
      "application/json",
      "no-store",
    ]);
    expect(await response.json()).toEqual(runner.getAllJobs());
  });

  it("only those of a status or type, and no more than are asked for", async () => {
    const { runner, ask } = served({}, 2);
    const ids = [1, 2, 3, 4].map(() => runner.createJob("held").id);
    const { id: echo } = runner.createJob("echo", { message: "hi", delay: 1 });
    const of = async (query: string) =>
      (await (await ask(`/api/jobs?${query}`)).json()).map((job: { id: string }) => job.id);
    expect(await of("status=running")).toEqual(ids.slice(0, 2));
    expect(await of("status=pending&type=held")).toEqual(ids.slice(2));
    expect(await of("status=running&status=pending")).toEqual([...ids, echo]);
    expect(await of("type=echo")).toEqual([echo]);
    expect(await of("type=nothing")).toEqual([]);
    expect(await of("limit=2&other=1")).toEqual(ids.slice(0, 2));
    expect(await of("limit=99999999999999999999")).toHaveLength(5);
  });

  it.each(["limit=0", "limit=-1", "limit=1.5", "limit=x", "limit=", "limit=1&limit=2", "status=done", "status="])(
    "%s is refused",
    async (query) => {
      const response = await served().ask(`/api/jobs?${query}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 400, errors: [{ param: query.split("=")[0] }] });
    },
  );

  it("a list that would be too large has its last records without params and results", async () => {
    const { runner, held, ask } = served({}, 100);
    for (let count = 0; count < 40; count += 1) runner.createJob("held");
    for (const { work } of held) work.resolve("x".repeat(200_000));
    await Promise.all(runner.getAllJobs().map(({ id }) => ended(runner, id)));
    const text = await (await ask("/api/jobs")).text();
    expect(text.length).toBeLessThan(4_100_000);
    const jobs = JSON.parse(text);
    expect(jobs).toHaveLength(40);
    expect(jobs[0]).toHaveProperty("result");
    expect(jobs[39]).not.toHaveProperty("result");
  });
});

describe("POST jobs", () => {
  it("creates a job and says where it is", async () => {
    const { runner, ask } = served();
    const response = await ask("/api/jobs", posted({ type: "held", params: { label: "a" }, priority: 5 }));
    const [job] = runner.getAllJobs();
    expect(response.status).toBe(201);
    expect(response.headers.get("Location")).toBe(`/api/jobs/${job?.id}`);
    expect(await response.json()).toEqual({
      id: job?.id,
      type: "held",
      status: "running",
      created_at: job?.created_at,
    });
    expect(job).toMatchObject({ params: { label: "a" }, priority: 5 });
  });

  it("takes a delay, a priority in words and an id", async () => {
    const { runner, ask } = served();
    await ask("/api/jobs", posted({ type: "held", delay: 60_000, priority: "background", id: "a b/ä" }));
    expect(runner.getJob("a b/ä")).toMatchObject({ status: "pending", priority: -100, ready_at: expect.any(Number) });
    const shown = await ask(`/api/jobs/${encodeURIComponent("a b/ä")}`);
    expect(await shown.json()).toMatchObject({ id: "a b/ä" });
  });

  it("the Idempotency-Key is the id, and asked again answers with the same job, also once it has ended", async () => {
    const { runner, held, ask } = served();
    const create = (key: string) => ask("/api/jobs", posted({ type: "held" }, { "Idempotency-Key": key }));
    expect(await (await create("mine")).json()).toMatchObject({ id: "mine", status: "running" });
    const again = await create('"mine"');
    expect([again.status, (await again.json()).id]).toEqual([201, "mine"]);
    held[0]?.work.resolve(1);
    await ended(runner, "mine");
    expect(await (await create("mine")).json()).toMatchObject({ id: "mine", status: "completed" });
    expect([held.length, runner.getAllJobs().length]).toEqual([1, 1]);
    expect((await ask("/api/jobs", posted({ type: "echo" }, { "Idempotency-Key": "mine" }))).status).toBe(409);
  });

  it("a job of another type that was made under its id meanwhile is refused with 409, as one that stood before", async () => {
    const { runner } = served();
    const ask = asker(jobHandler({ ...onlyQueue(runner), getJob: () => undefined }));
    runner.createJob("held", {}, { id: "same" });
    const response = await ask("/api/jobs", posted({ type: "echo", params: { message: "hi", delay: 1 }, id: "same" }));
    expect([response.status, await response.json()]).toMatchObject([
      409,
      { error: 'There is a job "same" of another type' },
    ]);
    expect((await ask("/api/jobs", posted({ type: "held", id: "same" }))).status).toBe(201);
    expect(runner.getAllJobs()).toMatchObject([{ id: "same", type: "held" }]);
  });

  it("a job of another type that has the key asked for is what createJob gives, and what is answered", async () => {
    const { runner } = served();
    const standing = runner.createJob("held");
    const ask = asker(jobHandler({ ...onlyQueue(runner), createJob: async () => standing }));
    const response = await ask("/api/jobs", posted({ type: "echo", key: "k" }));
    expect([response.status, await response.json()]).toMatchObject([201, { id: standing.id, type: "held" }]);
  });

  it.each([".", ".."])("an id that no address names is refused, as Idempotency-Key too: %s", async (id) => {
    const { runner, ask } = served();
    for (const init of [posted({ type: "held", id }), posted({ type: "held" }, { "Idempotency-Key": id })]) {
      const response = await ask("/api/jobs", init);
      expect(response.status).toBe(400);
      const { errors } = await response.json();
      expect(errors).toMatchObject([{ message: "must be a string that can stand in an address" }]);
    }
    expect(runner.getAllJobs()).toEqual([]);
    const { id: dotted } = await (await ask("/api/jobs", posted({ type: "held", id: `${id}a` }))).json();
    expect((await ask(`/api/jobs/${encodeURIComponent(dotted)}`)).status).toBe(200);
  });

  it("validates type and params: every fault is told, and nothing is queued", async () => {
    const { runner, ask } = served();
    const faults = async (body: unknown, headers?: Record<string, string>) => {
      const response = await ask("/api/jobs", posted(body, headers));
      expect(response.status).toBe(400);
      const { code, errors } = await response.json();
      expect(code).toBe(400);
      return errors.map(({ param }: { param: string }) => param);
    };
    expect(await faults({ type: "echo", params: { delay: 31 } })).toEqual(["message", "delay"]);
    expect(await faults({ type: "nonsense" })).toEqual(["type"]);
    expect(await faults({})).toEqual(["type"]);
    expect(await faults({ type: 1, params: 2, priority: [], delay: "x", id: 5, key: 6 })).toEqual([
      "type",
      "params",
      "priority",
      "delay",
      "key",
      "id",
    ]);
    expect(await faults({ type: "held", priority: "soon" })).toEqual(["priority"]);
    expect(await faults({ type: "held", delay: -1 })).toEqual(["delay"]);
    expect(await faults({ type: "held", key: "of a queue that has none" })).toEqual(["key"]);
    expect(await faults({ type: "held", id: "" })).toEqual(["id"]);
    expect(await faults({ type: "held", id: "x".repeat(201) })).toEqual(["id"]);
    expect(await faults({ type: "held", id: "\ud800" })).toEqual(["id"]);
    expect(await faults({ type: "held", id: "one" }, { "Idempotency-Key": "two" })).toEqual(["id"]);
    expect(await faults({ type: "held" }, { "Idempotency-Key": "one, two" })).toEqual(["Idempotency-Key"]);
    expect(runner.getAllJobs()).toEqual([]);
  });

  it.each(["", "{", "[]", "null", "5", '"text"', "\ufeff{", "{}{}"])(
    "a body of %j is refused with 400",
    async (body) => {
      const response = await served().ask("/api/jobs", posted(body));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 400, errors: [{ param: "" }] });
    },
  );

  it("bytes that are no UTF-8 are refused with 400", async () => {
    const init = { ...posted(""), body: new Uint8Array([0x22, 0xff, 0x22]) };
    expect((await served().ask("/api/jobs", init)).status).toBe(400);
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/json, text/plain", "application/jsonx", ""])(
    "a Content-Type of %j is refused with 415",
    async (type) => {
      const init = { method: "POST", headers: { "Content-Type": type }, body: '{"type":"held"}' };
      const response = await served().ask("/api/jobs", init);
      expect([response.status, (await response.json()).code]).toEqual([415, 415]);
    },
  );

  it.each(["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"])(
    "a Content-Type of %j is taken",
    async (type) => {
      const init = { method: "POST", headers: { "Content-Type": type }, body: '{"type":"held"}' };
      expect((await served().ask("/api/jobs", init)).status).toBe(201);
    },
  );

  it("a body of 1,000,000 bytes is read, a larger one is refused with 413", async () => {
    const { ask } = served();
    const sized = (bytes: number) => {
      const empty = JSON.stringify({ type: "held", ignored: "" });
      return JSON.stringify({ type: "held", ignored: "x".repeat(bytes - empty.length) });
    };
    expect((await ask("/api/jobs", posted(sized(1_000_000)))).status).toBe(201);
    const refused = await ask("/api/jobs", posted(sized(1_000_001)));
    expect([refused.status, (await refused.json()).code]).toEqual([413, 413]);
  });

  it("where requests have no streams a body is read all the same, and is refused if it is larger", async () => {
    const { runner } = served();
    const handler = jobHandler(runner);
    const create = async (body: string) => {
      const request = new Request(new URL("/api/jobs", location.href), posted(body));
      return (await handler(Object.defineProperty(request, "body", { value: undefined })))!;
    };
    const job = JSON.stringify({ type: "held", params: { label: "ä" } });
    expect((await create(job.padEnd(999_999))).status).toBe(201);
    expect(runner.getAllJobs()).toMatchObject([{ type: "held", params: { label: "ä" } }]);
    expect((await create(job.padEnd(1_000_000))).status).toBe(413);
    expect((await create("")).status).toBe(400);
    expect(runner.getAllJobs()).toHaveLength(1);
  });

  it("a full or closed queue is refused with 503", async () => {
    const runner = newRunner({ maxPending: 1, autoStart: false });
    const ask = asker(jobHandler(runner));
    const create = () => ask("/api/jobs", posted({ type: "countdown" }));
    expect((await create()).status).toBe(201);
    expect(() => runner.createJob("countdown")).toThrow(QueueFullError);
    expect((await create()).status).toBe(503);
    await runner.close();
    expect((await create()).status).toBe(503);
  });
});

describe("one job", () => {
  it("GET shows its record; DELETE stops it, pending or running; then it is 409", async () => {
    const { runner, ask } = served({}, 1);
    const [running, pending] = [runner.createJob("held").id, runner.createJob("held").id];
    expect(await (await ask(`/api/jobs/${running}`)).json()).toEqual(runner.getJob(running));
    for (const id of [pending, running]) {
      const response = await ask(`/api/jobs/${id}`, { method: "DELETE" });
      expect([response.status, await response.json()]).toEqual([200, { success: true }]);
      expect(await ended(runner, id)).toMatchObject({ status: "cancelled" });
      const again = await ask(`/api/jobs/${id}`, { method: "DELETE" });
      expect([again.status, (await again.json()).code]).toEqual([409, 409]);
    }
  });

  it("POST retry runs it again as a new one, once it has ended", async () => {
    const { runner, held, ask } = served();
    const { id } = runner.createJob("held", { label: "again" });
    expect((await ask(`/api/jobs/${id}/retry`, { method: "POST" })).status).toBe(409);
    held[0]?.work.reject(new Error("no"));
    await ended(runner, id);
    const response = await ask(`/api/jobs/${id}/retry`, { method: "POST" });
    const job = await response.json();
    expect(response.status).toBe(201);
    expect(response.headers.get("Location")).toBe(`/api/jobs/${job.id}`);
    expect(job).toEqual(runner.getJob(job.id));
    expect(job).toMatchObject({ type: "held", params: { label: "again" } });
    expect(job.id).not.toBe(id);
  });

  it.each([
    ["GET", "/api/jobs/nobody"],
    ["DELETE", "/api/jobs/nobody"],
    ["POST", "/api/jobs/nobody/retry"],
    ["GET", "/api/jobs/nobody/progress"],
    ["GET", "/api/jobs/nobody/nothing"],
    ["GET", "/api/jobs//progress"],
    ["GET", "/api/jobs/%E0%A4%A"],
    ["GET", "/api/jobs/%00"],
    ["GET", "/api/jobs/__proto__"],
    ["GET", "/api/jobs/constructor/constructor"],
    ["GET", `/api/jobs/${"x".repeat(100_000)}`],
    ["POST", "/api/jobs/1/retry/more"],
  ])("%s %.40s is 404", async (method, path) => {
    const response = await served().ask(path, { method });
    expect([response.status, await response.json()]).toEqual([404, notFound]);
  });

  it("of a result that JSON can't carry, null stands for what it can't", async () => {
    const { runner, held, ask } = served();
    const { id } = runner.createJob("held");
    held[0]?.work.resolve({ big: 5n, at: new Date(0) });
    await ended(runner, id);
    expect((await (await ask(`/api/jobs/${id}`)).json()).result).toEqual({ big: null, at: "1970-01-01T00:00:00.000Z" });
  });
});

describe("the queue", () => {
  it.each(["a runner", "a runner's asQueue"])("%s: GET job-types and GET stats", async (kind) => {
    const { runner, ask: askRunner } = served({}, 2);
    const ask = kind === "a runner" ? askRunner : asker(jobHandler(runner.asQueue()));
    for (let count = 0; count < 3; count += 1) runner.createJob("held");
    const types = await (await ask("/api/job-types")).json();
    expect(types).toEqual(JSON.parse(JSON.stringify(runner.getJobTypes())));
    expect(types.map(({ name }: { name: string }) => name)).toEqual([...builtinJobTypes, "held"]);
    expect(await (await ask("/api/stats")).json()).toEqual({
      ...{ pending: 1, running: 2, completed: 0, failed: 0, cancelled: 0, total: 3 },
      worker: { active: 2, capacity: 2 },
    });
  });

  it("one that tells neither is asked as far as it goes", async () => {
    const { runner } = served();
    const ask = asker(jobHandler(onlyQueue(runner)));
    expect((await ask("/api/job-types")).status).toBe(501);
    const created = await (await ask("/api/jobs", posted({ type: "held" }))).json();
    expect((await (await ask("/api/stats")).json()).worker).toEqual({ active: 1, capacity: null });
    expect((await ask(`/api/jobs/${created.id}`, { method: "DELETE" })).status).toBe(200);
    await ended(runner, created.id);
    expect((await ask(`/api/jobs/${created.id}/retry`, { method: "POST" })).status).toBe(201);
  });

  it("one that can't be reached is waited for; what it does not know is not said to be missing", async () => {
    const { runner } = served();
    let isConnected = false;
    const queue = {
      ...onlyQueue(runner),
      getJob: (id: string) => (isConnected ? runner.getJob(id) : undefined),
      getSnapshot: () => ({ ...runner.getSnapshot(), connected: isConnected }),
    };
    const { id } = runner.createJob("held");
    const answers = [`/api/jobs/${id}`, "/api/jobs", "/api/stats"].map((path) => asker(jobHandler(queue))(path));
    await turn();
    isConnected = true;
    runner.createJob("held");
    for (const answer of answers) expect((await answer).status).toBe(200);
  });
});

it("a queue that will not come back is not waited for", async () => {
  const clock = useTestClock();
  onTestFinished(clock.restore);
  const { runner } = served();
  const client = newClient(runner);
  const [near, far] = [runner.asQueue(), client].map((queue) => asker(jobHandler(queue)));
  client.close();
  expect((await far!("/api/jobs")).status).toBe(503);
  expect((await near!("/api/jobs")).status).toBe(200);
  await runner.close();
  expect((await near!("/api/jobs")).status).toBe(503);
});

it("what changes a queue that can't be reached is refused with 503 after 5 seconds, and not tried", async () => {
  const { runner } = served();
  const { id } = runner.createJob("held");
  const tried: string[] = [];
  let waiting = 0;
  const hangs = (name: string) => () => {
    tried.push(name);
    return new Promise<never>(() => {});
  };
  const queue = {
    ...onlyQueue(runner),
    getSnapshot: () => ({ connected: false }),
    subscribe: () => {
      waiting += 1;
      return () => {};
    },
    createJob: hangs("create"),
    cancelJob: hangs("cancel"),
    retryJob: hangs("retry"),
  };
  const ask = asker(jobHandler(queue));
  const clock = useTestClock();
  onTestFinished(clock.restore);
  const answers = [
    ask("/api/jobs", posted({ type: "held" })),
    ask(`/api/jobs/${id}`, { method: "DELETE" }),
    ask(`/api/jobs/${id}/retry`, { method: "POST" }),
  ];
  // A body is read in the browser's own time.
  await expect.poll(() => waiting).toBe(answers.length);
  await clock.advance(5000);
  expect(tried).toEqual([]);
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([503, 503, 503]);
});

it("a queue behind a port: each route", async () => {
  const { runner, held } = served();
  const client = newClient(runner);
  const ask = asker(jobHandler(client));
  const created = await ask(
    "/api/jobs",
    posted({ type: "held", params: { label: "far" } }, { "Idempotency-Key": "far" }),
  );
  expect([created.status, (await created.json()).id]).toEqual([201, "far"]);
  await until(client, () => client.getJob("far")?.status === "running");
  expect(await (await ask("/api/jobs/far")).json()).toEqual(runner.getJob("far"));
  expect(await (await ask("/api/jobs")).json()).toEqual(runner.getAllJobs());
  expect(await (await ask("/api/stats")).json()).toMatchObject({ running: 1, worker: { active: 1 } });
  const frames = ask("/api/jobs/far/progress").then(allFrames);
  held[0]?.context.progress(50);
  expect((await ask("/api/jobs/far", { method: "DELETE" })).status).toBe(200);
  const told = await frames;
  expect([told[0]?.event, told.at(-1)?.event]).toEqual(["status", "cancelled"]);
  const again = await ask("/api/jobs/far/progress", { headers: { "Last-Event-ID": told.at(-1)?.id ?? "" } });
  expect(again.status).toBe(204);
  expect((await ask("/api/jobs/far", { method: "DELETE" })).status).toBe(409);
  const retried = await ask("/api/jobs/far/retry", { method: "POST" });
  expect([retried.status, (await retried.json()).params]).toEqual([201, { label: "far" }]);
  const refused = await ask("/api/jobs", posted({ type: "echo" }));
  expect(refused.status).toBe(400);
  const { errors } = await refused.json();
  expect(errors.map(({ param }: { param: string }) => param)).toEqual(["message", "delay"]);
  expect((await ask("/api/jobs", posted({ type: "nonsense" }))).status).toBe(400);
  expect((await ask("/api/jobs/nobody/progress")).status).toBe(404);
});
