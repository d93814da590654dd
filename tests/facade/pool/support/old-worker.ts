// A worker of a browser that lacks what the oldest supported ones lack: gone before the package loads.
Reflect.deleteProperty(globalThis, "structuredClone");
Reflect.deleteProperty(globalThis, "reportError");
Reflect.deleteProperty(AbortSignal.prototype, "throwIfAborted");

const { exposeJobs } = await import("jobgate/worker");

exposeJobs({
  echo: (params) => params,
  changesItsState: (_, { setState }) => {
    const state = { at: "first" };
    setState(state);
    state.at = "second";
    setState(state);
    state.at = "never told";
  },
  badState: (_, { setState }) => setState({ f() {} }),
  throws: () => {
    throw new RangeError("no", { cause: { a: 1 } });
  },
  throwsWhatCannotBeCloned: () => {
    throw { f() {} };
  },
  checkpoints: async (_, { progress, checkpoint, setState }) => {
    progress(0, "running");
    try {
      for (;;) {
        const end = performance.now() + 1;
        while (performance.now() < end);
        await checkpoint();
      }
    } catch (thrown) {
      setState({ thrown });
      throw thrown;
    }
  },
});

export {};
