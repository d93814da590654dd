import { exposeJobs } from "./dist/worker.js";
exposeJobs({
  echo: (p) => p,
  throws: () => { throw new RangeError("no"); },
  outside: () => { setTimeout(() => { throw new RangeError("out"); }); return new Promise(() => {}); },
  rejects: () => { Promise.reject(new TypeError("rej")); return new Promise(() => {}); },
  exits: () => { process.exit(3); },
  spins: (_, { progress }) => { progress(1, "x"); for (;;); },
  hostile: () => { throw { get message() { throw 1; }, toString() { return Symbol(); }, get [Symbol.toStringTag]() { throw 2; }, f() {} }; },
  looping: () => { const p = new Proxy({}, { getPrototypeOf: () => p }); throw p; },
  revoked: () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy; },
  many: () => { throw new AggregateError(new Array(1e6).fill(1)); },
  cyc: () => { const e = new AggregateError([]); e.errors = new Array(100).fill(e); throw e; },
  proto: () => { const t = {}; const p = new Proxy(t, {}); Object.setPrototypeOf(t, p); throw t; },
});
