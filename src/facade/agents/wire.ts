// The numbers of src/bindings/agents.

import type { WorkerState } from "./types.js";

/** In the lowest byte of an effect; which is above it. What each asks for: src/engine/agents/run/command.rs. */
export const EFFECT = {
  enter: 0,
  prompt: 1,
  ask: 2,
  take: 3,
  accept: 4,
  refuse: 5,
  overrun: 6,
  abort: 7,
  give: 8,
  answer: 9,
  look: 10,
  confirm: 11,
  use: 12,
  result: 13,
  run: 14,
  conclude: 15,
  fail: 16,
  end: 17,
  keep: 18,
} as const;

export const STATES: readonly WorkerState[] = [
  "inactive",
  "working",
  "requesting",
  "receiving",
  "waiting",
  "using_tool",
  "failed",
];
export const ASKED = { begins: 0, joins: 1, stands: 2 } as const;
export const CAUSE = { host: 0, provider: 1, task: 2, turns: 3, overrun: 4, timeout: 5 } as const;
export const OUTCOME = { known: 0, denied: 1, cut: 2 } as const;
export const END = { done: 0, cancelled: 1, failed: 2 } as const;

export const TELL = {
  stop: 0,
  told: 1,
  sent: 2,
  taken: 3,
  answered: 4,
  unanswered: 5,
  looked: 6,
  decided: 7,
  used: 8,
  settled: 9,
  over: 10,
} as const;
/** Of `sent`: one more where there is some text. */
export const PIECE = { text: 0, reasoning: 2, firstCall: 4 } as const;
export const VERDICT = { refused: 0, free: 1, confirm: 2 } as const;
export const DECISION = { none: 0, approve: 1, deny: 2 } as const;
/** Of messages that are taken up. */
export const ROLE = { system: 0, user: 1, assistant: 2, tool: 3 } as const;
/** No number in the place of one. */
export const NONE = 2 ** 32 - 1;
/** Of what a server's refusal says of `stream_options`. */
export const USAGE_REFUSED = { no: 0, maybe: 1, yes: 2 } as const;
