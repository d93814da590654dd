import { Session, scriptedProvider } from "jobgate/agents";
import { JobRunner } from "jobgate/runner";
import { describe, expect, it } from "vitest";
import { newPool, runner, running } from "../pool/support/pool.js";
import { latch, queue, until } from "../shared/support/tabs.js";
import { type } from "../shared/support/types.js";
import { asyncDispose } from "../support/dispose.js";
import { newManager } from "../support/manager.js";
import { untilAborted, Work } from "../support/work.js";

describe("[Symbol.asyncDispose]", () => {
  it("of a job stops it, and resolves when it has ended", async () => {
    const work = new Work();
    const { job } = newManager().runJob("report", work.factory);
    const disposed = job[asyncDispose]();
    expect(job.stopping).toBe(true);
    work.resolve();
    await disposed;
    expect(job.status).toBe("cancelled");
  });

  it("of an ended job is resolved", async () => {
    const { job } = newManager().runJob("report", () => 1);
    await job.settled;
    await job[asyncDispose]();
    expect(job.status).toBe("completed");
  });

  it("of a manager closes it", async () => {
    const manager = newManager();
    const { job } = manager.runJob("report", untilAborted);
    await manager[asyncDispose]();
    expect(job.status).toBe("cancelled");
    expect(() => manager.runJob("report", () => {})).toThrow("closed");
  });

  it("of a worker pool closes it: jobs end cancelled, and no worker is left", async () => {
    const pool = newPool();
    const { run } = runner(pool);
    const job = run("untilAborted");
    await running(job);
    await pool[asyncDispose]();
    expect(pool.stats).toMatchObject({ busy: 0, idle: 0 });
    expect(job.status).toBe("cancelled");
    expect(await run("echo").settled).toMatchObject({ type: "Failed", error: { code: "E_CLOSED" } });
  });

  it("of a shared runner closes it: what it runs is handed over, and it takes nothing more", async () => {
    const { open } = queue();
    const aborted = latch<string>();
    const body = (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          aborted.open(signal.reason.code);
          reject(signal.reason);
        });
      });
    const [owner, watcher] = [open({ types: [type("wait", body)] }), open({ execute: false })];
    const { id } = await owner.createJob("wait");
    await until(watcher, () => watcher.getJob(id)?.status === "running");
    await owner[asyncDispose]();
    expect(await aborted.opened).toBe("E_HANDOVER");
    await until(watcher, () => watcher.getJob(id)?.status === "pending");
    expect(watcher.getJob(id)).toMatchObject({ attempt: 1, interruptions: 0 });
    await expect(owner.createJob("wait")).rejects.toMatchObject({ code: "E_CLOSED" });
  });

  it("works detached", async () => {
    const manager = newManager();
    const { job } = manager.runJob("report", untilAborted);
    const session = new Session({ providers: [scriptedProvider({ replies: [[]] })] });
    const jobRunner = new JobRunner({ types: [] });
    for (const held of [job, manager, newPool(), jobRunner, session, queue().open({ types: [] })]) {
      const dispose = held[asyncDispose];
      await dispose();
    }
    expect(job.status).toBe("cancelled");
    expect(() => manager.add(() => {})).toThrow("closed");
    expect(() => jobRunner.manager.add(() => {})).toThrow("closed");
  });

  it("works with await using", async () => {
    let outer: { status: string } | undefined;
    {
      await using manager = newManager();
      outer = manager.runJob("report", untilAborted).job;
      expect(outer.status).toBe("running");
    }
    expect(outer?.status).toBe("cancelled");
  });
});

describe("a browser without Symbol.asyncDispose", () => {
  it("imports the package and runs a job all the same", async () => {
    const frame = document.createElement("iframe");
    const answer = new Promise<unknown>((resolve) => {
      window.addEventListener("message", ({ data, source }) => {
        if (source === frame.contentWindow) resolve(data);
      });
    });
    const packed = "../../.packed/node_modules/jobgate/dist/index.js";
    const moduleUrl = new URL(packed, import.meta.url).href;
    frame.srcdoc = `
      <script>
        const NativeSymbol = Symbol;
        window.Symbol = new Proxy(function () {}, {
          apply: (target, receiver, parameters) => NativeSymbol(...parameters),
          get: (target, name) => (/ispose$/.test(String(name)) ? undefined : NativeSymbol[name]),
        });
      </script>
      <script type="module">
        const answer = async () => {
          if (Symbol.asyncDispose !== undefined) return "the symbol is still there";
          const { JobManager } = await import(${JSON.stringify(moduleUrl)});
          const manager = new JobManager();
          const { job } = manager.runJob("report", () => "ran");
          const result = await job.result;
          await manager.close();
          return [result, job.status, "undefined" in job, "undefined" in manager];
        };
        parent.postMessage(await answer().catch((error) => String(error)), "*");
      </script>`;
    document.body.append(frame);
    expect(await answer).toEqual(["ran", "completed", false, false]);
    frame.remove();
  });
});
