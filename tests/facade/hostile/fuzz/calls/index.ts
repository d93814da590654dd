import type { Random } from "../random.js";
import type { Calls } from "../world.js";
import { agentCalls } from "./agents.js";
import { httpCalls } from "./http.js";
import { contextCalls, continuationsCalls, jobCalls } from "./job.js";
import { constructing, managerCalls } from "./manager.js";
import { poolCalls } from "./pool.js";
import { gateCalls, subjectCalls, unsubscribing } from "./primitives.js";
import { clientCalls, runnerCalls } from "./runner.js";
import { sharedCalls, sharedJobCalls } from "./shared.js";
import { slimCalls } from "./slim.js";
import { testClockCalls, testContextCalls } from "./testing.js";

const groups: Readonly<Record<string, Calls>> = {
  make: constructing,
  manager: managerCalls,
  job: jobCalls,
  continuations: continuationsCalls,
  context: contextCalls,
  subject: subjectCalls,
  gate: gateCalls,
  unsubscribe: unsubscribing,
  runner: runnerCalls,
  client: clientCalls,
  http: httpCalls,
  pool: poolCalls,
  agents: agentCalls,
  shared: sharedCalls,
  sharedJob: sharedJobCalls,
  slim: slimCalls,
  testContext: testContextCalls,
  testClock: testClockCalls,
};

/** By chance; each group as often as any other, but what makes something twice as often. */
export function pickCall(random: Random): string {
  const group = random.pick([...Object.keys(groups), "make"]);
  return `${group}.${random.pick(Object.keys(groups[group]!))}`;
}

/** Every public call, by whose it is. */
export const calls: Calls = Object.fromEntries(
  Object.entries(groups).flatMap(([group, named]) =>
    Object.entries(named).map(([name, call]) => [`${group}.${name}`, call]),
  ),
);
