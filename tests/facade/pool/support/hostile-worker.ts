// A worker whose types do what can be done to a pool.
import { exposeJobs, transfer } from "jobgate/worker";
import { type HostileName, hostile } from "./hostile.ts";

type Which = { readonly which: HostileName };

exposeJobs({
  echo: (params) => params,
  throws: ({ which }: Which) => {
    throw hostile[which]();
  },
  rejects: ({ which }: Which) => Promise.reject(hostile[which]()),
  returns: ({ which }: Which) => ({ result: hostile[which]() }),
  /** Nobody's job: the worker is given up, and says of what. */
  throwsOutside: ({ which }: Which) => {
    setTimeout(() => {
      throw hostile[which]();
    });
    return new Promise(() => {});
  },
  states: ({ which }: Which, { setState }) => {
    setState({ at: "first" });
    try {
      setState({ state: hostile[which]() });
    } catch {
      // What can't be sent is thrown to the body.
    }
    return "went on";
  },
  words: ({ which }: Which, { progress, log }) => {
    progress(50, hostile[which]() as string);
    log(hostile[which]() as string);
    return "said";
  },
  transfers: ({ which }: Which) => transfer({ a: 1 }, [hostile[which]() as Transferable]),
  handsOverTwice: () => {
    const buffer = new ArrayBuffer(8);
    return transfer({ buffer }, [buffer, buffer]);
  },
  thenThrows: () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried.
    get then() {
      throw new Error("then");
    },
  }),
  thenTwice: () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried.
    then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
      resolve("first");
      reject(new Error("second"));
      throw new Error("third");
    },
  }),
  reason: async (_, context) => {
    context.progress(0, "running");
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    const { reason } = context.signal;
    context.setState({ isError: reason instanceof Error, text: String(reason) });
  },

  /** Says of a task whatever it is told to, then waits until it is stopped. */
  impostor: ({ messages }: { messages: readonly unknown[] }, context) => {
    for (const message of messages) postMessage(message);
    context.progress(0, "running");
    return new Promise((_, reject) => {
      context.signal.addEventListener("abort", () => reject(context.signal.reason));
    });
  },
  doneTwice: ({ task }: { task: number }) => {
    postMessage({ jobgate: "done", task, result: "early" });
    postMessage({ jobgate: "done", task, result: "again" });
    postMessage({ jobgate: "failed", task, error: { value: "and failed" } });
    return "late";
  },
});
