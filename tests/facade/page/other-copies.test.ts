import { gate, NonRetriableError } from "jobgate";
import { NonRetriableError as OfAnotherCopy } from "jobgate-panic";
import { afterEach, describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { Work } from "../support/work.js";

const retry = { limit: 2, delay: 0 };

/** How often a body is called that throws this. */
async function attempts(thrown: unknown): Promise<number> {
  let count = 0;
  await newManager().runJob(
    "job",
    async () => {
      count++;
      throw thrown;
    },
    { retry },
  ).job.settled;
  return count;
}

class Mine extends NonRetriableError {}
const frame = document.createElement("iframe");
document.body.append(frame);
const { Error: ForeignError } = frame.contentWindow as unknown as typeof globalThis;

describe("a NonRetriableError", () => {
  it.each([
    ["of this copy", new NonRetriableError("no")],
    ["of a class of the app's", new Mine("no")],
    ["of another copy of the package", new OfAnotherCopy("no")],
    ["of another realm", Object.assign(new ForeignError("no"), { name: "NonRetriableError" })],
    ["that came through structured clone, which leaves the name", structuredClone({ name: "NonRetriableError" })],
    ["that came as plain data, with its code", { code: "E_NON_RETRIABLE" }],
  ])("%s ends its job at once", async (_, thrown) => {
    expect(await attempts(thrown)).toBe(1);
  });
});

describe("what is no NonRetriableError is tried again, however it takes being looked at", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const hostile = {
    get code() {
      throw new Error("not yours");
    },
  };
  it.each([
    ["an error", new Error("no")],
    ["null", null],
    ["a string", "NonRetriableError"],
    ["a symbol", Symbol("no")],
    ["an object without a prototype", Object.create(null)],
    ["one whose getter throws", hostile],
    ["a revoked proxy", proxy],
  ])("%s", async (_, thrown) => {
    expect(await attempts(thrown)).toBe(3);
  });
});

describe("signals without throwIfAborted, as in older browsers and ponyfills", () => {
  const own = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "throwIfAborted")!;
  afterEach(() => Object.defineProperty(AbortSignal.prototype, "throwIfAborted", own));

  it("checkpoint and gate.wait end with the reason all the same", async () => {
    Reflect.deleteProperty(AbortSignal.prototype, "throwIfAborted");
    const reason = new RangeError("enough");
    const work = new Work();
    const { job } = newManager().runJob("job", work.factory);
    const { signal, checkpoint } = work.context;
    void job.stop(reason);
    await expect(checkpoint()).rejects.toBe(reason);
    await expect(gate().wait({ signal })).rejects.toBe(reason);
    work.resolve("left");
  });

  it("where a signal knows no reason, the reason is an AbortError", async () => {
    const ponyfill = Object.assign(new EventTarget(), { aborted: true }) as AbortSignal;
    await expect(gate().wait({ signal: ponyfill })).rejects.toMatchObject({ name: "AbortError" });
    const { job } = newManager().runJob("job", async () => 1, { signal: ponyfill });
    expect(await job.settled).toMatchObject({ type: "Cancelled", reason: { name: "AbortError" } });
  });
});
