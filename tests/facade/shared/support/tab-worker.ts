// A tab that can be killed and that can hang: a runner in a worker of its own.

import { SharedRunner, type SharedRunnerOptions, type SharedTaskContext } from "jobgate/shared";
import { type } from "./types.js";

export interface TabMessage {
  readonly said: "ready" | "started" | "effect" | "aborted" | "late";
  readonly detail?: string;
}

const say = (message: TabMessage) => postMessage(message);

const untilAborted = ({ signal }: SharedTaskContext) =>
  new Promise<never>((_, reject) => {
    const abort = () => {
      say({ said: "aborted", detail: signal.reason.name });
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort);
  });

const body = (_: unknown, context: SharedTaskContext) => {
  say({ said: "started", detail: context.id });
  return untilAborted(context);
};

const types = [
  type("wait", body),
  type("strict", body, { takeOver: "strict" }),
  type("fragile", body, { onInterrupted: "fail" }),
  type("steps", async (_: unknown, context: SharedTaskContext) => {
    await context.step("one", () => {
      say({ said: "effect", detail: "one" });
      return { by: "worker" };
    });
    say({ said: "started", detail: context.id });
    return untilAborted(context);
  }),
];

async function hear({ data }: MessageEvent<{ options?: SharedRunnerOptions; hang?: number }>): Promise<void> {
  if (data.options !== undefined) {
    await new SharedRunner({ ...data.options, builtins: false, types }).ready;
    say({ said: "ready" });
    return;
  }
  const until = performance.now() + (data.hang ?? 0);
  while (performance.now() < until);
  say({ said: "late" });
}

addEventListener("message", hear);
