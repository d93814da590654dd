import { useEffect, useState } from "preact/hooks";
import { Panel } from "../shared/components.tsx";

const WINDOW_MS = 1000;
const BARS = 60;
const TALLEST_MS = 50;

interface Reading {
  readonly rate: number;
  readonly longest: number;
  readonly bars: readonly number[];
}

/** Frames of the last second: how many, the longest gap between two, and the gaps as bars. */
function useFrames(): Reading {
  const [reading, setReading] = useState<Reading>({ rate: 0, longest: 0, bars: [] });
  useEffect(() => {
    const gaps: { at: number; gap: number }[] = [];
    let previous = performance.now();
    let shownAt = previous;
    let frame = 0;
    const onFrame = (at: number) => {
      gaps.push({ at, gap: Math.max(0, at - previous) });
      previous = at;
      while (gaps.length > BARS * 4) gaps.shift();
      if (at - shownAt >= WINDOW_MS / 2) {
        shownAt = at;
        const recent = gaps.filter((one) => one.at > at - WINDOW_MS);
        setReading({
          rate: recent.length,
          longest: Math.max(0, ...recent.map((one) => one.gap)),
          bars: gaps.slice(-BARS).map((one) => one.gap),
        });
      }
      frame = requestAnimationFrame(onFrame);
    };
    frame = requestAnimationFrame(onFrame);
    return () => cancelAnimationFrame(frame);
  }, []);
  return reading;
}

export function FrameMeter() {
  const { rate, longest, bars } = useFrames();
  const path = bars
    .map((gap, at) => `M${at * 4 + 2} 32v-${Math.max(1, Math.min(1, gap / TALLEST_MS) * 32).toFixed(1)}`)
    .join("");
  return (
    <Panel title="Is the page responsive?">
      <div class="meter">
        <p>
          <span>
            <strong data-testid="frame-rate">{rate}</strong> frames a second
          </span>
          <span class="muted">
            longest gap <span data-testid="longest-gap">{Math.round(longest)}</span> ms
          </span>
        </p>
        <svg viewBox={`0 0 ${BARS * 4} 32`} preserveAspectRatio="none" aria-hidden="true">
          <path d={path} />
        </svg>
      </div>
      <p class="muted small">
        Count primes and watch: the body awaits <code>checkpoint()</code> in its loop, and frames go on.
      </p>
    </Panel>
  );
}
