/** What part of time is shown. `end` undefined: up to now, and going with it. */
export interface View {
  readonly span: number;
  readonly end: number | undefined;
}

export const SHORTEST = 2000;
export const LONGEST = 3_600_000;
export const ZOOM_STEP = 1.6;
export const firstView: View = { span: 30_000, end: undefined };

/** `factor` above 1 shows more. `at`, from 0 to 1, is the place in the view that stays where it is. */
export function zoom(view: View, factor: number, now: number, at = 1): View {
  const span = Math.min(LONGEST, Math.max(SHORTEST, view.span * factor));
  if (view.end === undefined) return { span, end: undefined };
  const end = view.end + (span - view.span) * (1 - at);
  return end >= now ? { span, end: undefined } : { span, end };
}

/** Moves by a part of the view; one that reaches now goes with it from then on. */
export function pan(view: View, part: number, now: number): View {
  const end = (view.end ?? now) + view.span * part;
  return { span: view.span, end: end >= now ? undefined : end };
}

/** All of it. */
export function fit(from: number, now: number): View {
  const span = Math.min(LONGEST, Math.max(SHORTEST, (now - from) * 1.04));
  return { span, end: undefined };
}

const STEPS = [500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000];

/** Round distances between the axis' ticks. */
export function tickStep(span: number, width: number): number {
  const fits = Math.max(2, width / 90);
  return STEPS.find((step) => span / step <= fits) ?? LONGEST;
}
