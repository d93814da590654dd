import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, Panel } from "../../shared/components.tsx";
import { shortDuration } from "../../shared/format.ts";
import type { OpenedBy } from "../queue/Queue.tsx";
import { selectJob } from "../route.ts";
import { useDashboard } from "../store.ts";
import { AsText } from "./AsText.tsx";
import type { Box } from "./draw.ts";
import { usePalette } from "./use-palette.ts";
import { usePicture } from "./use-picture.ts";
import { firstView, fit, pan, type View, ZOOM_STEP, zoom } from "./view.ts";

const WHEEL_STEP = 0.0015;
const PAN_STEP = 0.15;

const shown = ["waiting", "running", "completed", "failed", "tried", "left", "cancelled"] as const;
const legendTexts: Partial<Record<(typeof shown)[number], string>> = {
  tried: "failed, tried again",
  left: "who ran it went away",
};

/** The last jobs in lanes: who waits above, who runs below, and how many end. `onOpen`: as the queue's. */
export function Timeline({ onOpen }: { onOpen: (by: OpenedBy) => void }) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  const [view, setView] = useState<View>(firstView);
  const palette = usePalette(legend);
  const { lanes, boxes, nowOf } = usePicture(canvas, view, palette);
  const [pointed, setPointed] = useState<Box>();
  const dragged = useRef<{ readonly x: number; readonly view: View }>(undefined);
  /** The press that ends now was a drag, and no click. */
  const moved = useRef(false);

  useWheel(frame, (event) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const at = (event.clientX - left) / width;
    setView((view) => zoom(view, Math.exp(event.deltaY * WHEEL_STEP), nowOf(), at));
  });

  const boxAt = (event: PointerEvent | MouseEvent): Box | undefined => {
    const { left, top } = canvas.current?.getBoundingClientRect() ?? { left: 0, top: 0 };
    const [x, y] = [event.clientX - left, event.clientY - top];
    return boxes.current.findLast(
      (box) => x >= box.x - 1 && x <= box.x + box.width + 1 && y >= box.y && y <= box.y + box.height,
    );
  };
  const onPointerMove = (event: PointerEvent) => {
    const drag = dragged.current;
    if (!drag) {
      setPointed(boxAt(event));
      return;
    }
    const part = (drag.x - event.clientX) / (canvas.current?.clientWidth ?? 1);
    moved.current ||= Math.abs(drag.x - event.clientX) > 3;
    if (moved.current) setView(pan(drag.view, part, nowOf()));
  };
  const onClick = (event: MouseEvent) => {
    const box = boxAt(event);
    if (!box || moved.current) return;
    selectJob(box.stretch.job.id);
    onOpen("pointer");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const change = keys[event.key];
    if (!change) return;
    event.preventDefault();
    setView((view) => change(view, nowOf(), lanes.from));
  };
  const now = nowOf();
  return (
    <Panel
      title="Timeline"
      class="timeline-panel"
      aside={
        <div class="timeline-buttons">
          <span class="muted small" data-testid="span">
            {shortDuration(view.span)} shown
          </span>
          <Button onClick={() => setView(zoom(view, ZOOM_STEP, nowOf()))} label="Zoom out">
            −
          </Button>
          <Button onClick={() => setView(zoom(view, 1 / ZOOM_STEP, nowOf()))} label="Zoom in">
            +
          </Button>
          <Button onClick={() => setView(fit(lanes.from, nowOf()))} disabled={lanes.to === 0}>
            Fit
          </Button>
          <Button onClick={() => setView({ ...view, end: undefined })} disabled={view.end === undefined}>
            Now
          </Button>
        </div>
      }
    >
      <div
        ref={frame}
        class="timeline"
        role="application"
        aria-roledescription="timeline"
        aria-label="Timeline of the last jobs"
        aria-describedby="timeline-help"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it listens to keys.
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <canvas
          ref={canvas}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            dragged.current = { x: event.clientX, view };
            moved.current = false;
            event.currentTarget.setPointerCapture(event.pointerId);
          }}
          onPointerMove={onPointerMove}
          onLostPointerCapture={() => {
            dragged.current = undefined;
          }}
          onPointerLeave={() => setPointed(undefined)}
          onClick={onClick}
        />
        {pointed && <Pointed box={pointed} now={now} />}
      </div>
      <p class="visually-hidden" id="timeline-help">
        Plus and minus zoom, the arrow keys move, Home shows all of it, End returns to now. The same as text is below.
      </p>
      <div class="timeline-foot">
        <AsText onOpen={onOpen} />
        <Legend list={legend} />
      </div>
    </Panel>
  );
}

const keys: Readonly<Record<string, (view: View, now: number, from: number) => View>> = {
  "+": (view, now) => zoom(view, 1 / ZOOM_STEP, now),
  "=": (view, now) => zoom(view, 1 / ZOOM_STEP, now),
  "-": (view, now) => zoom(view, ZOOM_STEP, now),
  ArrowLeft: (view, now) => pan(view, -PAN_STEP, now),
  ArrowRight: (view, now) => pan(view, PAN_STEP, now),
  Home: (_, now, from) => fit(from, now),
  End: (view) => ({ ...view, end: undefined }),
};

/** The wheel zooms where the timeline has the focus, or with Ctrl or ⌘; else it scrolls the page. */
function useWheel(
  frame: RefObject<HTMLDivElement | null>,
  onZoom: (event: WheelEvent & { currentTarget: Element }) => void,
) {
  const latest = useRef(onZoom);
  latest.current = onZoom;
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      if (document.activeElement !== element && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      latest.current(event as WheelEvent & { currentTarget: Element });
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [frame]);
}

/** What the pointer is on. */
function Pointed({ box, now }: { box: Box; now: number }) {
  const place = useDashboard(({ place }) => place);
  const { job, from, to } = box.stretch;
  const where = "by" in box.stretch ? `, ${place.nameOf(String(box.stretch.by))}` : "";
  const took = shortDuration(Math.min(to, now) - from);
  const label = useRef<HTMLParagraphElement>(null);
  // Beside the box, and within the picture: how wide it is shows when it is there.
  useLayoutEffect(() => {
    const { current: element } = label;
    const room = (element?.parentElement?.clientWidth ?? 0) - (element?.offsetWidth ?? 0);
    element?.style.setProperty("left", `${Math.max(0, Math.min(box.x, room))}px`);
  });
  return (
    <p ref={label} class="timeline-pointed" aria-hidden="true" style={{ top: `${box.y}px` }}>
      <strong>{job.id}</strong> {job.type} {box.waiting ? `waited ${took}` : `ran ${took}, ${job.status}${where}`}
    </p>
  );
}

function Legend({ list }: { list: RefObject<HTMLUListElement | null> }) {
  return (
    <ul ref={list} class="legend" aria-hidden="true">
      {shown.map((name) => (
        <li key={name}>
          <span class="swatch" data-colour={name} /> {legendTexts[name] ?? name}
        </li>
      ))}
      <li hidden>
        <span data-colour="rate" />
        <span data-colour="text" />
        <span data-colour="line" />
        <span data-colour="surface" />
      </li>
    </ul>
  );
}
