import type { WorkerState } from "jobgate/agents";
import type { Tone } from "../shared/components.tsx";
import { type Conversation, isBusy, type Talk } from "./conversations.ts";

interface Status {
  readonly text: string;
  readonly tone: Tone;
  /** Worth being told in a list. */
  readonly worth: boolean;
}

const busy: Record<WorkerState, Omit<Status, "worth">> = {
  inactive: { text: "ending", tone: "active" },
  working: { text: "starting", tone: "active" },
  requesting: { text: "thinking", tone: "active" },
  receiving: { text: "answering", tone: "active" },
  waiting: { text: "asks you", tone: "warn" },
  using_tool: { text: "using a tool", tone: "active" },
  failed: { text: "ending", tone: "active" },
};

export function statusOf(
  { stopping, end, unread }: Conversation,
  { state, queued, error }: Pick<Talk, "state" | "queued" | "error">,
): Status {
  if (stopping) return { text: "stopping", tone: "warn", worth: true };
  if (isBusy({ state, queued })) return { ...busy[state], worth: true };
  if (error !== undefined) return { text: "failed", tone: "bad", worth: true };
  if (end === "stopped") return { text: "stopped", tone: "calm", worth: unread };
  if (unread) return { text: "new answer", tone: "good", worth: true };
  return { text: end === "answered" ? "done" : "ready", tone: "calm", worth: false };
}
