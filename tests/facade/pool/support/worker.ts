// The worker of the pool's tests: types that do one thing each.
import "./unreadable.ts";
import { NonRetriableError } from "jobgate";
import { exposeJobs, transfer, type WorkerContext } from "jobgate/worker";

class PaymentError extends RangeError {
  code = "E_PAYMENT";
  override name = "PaymentError";
}
class Nameless extends TypeError {}

const untilAborted = ({ signal }: WorkerContext) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

/** Holds the thread for so many milliseconds. */
function spin(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

exposeJobs({
  echo: (params) => params,
  nothing: () => {},
  sum: ({ numbers }: { numbers: number[] }) => numbers.reduce((sum, number) => sum + number, 0),
  context: (_, { id, attempt, signal }) => ({ id, attempt, aborted: signal.aborted }),

  double: ({ buffer }: { buffer: ArrayBuffer }) => {
    const doubled = new Float64Array(buffer).map((number) => 2 * number);
    return transfer({ buffer: doubled.buffer }, [doubled.buffer]);
  },
  keepsWhatItTransfers: () => {
    const { buffer } = new Uint8Array(8);
    setTimeout(() => postMessage({ kept: buffer.byteLength }));
    return transfer({ buffer }, [buffer]);
  },

  untilAborted: (_, context) => {
    context.progress(0, "running");
    return untilAborted(context);
  },
  returnsOnAbort: async (_, context) => {
    context.progress(0, "running");
    await untilAborted(context).catch(() => {});
    return "done all the same";
  },
  tellsReason: async (_, context) => {
    context.progress(0, "running");
    await untilAborted(context).catch(() => {});
    const { reason } = context.signal;
    const { name, message, cause, code } = Object(reason);
    context.setState({
      isError: reason instanceof Error,
      isDom: reason instanceof DOMException,
      name,
      message,
      cause,
      code,
      reason,
    });
  },
  spins: (_, { progress }) => {
    progress(0, "running");
    for (;;);
  },
  checkpoints: async (_, { progress, checkpoint }) => {
    progress(0, "running");
    for (;;) {
      spin(1);
      await checkpoint();
    }
  },
  neverSettles: (_, { progress }) => {
    progress(0, "running");
    return new Promise(() => {});
  },

  talks: async ({ times }: { times: number }, { progress, setState, log, checkpoint }) => {
    for (let time = 1; time <= times; time += 1) {
      progress((time / times) * 100, `${time} of ${times}`);
      setState({ time });
      log(`line ${time}`);
      await checkpoint();
    }
    return "talked";
  },
  changesItsState: (_, { setState }) => {
    const state = { at: "first" };
    setState(state);
    state.at = "second";
    setState(state);
    state.at = "never told";
  },
  badState: (_, { setState }) => setState(() => {}),
  badStateAfterNews: (_, context) => {
    context.progress(1, "at once");
    context.progress(2, "later");
    // Until news may go at once again.
    spin(20);
    try {
      context.setState(() => {});
    } catch {
      // What was to be told is told all the same.
    }
    return untilAborted(context);
  },
  badProgress: (_, { progress }) => progress(Number.NaN),
  badResult: () => ({ callback() {} }),

  throws: ({ what }: { what: string }) => {
    switch (what) {
      case "custom":
        throw Object.assign(new PaymentError("no money", { cause: new Error("the card", { cause: "expired" }) }), {
          extra: () => {},
        });
      case "nameless":
        throw new Nameless("which class");
      case "aggregate":
        throw new AggregateError([new TypeError("one"), "two", new PaymentError("three")], "several");
      case "dom":
        throw new DOMException("too late", "TimeoutError");
      case "final":
        throw new NonRetriableError("for good", { cause: 7 });
      case "cyclic": {
        const error = new Error("around");
        error.cause = error;
        throw error;
      }
      case "strange":
        throw { toString: 1, call() {} };
      case "text":
        throw "a text";
      case "wasm":
        throw new WebAssembly.RuntimeError("unreachable");
      default:
        throw new Error("plain");
    }
  },
  throwsOutside: (_, { progress }) => {
    progress(0, "running");
    setTimeout(() => {
      throw new PaymentError("outside");
    });
    return new Promise(() => {});
  },
  rejectsOutside: (_, { progress }) => {
    progress(0, "running");
    void Promise.reject(new TypeError("nobody listens"));
    return new Promise(() => {});
  },
  closes: () => {
    close();
    return new Promise(() => {});
  },
  afterwards: () => {
    setTimeout(() => {
      throw new PaymentError("afterwards");
    });
  },
  /** As the first job of its pool. */
  failsMalformed: () => {
    const cyclic: Record<string, unknown> = { name: "Cyclic", base: 7 };
    cyclic.errors = [{ error: cyclic }, { error: cyclic }];
    cyclic.cause = { error: cyclic };
    const error = {
      name: 7,
      message: { toString: 1 },
      stack: {},
      code: {},
      cause: 7,
      errors: [null, { error: cyclic }],
    };
    postMessage({ jobgate: "failed", task: 1, error: { error } });
    return new Promise(() => {});
  },
  answersNonsense: () => {
    for (const message of [
      null,
      7,
      "ready",
      [],
      { jobgate: "done" },
      { jobgate: "toString" },
      { jobgate: "news", task: 1, news: 1 },
    ]) {
      postMessage(message);
    }
    return "sense";
  },
});
