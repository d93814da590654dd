import type { RefObject } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useDashboard, useLive, useQueue } from "../store.ts";
import { type Box, draw, edges, HEIGHT, type Palette } from "./draw.ts";
import { lanesOf } from "./lanes.ts";
import type { View } from "./view.ts";

/** With less motion wished for, the picture moves on in steps. */
const STEP_MS = 1000;
/** Painted no more often than this, however far it is zoomed in. */
const FRAME_MS = 33;
const STILL_AFTER_MS = 400;

/**
 * Keeps the canvas up to date: when something has changed, and while jobs are alive and the view goes with now, as often
 * as the picture would differ by a pixel. Returns what is needed to point at it.
 */
export function usePicture(canvas: RefObject<HTMLCanvasElement | null>, view: View, palette: Palette | undefined) {
  const { jobs, stats } = useQueue();
  const runs = useDashboard(({ runs }) => runs);
  const concurrency = useDashboard(({ place }) => place.capacity ?? 0);
  const place = useDashboard(({ place }) => place);
  const live = useLive();
  const { pending } = stats;
  const alive = live && stats.running + pending > 0;
  const lanes = useMemo(() => lanesOf(jobs, runs), [jobs, runs]);
  const boxes = useRef<readonly Box[]>([]);
  /** Time goes on while jobs are alive; when none is, it stands where the last one ended. */
  const nowOf = () => (alive || lanes.to === 0 ? Date.now() : lanes.to + STILL_AFTER_MS);
  const scene = { lanes, place, concurrency, pending, view, palette, nowOf };
  const latest = useRef(scene);
  latest.current = scene;

  const paint = useRef(() => {
    const { lanes, place, concurrency, pending, view, palette, nowOf } = latest.current;
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context || !palette) return;
    const width = canvas.current.clientWidth;
    const ratio = devicePixelRatio;
    const [pixels, tall] = [Math.round(width * ratio), Math.round(HEIGHT * ratio)];
    if (canvas.current.width !== pixels || canvas.current.height !== tall) {
      canvas.current.width = pixels;
      canvas.current.height = tall;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const now = nowOf();
    const shown = edges(view.span, view.end, now);
    boxes.current = draw(context, width, { lanes, place, concurrency, pending, ...shown, now, palette });
    // Tells from outside whether the picture moves.
    canvas.current.dataset.paintings = String(Number(canvas.current.dataset.paintings ?? 0) + 1);
  });

  useEffect(() => paint.current());

  useEffect(() => {
    if (!canvas.current) return;
    const observer = new ResizeObserver(() => paint.current());
    observer.observe(canvas.current);
    return () => observer.disconnect();
  }, [canvas]);

  useEffect(() => {
    if (!alive || view.end !== undefined) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const pixel = view.span / Math.max(1, canvas.current?.clientWidth ?? 1);
    const often = calm ? STEP_MS : Math.max(FRAME_MS, pixel);
    let paintedAt = 0;
    let frame = requestAnimationFrame(function next(at) {
      if (at - paintedAt >= often) {
        paintedAt = at;
        paint.current();
      }
      frame = requestAnimationFrame(next);
    });
    return () => cancelAnimationFrame(frame);
  }, [alive, view.end, view.span, canvas]);

  return { lanes, boxes, nowOf };
}
