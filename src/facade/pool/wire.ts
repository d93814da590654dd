// The words of src/bindings/pool: four numbers an effect: what, worker, task, how.

export const EFFECT = { spawn: 0, post: 1, abort: 2, terminate: 3, end: 4, closed: 5, wake: 6 } as const;
export const END = { settled: 0, stopped: 1, killed: 2, lost: 3, notLoaded: 4, closed: 5 } as const;
