import type { Page } from "playwright";

export interface HeldTimers {
  /** So many more of them ring when their time comes. */
  allow(many: number): Promise<void>;
  /** All that were held ring, and none is held any more. */
  release(): Promise<void>;
}

/** From here on timers of the page that wait that long do not ring, but for the first few. Nobody may clear one. */
export async function holdTimers(
  page: Page,
  { from, to, allowed = 0 }: { from: number; to: number; allowed?: number },
): Promise<HeldTimers> {
  const holding = await page.evaluateHandle(
    ({ from, to, allowed }) => {
      const held: (() => void)[] = [];
      const later = window.setTimeout;
      const holding = {
        allowed,
        release() {
          holding.allowed = Infinity;
          for (const ring of held.splice(0)) later(ring);
        },
      };
      window.setTimeout = ((ring: () => void, wait = 0, ...rest: unknown[]) => {
        if (wait < from || wait > to) return later(ring, wait, ...rest);
        holding.allowed -= 1;
        return holding.allowed >= 0 ? later(ring, wait, ...rest) : held.push(ring);
      }) as typeof setTimeout;
      return holding;
    },
    { from, to, allowed },
  );
  return {
    allow: (many) =>
      holding.evaluate((holding, many) => {
        holding.allowed = many;
      }, many),
    release: () => holding.evaluate((holding) => holding.release()),
  };
}

/** From here on the page draws no frame, and what would be done without one waits, too. */
export async function holdFrames(page: Page): Promise<{ release(): Promise<void> }> {
  const { release } = await holdTimers(page, { from: 100, to: 100 });
  const drawing = await page.evaluateHandle(() => {
    const frame = window.requestAnimationFrame;
    const held: FrameRequestCallback[] = [];
    window.requestAnimationFrame = (draw) => held.push(draw);
    return () => {
      window.requestAnimationFrame = frame;
      for (const draw of held.splice(0)) frame(draw);
    };
  });
  return {
    async release() {
      await drawing.evaluate((release) => release());
      await release();
    },
  };
}
