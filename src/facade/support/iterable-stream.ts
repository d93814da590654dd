// Streams for `for await`: platforms give them that late (Chrome 124, Firefox 110, Safari 27).

/**
 * The same stream, iterable as https://streams.spec.whatwg.org/#rs-asynciterator has it: leaving the loop cancels the
 * stream, unless `values({ preventCancel: true })` is iterated.
 */
export function iterable<T>(stream: ReadableStream<T>): ReadableStream<T> {
  if (typeof stream[Symbol.asyncIterator] === "function") return stream;
  for (const name of ["values", Symbol.asyncIterator]) {
    Object.defineProperty(stream, name, { value: values, writable: true, configurable: true });
  }
  return stream;
}

function values<T>(
  this: ReadableStream<T>,
  { preventCancel = false }: ReadableStreamIteratorOptions = {},
): AsyncIterableIterator<T> {
  const reader = this.getReader();
  let over = false;
  /** The step under way: the next one waits for it. */
  let last: Promise<unknown> = Promise.resolve();

  function enqueue<R>(step: () => Promise<R>): Promise<R> {
    const taken = last.then(step, step);
    last = taken;
    return taken;
  }

  function leave(): void {
    over = true;
    reader.releaseLock();
  }

  return {
    next: () =>
      enqueue(async () => {
        if (over) return { done: true, value: undefined };
        try {
          const read = await reader.read();
          if (read.done) leave();
          return read as IteratorResult<T>;
        } catch (error) {
          leave();
          throw error;
        }
      }),
    return: (value) =>
      enqueue(async () => {
        if (!over) {
          const cancelled = preventCancel ? undefined : reader.cancel(value);
          leave();
          await cancelled;
        }
        return { done: true, value };
      }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
