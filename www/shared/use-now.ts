import { useEffect, useState } from "preact/hooks";

const SECOND = 1000;
const listeners = new Set<(now: number) => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** The time, each second; one timer for all who ask, and none while nobody does. */
export function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return;
    setNow(Date.now());
    listeners.add(setNow);
    timer ??= setInterval(() => {
      for (const listener of [...listeners]) listener(Date.now());
    }, SECOND);
    return () => {
      listeners.delete(setNow);
      if (listeners.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, [ticking]);
  return now;
}
