// A turn of the event loop: a MessageChannel hop, which no browser throttles and no nesting delays.

/** How long code that computes may hold the event loop before it gives others a turn, in milliseconds: half a frame at 60 Hz. */
const LONGEST_HOLD = 8;

interface Platform {
  /** Node's. */
  readonly setImmediate?: ((callback: () => void) => void) | undefined;
  readonly setTimeout: (callback: () => void) => unknown;
  readonly performance: { now(): number };
}

/**
 * Kept before a test's fake timers come: a loop under them gives the page its turns all the same. Where they came first,
 * which the fakes of Sinon, Jest and Vitest say by a `clock`, it is whatever is there now, and a hop may be lost with them.
 */
const isFaked = "clock" in setTimeout;
const platform: Platform = globalThis;
const kept: Platform = isFaked
  ? platform
  : { setImmediate: platform.setImmediate, setTimeout, performance: { now: performance.now.bind(performance) } };

/** By their number, from the one whose turn comes next. */
const waiting = new Map<number, () => void>();
let next = 0;
let latest = 0;

/**
 * One hop is under way at a time: WebKit hands over all messages that are there in one task, and Node runs all its
 * immediates one after the other, so those who wait would have one turn together, however long each then computes.
 */
function endTurn(): void {
  const resolve = waiting.get(next);
  if (resolve === undefined) return;
  waiting.delete(next);
  next += 1;
  if (waiting.size > 0) hop();
  resolve();
}

let channel: MessageChannel | undefined;

function hop(): void {
  const { setImmediate, setTimeout } = kept;
  // Node's event loop has it, and an open MessagePort would keep the process alive.
  if (setImmediate !== undefined) setImmediate(endTurn);
  // A page of a test's, without a browser.
  else if (typeof MessageChannel === "undefined") setTimeout(endTurn);
  else {
    if (channel === undefined) {
      channel = new MessageChannel();
      channel.port1.onmessage = endTurn;
    }
    channel.port2.postMessage(null);
  }
}

/** Resolves in a later task of its own, after input, painting and timers had their chance. */
export function takeTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.set(latest, resolve);
    latest += 1;
    if (waiting.size === 1 || isFaked) hop();
  });
}

/** Code that computes, and how long it has held the event loop: for ever where nobody said since when. */
export class Hold {
  private began = Number.NEGATIVE_INFINITY;

  get isLong(): boolean {
    return kept.performance.now() - this.began >= LONGEST_HOLD;
  }

  begin(): void {
    this.began = kept.performance.now();
  }

  /** Begins anew. */
  async takeTurn(): Promise<void> {
    await takeTurn();
    this.begin();
  }
}
