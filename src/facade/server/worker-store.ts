import type { Redis } from "ioredis";
import { fieldOf } from "../support/look.js";
import { setTimer, wallNow } from "../support/time.js";
import type { Progress } from "../types.js";
import { partsOf, scopeKey } from "./names.js";
import { baseKey } from "./store.js";

interface Standing {
  /** The lock is this attempt's. */
  readonly isHeld: boolean;
  /** As JSON, why it is to end; null: it is not. */
  readonly stop: string | null;
}

const PAUSE = 500;

/** BullMQ has answered: it is no longer there to be told of, or not this attempt's. */
export function isNumbered(error: unknown): boolean {
  const code = fieldOf(error, "code");
  return typeof code === "number" && code < 0;
}

type Script = (bull: string, scope: string, ...rest: (string | number)[]) => Promise<unknown>;
type Scripts = Record<"jgStart" | "jgSeal" | "jgTell" | "jgEndIfAsked", Script>;

/** A job that a worker has: what it asks and tells of it counts for as long as the lock is its own. */
export class Held {
  readonly token: string;
  /** The store does not take what it is told of the job. */
  isRefused = false;
  private readonly redis: Redis;
  private readonly scripts: Scripts;
  private readonly base: string;
  private readonly scope: string;
  private readonly stored: string;
  private readonly attempt: number;

  constructor(redis: Redis, queue: string, stored: string, token: string, attempt: number) {
    this.redis = redis;
    this.scripts = redis as unknown as Scripts;
    this.base = baseKey(queue);
    this.scope = scopeKey(this.base, partsOf(stored)?.scope ?? "");
    this.stored = stored;
    this.token = token;
    this.attempt = attempt;
  }

  start(): Promise<Standing> {
    return this.ask(() => this.scripts.jgStart(this.base, this.scope, this.stored, this.token));
  }

  /** It is about to end for good: from here on it can't be cancelled, unless it has been. */
  seal(): Promise<Standing> {
    return this.ask(() => this.scripts.jgSeal(this.base, this.scope, this.stored, this.token, this.attempt));
  }

  private async ask(question: () => Promise<unknown>): Promise<Standing> {
    const [held, stop = null] = (await this.patiently(question)) as [string, string?];
    return { isHeld: held === "held", stop };
  }

  /** Until there is an answer: that the store takes nothing, for want of memory say, is no fault of the job's. */
  async patiently<T>(question: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const answer = await question();
        this.isRefused = false;
        return answer;
      } catch (error) {
        if (this.redis.status === "end" || isNumbered(error)) throw error;
        this.isRefused = true;
        await new Promise<void>((resolve) => setTimer(resolve, PAUSE));
      }
    }
  }

  /** Not again where it fails: what comes next says more. */
  async tell(progress: Progress | undefined, lines: readonly { message: string; at: number }[]): Promise<void> {
    const told = progress === undefined ? "" : JSON.stringify(progress);
    const flat = lines.flatMap(({ message, at }) => [message, at]);
    await this.scripts.jgTell(this.base, this.scope, this.stored, this.token, told, ...flat);
  }

  /** It waits again. Who has asked it to end meanwhile has asked for that, too. */
  async endIfAsked(): Promise<void> {
    await this.scripts.jgEndIfAsked(this.base, this.scope, this.stored, wallNow());
  }
}
