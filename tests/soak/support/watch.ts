// Counts what a page or a worker has under way. To be imported before the package is.
const timers = new Set<unknown>();

/** Timers that have been set and have neither fired nor been cleared. */
export const timersSet = () => timers.size;

for (const [set, clear] of [
  ["setTimeout", "clearTimeout"],
  ["setInterval", "clearInterval"],
] as const) {
  const scope = globalThis as unknown as Record<string, (...given: unknown[]) => unknown>;
  const nativeSet = scope[set]!.bind(globalThis);
  const nativeClear = scope[clear]!.bind(globalThis);
  scope[set] = (callback, ...rest) => {
    const timer = nativeSet(
      (...given: unknown[]) => {
        if (set === "setTimeout") timers.delete(timer);
        (callback as (...given: unknown[]) => void)(...given);
      },
      ...rest,
    );
    timers.add(timer);
    return timer;
  };
  scope[clear] = (timer) => {
    timers.delete(timer);
    return nativeClear(timer);
  };
}
