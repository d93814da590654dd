/** A caller's signal that knows how many listeners are on it. */
export interface CountedSignal {
  readonly signal: AbortSignal;
  /** Listeners on the signal now, the `onabort` property included. */
  readonly listeners: number;
  /** Listeners ever added. */
  readonly added: number;
  abort(reason?: unknown): void;
}

export function countedSignal(): CountedSignal {
  const controller = new AbortController();
  const { signal } = controller;
  /** The listeners, and which of them leave by themselves when the signal aborts. */
  const present = new Map<unknown, "once" | "stays">();
  let added = 0;
  const nativeAdd = signal.addEventListener.bind(signal);
  const nativeRemove = signal.removeEventListener.bind(signal);
  nativeAdd("abort", () => {
    for (const [listener, kind] of present) if (kind === "once") present.delete(listener);
  });

  signal.addEventListener = (
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ) => {
    nativeAdd(type, listener as EventListener, options);
    if (type !== "abort" || listener === null || signal.aborted) return;
    added += 1;
    const { once, signal: until } = typeof options === "object" ? options : {};
    present.set(listener, once === true ? "once" : "stays");
    until?.addEventListener("abort", () => present.delete(listener), { once: true });
  };
  signal.removeEventListener = (
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ) => {
    nativeRemove(type, listener as EventListener, options);
    if (type === "abort") present.delete(listener);
  };

  return {
    signal,
    get listeners() {
      return present.size + (signal.onabort === null ? 0 : 1);
    },
    get added() {
      return added;
    },
    abort: (reason) => controller.abort(reason),
  };
}
