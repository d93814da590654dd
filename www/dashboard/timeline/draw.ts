import { clockTime } from "../../shared/format.ts";
import type { Place } from "../places/place.ts";
import { type Bar, type Lanes, type Stretch, throughput, WAIT_LANES } from "./lanes.ts";
import { tickStep } from "./view.ts";

export const HEIGHT = 244;
const TOP = 2;
const WAIT_LANE = 5;
const BARS_TOP = TOP + WAIT_LANES * WAIT_LANE + 8;
const BARS_HEIGHT = 108;
const RATE_TOP = BARS_TOP + BARS_HEIGHT + 10;
const RATE_HEIGHT = 40;
const AXIS_TOP = RATE_TOP + RATE_HEIGHT + 4;
const TALLEST_LANE = 36;
const LEAST_WIDTH = 2;
/** Part of the view that stays empty after now. */
const AHEAD = 0.03;
const RATE_SAMPLES = 160;

export type Palette = Readonly<Record<Bar["tone"] | "waiting" | "rate" | "text" | "line" | "surface", string>>;

export interface Scene {
  readonly lanes: Lanes;
  readonly place: Pick<Place, "own" | "nameOf">;
  /** Bars have at least as many lanes as may run at once. */
  readonly concurrency: number;
  readonly pending: number;
  readonly from: number;
  readonly to: number;
  readonly now: number;
  readonly palette: Palette;
}

export interface Box {
  readonly stretch: Stretch;
  readonly waiting: boolean;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The times at the view's edges. */
export function edges(span: number, end: number | undefined, now: number): { from: number; to: number } {
  const to = end ?? now + span * AHEAD;
  return { from: to - span, to };
}

/** Paints the scene and returns where each stretch stands, for the pointer. */
export function draw(context: CanvasRenderingContext2D, width: number, scene: Scene): readonly Box[] {
  const { lanes, from, to, now, palette } = scene;
  const x = (time: number) => ((Math.min(time, now) - from) / (to - from)) * width;
  const laneCount = Math.max(1, scene.concurrency, lanes.count);
  const laneHeight = Math.min(TALLEST_LANE, BARS_HEIGHT / laneCount);
  const place = (stretch: Stretch, waiting: boolean): Box | undefined => {
    if (Math.min(stretch.to, now) < from || stretch.from > to) return undefined;
    const left = Math.max(-8, x(stretch.from));
    const right = Math.min(width + 8, x(stretch.to));
    const gap = laneHeight > 6 ? 2 : 0.5;
    const [y, height] = waiting
      ? [TOP + stretch.lane * WAIT_LANE, WAIT_LANE - 2]
      : [BARS_TOP + stretch.lane * laneHeight, laneHeight - gap];
    return { stretch, waiting, x: left, y, width: Math.max(LEAST_WIDTH, right - left), height };
  };

  context.clearRect(0, 0, width, HEIGHT);
  drawAxis(context, width, scene);
  const boxes: Box[] = [];
  for (const wait of lanes.waits) {
    const box = place(wait, true);
    if (!box) continue;
    boxes.push(box);
    context.fillStyle = palette.waiting;
    fill(context, box, 2);
  }
  for (const bar of lanes.bars) {
    const box = place(bar, false);
    if (!box) continue;
    boxes.push(box);
    context.fillStyle = palette[bar.tone];
    fill(context, box, 4);
    if (bar.tone === "failed" || bar.tone === "tried" || bar.tone === "left") stripe(context, box, palette.surface);
    label(context, box, bar, scene);
  }
  drawRate(context, width, scene);
  const shownWaits = lanes.waits.filter((wait) => wait.to === Number.POSITIVE_INFINITY).length;
  const hidden = scene.pending - shownWaits;
  caption(context, hidden > 0 ? `waiting, and ${hidden} more` : "waiting", TOP, palette);
  if (now < to) {
    context.fillStyle = palette.running;
    context.fillRect(Math.round(x(now)), 0, 1, AXIS_TOP);
  }
  return boxes;
}

function fill(context: CanvasRenderingContext2D, { x, y, width, height }: Box, radius: number): void {
  context.beginPath();
  context.roundRect(x, y, width, height, Math.min(radius, width / 2, height / 2));
  context.fill();
}

/** So that what failed is told apart by more than its colour. */
function stripe(context: CanvasRenderingContext2D, { x, y, width, height }: Box, colour: string): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.globalAlpha = 0.35;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  for (let at = x - (x % 8) - height; at < x + width; at += 8) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

/** With who runs it where that is another. */
function label(context: CanvasRenderingContext2D, box: Box, { job, by, tone }: Bar, { palette, place }: Scene): void {
  if (box.height < 14 || box.width < 28) return;
  context.save();
  context.beginPath();
  context.rect(box.x, box.y, box.width - 4, box.height);
  context.clip();
  context.font = font(context, 600);
  context.textBaseline = "middle";
  const text = by === place.own ? `${job.id} ${job.type}` : `${job.id} ${job.type}, ${place.nameOf(by)}`;
  const [x, y] = [Math.max(6, box.x + 6), box.y + box.height / 2 + 0.5];
  context.fillStyle = palette[tone];
  context.fillRect(x - 2, y - 7, context.measureText(text).width + 4, 14); // no stripes behind it
  context.fillStyle = palette.surface;
  context.fillText(text, x, y);
  context.restore();
}

const font = (context: CanvasRenderingContext2D, weight: number): string =>
  `${weight} 11px ${getComputedStyle(context.canvas).fontFamily}`;

function drawAxis(context: CanvasRenderingContext2D, width: number, { from, to, palette }: Scene): void {
  const step = tickStep(to - from, width);
  context.font = font(context, 400);
  context.textBaseline = "top";
  context.textAlign = "center";
  for (let tick = Math.ceil(from / step) * step; tick < to; tick += step) {
    const at = Math.round(((tick - from) / (to - from)) * width);
    context.fillStyle = palette.line;
    context.fillRect(at, 0, 1, AXIS_TOP);
    context.fillStyle = palette.text;
    if (at > 28 && at < width - 28) context.fillText(clockTime(tick), at, AXIS_TOP + 4);
  }
  context.textAlign = "start";
  context.fillStyle = palette.line;
  context.fillRect(0, BARS_TOP - 5, width, 1);
  context.fillRect(0, RATE_TOP - 6, width, 1);
  context.fillRect(0, AXIS_TOP, width, 1);
}

function drawRate(context: CanvasRenderingContext2D, width: number, scene: Scene): void {
  const { lanes, from, to, now, palette } = scene;
  const until = Math.min(now, to);
  const right = ((until - from) / (to - from)) * width;
  if (right <= 0) return;
  const rates = throughput(lanes.ends, from, until, RATE_SAMPLES, Math.max(1000, (to - from) / 20));
  const peak = Math.max(...rates);
  const point = (rate: number, at: number) =>
    [(right * at) / RATE_SAMPLES, RATE_TOP + RATE_HEIGHT * (1 - (peak === 0 ? 0 : rate / peak) * 0.92)] as const;
  const line = () => {
    context.beginPath();
    for (const [at, rate] of rates.entries()) context.lineTo(...point(rate, at));
  };
  line();
  context.lineTo(right, RATE_TOP + RATE_HEIGHT);
  context.lineTo(0, RATE_TOP + RATE_HEIGHT);
  context.globalAlpha = 0.15;
  context.fillStyle = palette.rate;
  context.fill();
  context.globalAlpha = 1;
  line();
  context.strokeStyle = palette.rate;
  context.lineWidth = 1.5;
  context.stroke();
  caption(context, `ended a minute, peak ${Math.round(peak)}`, RATE_TOP - 3, palette);
}

/** At the left edge, readable over what goes on behind it. */
function caption(context: CanvasRenderingContext2D, text: string, y: number, palette: Palette): void {
  context.font = font(context, 400);
  context.textBaseline = "top";
  context.globalAlpha = 0.8;
  context.fillStyle = palette.surface;
  context.fillRect(0, y, context.measureText(text).width + 8, 15);
  context.globalAlpha = 1;
  context.fillStyle = palette.text;
  context.fillText(text, 4, y + 2);
}
