import { describe, expect, it } from "vitest";
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
