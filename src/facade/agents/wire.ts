// Written by `WRITE_WIRE=1 cargo test wire` from src/bindings/agents/wire.rs, where the numbers are named.

/** What an effect asks for, in its lowest bits; which is above them: src/engine/agents/run/command.rs. */
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

/** Of an effect's number, those that say what. */
export const EFFECT_BITS = 8;

/** A worker's states, by their numbers. */
export const STATES = ["inactive", "working", "requesting", "receiving", "waiting", "using_tool", "failed"] as const;

/** What becomes of a prompt. */
export const ASKED = {
  begins: 0,
  joins: 1,
  stands: 2,
} as const;

/** Why something ends. */
export const CAUSE = {
  host: 0,
  provider: 1,
  task: 2,
  turns: 3,
  overrun: 4,
  timeout: 5,
  empty: 6,
} as const;

/** What a call's result is. */
export const OUTCOME = {
  known: 0,
  denied: 1,
  cut: 2,
} as const;

/** How a run ended. */
export const END = {
  done: 0,
  cancelled: 1,
  failed: 2,
} as const;

/** What has happened. */
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

/** What was sent: one more where there is some text; a call's number is above the first's. */
export const PIECE = {
  text: 0,
  reasoning: 2,
  firstCall: 4,
} as const;

/** What was seen of a call. */
export const VERDICT = {
  refused: 0,
  free: 1,
  confirm: 2,
} as const;

/** What the host has said to a call. */
export const DECISION = {
  none: 0,
  approve: 1,
  deny: 2,
} as const;

/** Of messages that are taken up. */
export const ROLE = {
  system: 0,
  user: 1,
  assistant: 2,
  tool: 3,
} as const;

/** What a server's refusal says of `stream_options`. */
export const USAGE_REFUSED = {
  no: 0,
  maybe: 1,
  yes: 2,
} as const;

/** No number in the place of one. */
export const NONE = 4294967295;
