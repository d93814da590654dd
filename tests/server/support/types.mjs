// The job types of these tests, for a worker's threads, and for workers without.

import { appendFileSync, existsSync } from "node:fs";

const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));
const still = new Int32Array(new SharedArrayBuffer(4));

export const bodies = {
  echo: ({ text }) => text,
  waits: (_, { progress, signal }) => {
    progress(1, "running");
    return new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  },
  deaf: async (_, { progress }) => {
    progress(1, "running");
    await sleep(50);
    for (;;);
  },
  /** Ends once the file is there, whatever its signal says. */
  ignores: async ({ file }, { progress }) => {
    progress(1, "running");
    while (!existsSync(file)) await sleep(10);
    return "done";
  },
  /** Likewise, and its thread hears nothing meanwhile. */
  blocks: ({ file }, { progress }) => {
    progress(1, "running");
    while (!existsSync(file)) Atomics.wait(still, 0, 0, 10);
    return "done";
  },
  /** Ends once its signal has aborted, and writes down why, or once the file is there. */
  notes: async ({ file, notes }, { progress, signal, attempt }) => {
    progress(1, "running");
    while (!signal.aborted && !existsSync(file)) await sleep(10);
    if (signal.aborted) appendFileSync(notes, `attempt ${attempt}: ${signal.reason.name}\n`);
    return attempt;
  },
  fails: ({ times }, { attempt }) => {
    if (attempt <= times) throw Object.assign(new Error(`attempt ${attempt}`), { code: "E_TEST" });
    return attempt;
  },
  givesUp: giveUp,
  /** For a type with another rule. */
  gaveUp: giveUp,
  talks: async (_, { progress, log, checkpoint }) => {
    for (let at = 0; at <= 1000; at++) {
      progress(at / 10, `${at}`);
      await checkpoint();
    }
    log("said");
    return [];
  },
  steps: async ({ times, pause }, { progress }) => {
    for (let at = 1; at <= times; at++) {
      await sleep(pause);
      progress((100 * at) / times, `${at} of ${times}`);
    }
    return times;
  },
  /** Ends well, and does something its thread does not survive once that is idle. */
  late: ({ how }) => {
    if (how === "throws") setTimeout(() => thrown(how), 20);
    else if (how === "rejects") void Promise.reject(new Error(how));
    else setTimeout(() => process.exit(7), 20);
    return how;
  },
  odd: ({ what }) => ({ big: "x".repeat(300_000), bigint: 1n, nothing: undefined, null: null, cycle: cycle() })[what],
};

function thrown(message) {
  throw new Error(message);
}

function giveUp() {
  throw Object.assign(new Error("no use"), { code: "E_NON_RETRIABLE" });
}

function cycle() {
  const list = [];
  list.push(list);
  return list;
}

const PARAMS = {
  echo: [{ name: "text", type: "string" }],
  ignores: [{ name: "file", type: "string" }],
  blocks: [{ name: "file", type: "string" }],
  notes: [
    { name: "file", type: "string" },
    { name: "notes", type: "string" },
  ],
  fails: [{ name: "times", type: "integer" }],
  steps: [
    { name: "times", type: "integer" },
    { name: "pause", type: "number" },
  ],
  late: [{ name: "how", type: "string" }],
  odd: [{ name: "what", type: "string" }],
};

export const module = new URL("./thread.mjs", import.meta.url);

/** `more`: of all; `byName`: of one each. */
export function typesOf(isolate, more = {}, byName = {}) {
  return Object.entries(bodies).map(([name, execute]) => ({
    name,
    description: name,
    params: PARAMS[name] ?? [],
    execute,
    isolate,
    module,
    ...more,
    ...byName[name],
  }));
}
