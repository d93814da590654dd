// A worker thread of Node's. The package as packed: nothing resolves its name in here.
import { createContext, runInContext } from "node:vm";
import { exposeJobs, transfer } from "../../.packed/node_modules/jobgate/dist/worker.js";

const realm = createContext();

exposeJobs({
  echo: (params) => params,
  double: ({ buffer }) => {
    const doubled = new Float64Array(buffer).map((number) => 2 * number);
    return transfer({ buffer: doubled.buffer }, [doubled.buffer]);
  },
  talks: async ({ times }, { progress, setState, log, checkpoint }) => {
    for (let time = 1; time <= times; time += 1) {
      progress((time / times) * 100, `${time} of ${times}`);
      setState({ time });
      log(`line ${time}`);
      await checkpoint();
    }
    return "talked";
  },
  listens: (_, { progress, signal }) => {
    progress(0, "running");
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  },
  checkpoints: async (_, { progress, checkpoint }) => {
    progress(0, "running");
    for (;;) await checkpoint();
  },
  looks: (_, { progress, aborted }) => {
    progress(0, "running");
    while (!aborted());
    return "saw it";
  },
  spins: (_, { progress }) => {
    progress(0, "running");
    for (;;);
  },
  throws: () => {
    throw Object.assign(new RangeError("no", { cause: { a: 1 } }), { code: "E_NO" });
  },
  throwsOfAnotherRealm: () =>
    runInContext("throw new TypeError('theirs', { cause: new RangeError('because') })", realm),
  throwsRevoked: () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    throw proxy;
  },
  throwsOutside: () => {
    setTimeout(() => {
      throw new RangeError("outside");
    });
    return new Promise(() => {});
  },
  rejectsOutside: () => {
    void Promise.reject(new TypeError("nobody listens"));
    return new Promise(() => {});
  },
  exits: () => process.exit(1),
  badResult: () => () => {},
});
