import { type Gate, gate, type JobContext } from "jobgate";
import type { WorkAction, WorkState } from "../manager.ts";

export type Context = JobContext<WorkState, WorkAction>;
export type Body = (context: Context) => Promise<string>;

const pageId = Math.random().toString(36).slice(2, 8);

/** Names a job to the server; another tab's job never has the same name. */
export const requestId = (context: Context): string => `${pageId}-${context.id}`;

export const note = (context: Context, text: string): void => context.setState((state) => ({ ...state, note: text }));

/** Obeys "pause" and "resume". The body awaits what this returns wherever it can wait. */
export function pausePoint(context: Context): () => Promise<void> | undefined {
  // As the attempt before left it.
  let barrier: Gate | undefined = context.state.paused ? gate() : undefined;
  context.onAction((action) => {
    if (action.type === "pause") {
      barrier ??= gate();
    } else {
      barrier?.open();
      barrier = undefined;
    }
    context.setState((state) => ({ ...state, paused: barrier !== undefined }));
  });
  return () => barrier?.wait({ signal: context.signal });
}

/** Holds a job that was asked to stop for `ms` more, as a body does that has files to close. */
export function withTidyUp(ms: number, body: Body): Body {
  return async (context) => {
    try {
      return await body(context);
    } finally {
      if (context.signal.aborted && ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    }
  };
}
