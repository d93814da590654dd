import { report } from "../errors.js";
import { command, header, memoryWords } from "./engine.js";
import { keepValue, NO_VALUE, valueAt } from "./values.js";
import { HEADER, LISTENING } from "./wire.js";

export { CHANNEL, SOURCE } from "./wire.js";

export const NOTHING_TO_HEAR = LISTENING.nothingToHear;
export const LATCHED = LISTENING.latched;

/** A listener's number, or one of the above. `kept`: the first of the actions that wait for a listener. */
export function addListener(source: number, number: number, channel: number, kept = NO_VALUE): number {
  return command().listen(source, number, channel, kept);
}

// biome-ignore lint/suspicious/noExplicitAny: one table holds the listeners of every channel.
type Listener = (value: any) => void;

/** The number of a value that an emitter tells; beside it the emitter's table, to which nothing else leads. */
export function keepFor(table: ListenerTable, value: unknown): number {
  const number = keepValue(value);
  keepValue(table);
  return number;
}

export function tableBeside(number: number): ListenerTable {
  return valueAt(number + 1) as ListenerTable;
}

/** One of the numbers that effects name. Where they are is looked up each time: a listener may have moved them. */
function numberAt(at: number): number {
  const words = memoryWords();
  return words[(words[header + HEADER.listeners]! >>> 2) + at]!;
}

/** One listener's presence in a table. */
export interface Subscription {
  readonly listener: Listener;
  hasLeft: boolean;
}

/** Those that a telling named; `ignore` for who has left before. */
interface Named {
  readonly newest: number;
  readonly subscriptions: (Subscription | undefined)[];
  readonly listeners: Listener[];
}

const ignore = () => {};

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
    if (count < SEVERAL) this.callFew(first, count, value);
    else this.callNamed(this.named(first, count), value);
    if (this.once) this.clear();
  }

  private callFew(first: number, count: number, value: unknown): void {
    for (let at = first; at < first + count; at++) {
      const listener = this.present?.get(numberAt(at))?.listener;
      try {
        listener?.(value);
      } catch (error) {
        report(error);
      }
    }
  }

  private callNamed(named: Named, value: unknown): void {
    const { listeners, subscriptions } = named;
    for (let index = 0; index < listeners.length; index++) {
      // Somebody has left since.
      if (this.last !== named && subscriptions[index]?.hasLeft) continue;
      try {
        listeners[index]!(value);
      } catch (error) {
        report(error);
      }
    }
  }

  private named(first: number, count: number): Named {
    const { last, present } = this;
    const newest = numberAt(first + count - 1);
    // Tellings come in order, and nobody has left since the last: if the newest is the same and as many are there, all are.
    if (last !== undefined && last.newest === newest && last.listeners.length === count) return last;
    const named: Named = { newest, subscriptions: [], listeners: [] };
    for (let at = first; at < first + count; at++) {
      const subscription = present?.get(numberAt(at));
      named.subscriptions.push(subscription);
      named.listeners.push(subscription?.listener ?? ignore);
    }
    this.last = named;
    return named;
  }
}
