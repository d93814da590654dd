import type { JobContext } from "jobgate";

// biome-ignore lint/suspicious/noExplicitAny: fits a manager of any type
export type AnyContext = JobContext<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: fits a manager of any type
type Anything = any;

/** A promise that the test settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

export interface Attempt {
  readonly context: AnyContext;
  resolve(value?: Anything): void;
  reject(error: unknown): void;
}

/** A job body that does nothing until the test settles it, attempt by attempt. */
export class Work {
  readonly attempts: Attempt[] = [];
  readonly #waiting: { readonly count: number; readonly done: Deferred<Attempt> }[] = [];

  readonly factory = (context: AnyContext): Promise<Anything> => {
    const { promise, resolve, reject } = deferred<Anything>();
    const attempt: Attempt = { context, resolve: (value) => resolve(value), reject };
    this.attempts.push(attempt);
    for (const { count, done } of this.#waiting) {
      if (count === this.attempts.length) done.resolve(attempt);
    }
    return promise;
  };

  get starts(): number {
    return this.attempts.length;
  }

  /** The attempt that started last. */
  get last(): Attempt {
    const attempt = this.attempts.at(-1);
    if (attempt === undefined) throw new Error("the body has not started");
    return attempt;
  }

  get context(): AnyContext {
    return this.last.context;
  }

  resolve(value?: Anything): void {
    this.last.resolve(value);
  }

  reject(error: unknown): void {
    this.last.reject(error);
  }

  /** Resolves when the body has been started for the `count`-th time. */
  started(count = 1): Promise<Attempt> {
    const attempt = this.attempts[count - 1];
    if (attempt !== undefined) return Promise.resolve(attempt);
    const done = deferred<Attempt>();
    this.#waiting.push({ count, done });
    return done.promise;
  }
}

/** A body that ends as soon as it is asked to, the way a `fetch` does. */
export function untilAborted({ signal }: AnyContext): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Makes bodies that write down the order they start in, and end at once. */
export function startLog(): { readonly order: string[]; body(name: string): () => void } {
  const order: string[] = [];
  return {
    order,
    body: (name) => () => {
      order.push(name);
    },
  };
}
