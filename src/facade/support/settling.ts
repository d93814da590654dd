const { then } = Promise.prototype;

const isPlatforms = (value: unknown): value is Promise<unknown> => (value as Promise<unknown> | null)?.then === then;

/**
 * The platform's own promise as it is; anything else that is to be followed, and whose `then` may do anything, by a
 * promise of ours, which settles once.
 */
function followed(value: unknown): Promise<unknown> {
  try {
    if (isPlatforms(value) && value.constructor === Promise) return value;
  } catch {
    // It can't be looked at, which the promise says.
  }
  return new Promise((resolve, reject) => {
    // Resolved with a promise whose constructor is none, or awaited, WebKit's would never settle.
    if (isPlatforms(value)) then.call(value, resolve, reject);
    else resolve(value);
  });
}

/** Calls one of both, once, when `value` has settled: anything, and a promise of any kind, which may misbehave. */
export function whenSettled(
  value: unknown,
  fulfilled: (value: unknown) => void,
  rejected: (error: unknown) => void,
): void {
  try {
    then.call(followed(value), fulfilled, rejected);
  } catch (error) {
    rejected(error);
  }
}

/** Settles as `value` does, if it is a promise of any kind: one that misbehaves rejects, and counts once. */
export function promiseOf<T>(value: T | PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => whenSettled(value, resolve as (value: unknown) => void, reject));
}
