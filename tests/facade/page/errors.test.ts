import * as jobgate from "jobgate";
import { describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { untilAborted, Work } from "../support/work.js";

/** The package's exports by name. */
const exported: Record<string, unknown> = { ...jobgate };
const classNamed = (name: string) => exported[name] as typeof jobgate.JobgateError;

/** What a call throws or its promise rejects with. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("errors", () => {
  it("name is the class name, code is stable, and each is a JobgateError and an Error", async () => {
    const taken = newManager({ concurrency: 1, maxPending: 0 });
    const { job } = taken.runJob("taken", new Work().factory);
    const closed = newManager();
    await closed.close();
    const cases: [string, string, () => unknown][] = [
      ["DuplicateJobError", "E_DUPLICATE", () => taken.runJob("taken", () => {}, { onDuplicate: "reject" })],
      ["QueueFullError", "E_QUEUE_FULL", () => taken.runJob("other", () => {})],
      ["ManagerClosedError", "E_CLOSED", () => closed.runJob("report", () => {})],
      ["JobStopTimeoutError", "E_STOP_TIMEOUT", () => job.stop("enough", { timeout: 1 })],
      [
        "NonRetriableError",
        "E_NON_RETRIABLE",
        () => {
          throw new jobgate.NonRetriableError("no such file");
        },
      ],
    ];
    for (const [name, code, call] of cases) {
      const error = await errorOf(call);
      expect(error, name).toBeInstanceOf(classNamed(name));
      expect(error).toBeInstanceOf(jobgate.JobgateError);
      expect(error).toBeInstanceOf(Error);
      const { message, stack, ...rest } = error as jobgate.JobgateError & Record<string, unknown>;
      expect((error as Error).name).toBe(name);
      expect(rest).toMatchObject({ code });
      expect(message.length).toBeGreaterThan(5);
      expect(stack).toBeTypeOf("string");
    }
  });

  it("every class of the contract is there and carries its own name", () => {
    const names = [
      "JobgateError",
      "DuplicateJobError",
      "QueueFullError",
      "ManagerClosedError",
      "JobStopTimeoutError",
      "NonRetriableError",
      "InvalidParamsError",
      "UnknownJobTypeError",
      "WorkerCrashedError",
    ];
    for (const name of names) {
      expect(classNamed(name).name).toBe(name);
      expect(classNamed(name).prototype).toBeInstanceOf(Error);
      if (name !== "JobgateError") expect(classNamed(name).prototype).toBeInstanceOf(jobgate.JobgateError);
    }
  });

  it("an app may make each of them itself: message, cause, name and code are there", () => {
    const codes = {
      DuplicateJobError: "E_DUPLICATE",
      QueueFullError: "E_QUEUE_FULL",
      ManagerClosedError: "E_CLOSED",
      JobStopTimeoutError: "E_STOP_TIMEOUT",
      NonRetriableError: "E_NON_RETRIABLE",
      InvalidParamsError: "E_INVALID_PARAMS",
      UnknownJobTypeError: "E_UNKNOWN_TYPE",
      WorkerCrashedError: "E_WORKER_CRASHED",
    };
    for (const [name, code] of Object.entries(codes)) {
      const made = new (classNamed(name))("of my own", { cause: 7 });
      expect(made).toMatchObject({ name, code, message: "of my own", cause: 7 });
      expect(String(made)).toBe(`${name}: of my own`);
    }
    expect(new jobgate.InvalidParamsError("of my own").errors).toEqual([]);
  });

  it("NonRetriableError carries message and cause", () => {
    const cause = { why: "404" };
    const error = new jobgate.NonRetriableError("no such file", { cause });
    expect(error.message).toBe("no such file");
    expect(error.cause).toBe(cause);
    expect(error.code).toBe("E_NON_RETRIABLE");
    expect(new jobgate.NonRetriableError().message).toBeTypeOf("string");
    expect("cause" in new jobgate.NonRetriableError("none")).toBe(false);
  });

  it("messages tell which key is meant", async () => {
    const manager = newManager();
    manager.runJob("the monthly report", untilAborted);
    const error = await errorOf(() => manager.runJob("the monthly report", () => {}, { onDuplicate: "reject" }));
    expect((error as Error).message).toContain("the monthly report");
  });

  it("the package exports what the contract names at run time", () => {
    expect(Object.keys(jobgate).sort()).toEqual(
      expect.arrayContaining([
        "DuplicateJobError",
        "InvalidParamsError",
        "JobManager",
        "JobStopTimeoutError",
        "JobgateError",
        "ManagerClosedError",
        "NonRetriableError",
        "QueueFullError",
        "UnknownJobTypeError",
        "WorkerCrashedError",
        "gate",
        "subject",
      ]),
    );
  });
});
