import { header, memoryWords } from "./engine.js";
import { report } from "./errors.js";

/** What the engine can listen to: where a change comes from. */
export const SOURCE = { emitter: 0, job: 1, manager: 2, key: 3 } as const;
export const CHANNEL = { value: 0, state: 1, progress: 2, stopped: 3, action: 4, event: 5, change: 6, key: 7 } as const;

export const NOTHING_TO_HEAR = -1;
export const LATCHED = -2;

// biome-ignore lint/suspicious/noExplicitAny: one table holds the listeners of every channel.
type Listener = (value: any) => void;

/** One of the numbers that effects name. Where they are is looked up each time: a listener may have moved them. */
function numberAt(at: number): number {
  const words = memoryWords();
  return words[(words[header + 3]! >>> 2) + at]!;
}

/** One listener's presence in a table. */
export interface Subscription {
  readonly listener: Listener;
  hasLeft: boolean;
}

/** Those that a telling named. */
interface Named {
  readonly numbers: readonly number[];
  readonly subscriptions: readonly (Subscription | undefined)[];
}

/** From so many on, it costs less to remember who was told last. */
const SEVERAL = 4;

/**
 * The functions behind a source's listener numbers. Kept by the source, so that they go when it goes.
 * The engine says who is called and in which order; to come, to leave and to be told costs the same however many there
 * are. A number is not used again while effects that name it are under way.
 */
export class ListenerTable {
  private present: Map<number, Subscription> | undefined = undefined;
  /** The last telling's, while nobody has left: most tell the same ones again and again. */
  private last: Named | undefined = undefined;

  /** @param owner is to live as long as anyone can still leave. @param once a gate's: nobody in it is called twice. */
  constructor(
    readonly owner?: object,
    private readonly once = false,
  ) {}

  add(number: number, listener: Listener): Subscription {
    const subscription = { listener, hasLeft: false };
    this.present ??= new Map();
    this.present.set(number, subscription);
    return subscription;
  }

  /** False if it is not there: numbers are used again, so it has to be the same subscription. */
  remove(number: number, subscription = this.present?.get(number)): boolean {
    if (subscription === undefined || this.present?.get(number) !== subscription) return false;
    subscription.hasLeft = true;
    this.last = undefined;
    return this.present.delete(number);
  }

  get size(): number {
    return this.present?.size ?? 0;
  }

  clear(): void {
    this.present = undefined;
    this.last = undefined;
  }

  /** Calls the `count` whose numbers the engine has written from `first` on; passes over who has left. */
  call(first: number, count: number, value: unknown): void {
    if (count < SEVERAL) {
      for (let at = first; at < first + count; at++) tell(this.present?.get(numberAt(at)), value);
    } else {
      for (const subscription of this.named(first, count)) tell(subscription, value);
    }
    if (this.once) this.clear();
  }

  private named(first: number, count: number): Named["subscriptions"] {
    const { last, present } = this;
    if (last !== undefined && isNamed(last.numbers, first, count)) return last.subscriptions;
    const numbers = Array.from({ length: count }, (_, index) => numberAt(first + index));
    const subscriptions = numbers.map((number) => present?.get(number));
    this.last = { numbers, subscriptions };
    return subscriptions;
  }
}

function isNamed(numbers: readonly number[], first: number, count: number): boolean {
  if (numbers.length !== count) return false;
  for (let index = 0; index < count; index++) if (numbers[index] !== numberAt(first + index)) return false;
  return true;
}

function tell(subscription: Subscription | undefined, value: unknown): void {
  if (subscription === undefined || subscription.hasLeft) return;
  try {
    subscription.listener(value);
  } catch (error) {
    report(error);
  }
}
