import type { KeyView } from "../shared/key-watch.js";
import type { SharedRunner } from "../shared/runner.js";
import type { UseSharedJob } from "./types.js";
import type { Source } from "./use-tracked.js";

interface Watch<S, A, R> extends Source<KeyView<S, A, R>> {
  readonly idle: KeyView<S, A, R>;
}

/** One key of a shared queue as one component sees it. */
export class SharedWatch<S, A, R> implements Source<UseSharedJob<S, A, R>> {
  private readonly runner: SharedRunner;
  private readonly key: string;
  private readonly watch: Watch<S, A, R>;

  constructor(runner: SharedRunner, key: string) {
    this.runner = runner;
    this.key = key;
    // The runner's own, which apps have no use for.
    this.watch = (runner as unknown as { watchKey(key: string): Watch<S, A, R> }).watchKey(key);
  }

  isOf(runner: SharedRunner, key: string): boolean {
    return this.runner === runner && this.key === key;
  }

  readonly run: UseSharedJob<S, A, R>["run"] = async (type, params, options) =>
    (await this.runner.runJob<S, A, R>(this.key, type, params, options)).job;

  readonly stop = (reason?: unknown): Promise<void> => this.runner.stopJob(this.key, reason);

  readonly subscribe: Source<unknown>["subscribe"] = (listener) => this.watch.subscribe(listener);

  readonly getSnapshot = (): UseSharedJob<S, A, R> => this.viewOf(this.watch.getSnapshot());

  /** On the server, and in the browser until the server's HTML has been taken over. */
  get idle(): UseSharedJob<S, A, R> {
    return this.viewOf(this.watch.idle);
  }

  private viewOf(view: KeyView<S, A, R>): UseSharedJob<S, A, R> {
    return { ...view, run: this.run, stop: this.stop };
  }
}
