// The job types of these tests, for a worker's threads, and for workers without.

import { writeFileSync } from "node:fs";

const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

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
  ignores: async ({ time }, { progress }) => {
    progress(1, "running");
    await sleep(time);
    return "done";
  },
  blocks: async ({ time }, { progress }) => {
    progress(1, "running");
    await sleep(50);
    for (const end = performance.now() + time; performance.now() < end; );
    return "done";
  },
  /** Its first attempt ends once its signal has aborted, and writes down why. */
  notes: async ({ file }, { progress, signal, attempt }) => {
    progress(1, "running");
    if (attempt === 1) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    if (signal.aborted) writeFileSync(file, `attempt ${attempt}: ${signal.reason.name}`);
    return attempt;
  },
  fails: ({ times }, { attempt }) => {
    if (attempt <= times) throw Object.assign(new Error(`attempt ${attempt}`), { code: "E_TEST" });
    return attempt;
  },
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
  odd: ({ what }) => ({ big: "x".repeat(300_000), bigint: 1n, nothing: undefined, null: null, cycle: cycle() })[what],
};

function cycle() {
  const list = [];
  list.push(list);
  return list;
}

const PARAMS = {
  echo: [{ name: "text", type: "string" }],
  ignores: [{ name: "time", type: "number" }],
  blocks: [{ name: "time", type: "number" }],
  notes: [{ name: "file", type: "string" }],
  fails: [{ name: "times", type: "integer" }],
  steps: [
    { name: "times", type: "integer" },
    { name: "pause", type: "number" },
  ],
  odd: [{ name: "what", type: "string" }],
};

export const module = new URL("./thread.mjs", import.meta.url);

export function typesOf(isolate, more = {}) {
  return Object.entries(bodies).map(([name, execute]) => ({
    name,
    description: name,
    params: PARAMS[name] ?? [],
    execute,
    isolate,
    module,
    ...more,
  }));
}
