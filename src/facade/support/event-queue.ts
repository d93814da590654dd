// A stream of what happens, which a slow reader cannot make grow without bound.

import { iterable } from "./iterable-stream.js";
import { Unread } from "./unread.js";

export interface EventQueue<T> {
  readonly stream: ReadableStream<T>;
  /** With a key, it takes the place of what is unread under it. */
  push(event: T, key?: string): void;
  close(): void;
  fail(error: unknown): void;
}

/** `onEnd`: nothing more is to be told, for it is closed or its reader has left; may be called again. */
export function eventQueue<T>(onEnd: () => void, worthTelling?: (events: T[]) => T[]): EventQueue<T> {
  let controller!: ReadableStreamDefaultController<T>;
  const unread = new Unread<T>(worthTelling);
  let closed = false;
  /** Closed for its reader, or left by it. */
  let done = false;

  /** Reading may ask for more before it returns, so each event is taken out before it is handed on. */
  function flush(): void {
    while (unread.size > 0) {
      if (controller.desiredSize! <= 0) return;
      controller.enqueue(unread.shift()!);
    }
    if (closed && !done) controller.close();
    done ||= closed;
  }

  const stream = iterable(
    new ReadableStream<T>({
      start(given) {
        controller = given;
      },
      pull: flush,
      cancel() {
        done = true;
        unread.clear();
        onEnd();
      },
    }),
  );
  return {
    stream,
    push(event, key) {
      if (done) return;
      unread.push(event, key);
      flush();
    },
    close() {
      closed = true;
      onEnd();
      if (!done) flush();
    },
    fail(error) {
      controller.error(error);
    },
  };
}
