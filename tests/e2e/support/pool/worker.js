import { NonRetriableError } from "jobgate";
import { exposeJobs, transfer } from "jobgate/worker";

class PaymentError extends RangeError {
  name = "PaymentError";
  code = "E_PAYMENT";
}
class Final extends NonRetriableError {
  name = "Final";
}

const ERRORS = {
  custom: () => new PaymentError("no money", { cause: new TypeError("the card", { cause: "expired" }) }),
  aggregate: () => new AggregateError([new TypeError("one"), "two", new PaymentError("three")], "several"),
  final: () => new Final("for good"),
};

const forever = () => new Promise(() => {});

exposeJobs({
  echo: (params) => params,
  double: ({ buffer }) => {
    const doubled = new Float64Array(buffer).map((number) => 2 * number);
    setTimeout(() => postMessage({ kept: doubled.byteLength }));
    return transfer({ buffer: doubled.buffer }, [doubled.buffer]);
  },
  talks: async (_, { progress, setState, log, checkpoint }) => {
    for (let time = 1; time <= 100; time += 1) {
      progress(time, `${time} of 100`);
      setState({ time });
      log(`line ${time}`);
      await checkpoint();
    }
  },
  spins(_, { progress, aborted }) {
    progress(0, "running");
    while (!aborted());
    return "saw it";
  },
  async checkpoints(_, { progress, checkpoint }) {
    progress(0, "running");
    for (;;) await checkpoint();
  },
  throws(what) {
    throw ERRORS[what]();
  },
  badResult: () => ({ callback() {} }),
  badState: (_, { setState }) => setState(() => {}),
  throwsOutside() {
    setTimeout(() => {
      throw new PaymentError("outside");
    });
    return forever();
  },
  rejectsOutside() {
    void Promise.reject(new TypeError("nobody listens"));
    return forever();
  },
  closes() {
    close();
    return forever();
  },
  /** As the first job of its pool. */
  answersTwice() {
    postMessage({ jobgate: "done", task: 1, result: "first" });
    return "second";
  },
});
