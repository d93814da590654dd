import { Hostile, throwingGetters } from "../support/unreadable.js";
import { anything } from "../values.js";
import type { Any, Draw, Makers } from "./draw.js";

type Listener = (event: { data: unknown }) => void;

const fail = (): never => {
  throw new Hostile("a port's method that was called");
};

/** A port made by hand; what is posted to it goes to `send`. */
function made(draw: Draw, send: (message: unknown) => void, wrong: object = {}): Any {
  const listeners = new Set<Listener>();
  const port = {
    listeners,
    postMessage: send,
    addEventListener: (type: string, listener: Listener) => void (type === "message" && listeners.add(listener)),
    removeEventListener: (_: string, listener: Listener) => void listeners.delete(listener),
    hear(event: Any) {
      for (const listener of [...listeners]) {
        try {
          listener(event);
        } catch (error) {
          draw.around.noteThrown(error);
        }
      }
    },
  };
  Object.defineProperties(port, Object.getOwnPropertyDescriptors(wrong));
  return port;
}

/** Messages as the protocol has them, with fields that are anything. */
function message(draw: Draw): Any {
  const type = draw.random.pick([
    "create_job",
    "cancel_job",
    "clear_completed",
    "get_state",
    "ping",
    "present",
    "queue_state",
    "job_created",
    "job_started",
    "job_progress",
    "job_completed",
    "job_failed",
    "job_cancelled",
    "stats_update",
    "error",
    "pong",
  ]);
  const fields = [
    "id",
    "job_type",
    "params",
    "job_id",
    "job",
    "jobs",
    "stats",
    "error",
    "code",
    "lock",
    "request",
    "seq",
  ];
  const given: Record<string, unknown> = { type };
  for (const field of fields) if (draw.random.once(3)) given[field] = anything(draw);
  return draw.random.once(4) ? JSON.stringify({ type }) : given;
}

/** Two ends that hear each other in a microtask. */
function pair(draw: Draw, convert: (message: unknown) => unknown): readonly [Any, Any] {
  const ends: Any[] = [];
  const sendTo = (other: number) => (posted: unknown) => {
    const data = convert(posted);
    queueMicrotask(() => ends[other].hear({ data }));
  };
  ends.push(made(draw, sendTo(1)), made(draw, sendTo(0)));
  return [ends[0], ends[1]];
}

export const goodPorts: Makers = {
  "a pair of ports that clone": (draw) => pair(draw, structuredClone),
  "a pair of ports that hand over": (draw) => pair(draw, (posted) => posted),
  "a MessageChannel": (draw) => {
    const { port1, port2 } = new MessageChannel();
    draw.around.release(() => port1.close());
    return [port1, port2];
  },
};

export const ports: Makers = {
  "a port that says anything": (draw) => {
    const port = made(draw, () => {});
    const said = Array.from({ length: 3 }, () => ({ data: draw.random.once(2) ? message(draw) : anything(draw) }));
    queueMicrotask(() => {
      for (const event of said) port.hear(event);
      port.hear(throwingGetters("data"));
    });
    return port;
  },
  "a port that says anything at once": (draw) =>
    made(draw, () => {}, {
      addEventListener: (type: string, listener: Listener) => {
        if (type === "message") listener({ data: message(draw) });
      },
    }),
  "a port whose postMessage throws": (draw) => made(draw, fail),
  "a port whose postMessage throws from the third on": (draw) => {
    let posted = 0;
    return made(draw, () => ++posted > 2 && fail());
  },
  "a port whose addEventListener throws": (draw) => made(draw, () => {}, { addEventListener: fail }),
  "a port whose removeEventListener throws": (draw) => made(draw, () => {}, { removeEventListener: fail }),
  "a port whose state can't be read": (draw) =>
    made(draw, () => {}, throwingGetters("readyState", "bufferedAmount", "start")),
  "a port that calls on": (draw) => made(draw, () => draw.around.act(draw.random)),
  "a port that sends text": (draw) =>
    Object.assign(
      made(draw, () => {}),
      { postMessage: undefined, send: () => {}, readyState: draw.random.below(4) },
    ),
};
