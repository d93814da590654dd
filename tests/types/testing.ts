// Every name of "jobgate/testing", with the type that it is promised to have; then programs that must and must not fit.

import { type JobContext, JobManager, type Millis, type Progress } from "jobgate";
import { type TestClock, testContext, useTestClock } from "jobgate/testing";
import type { Fits, Is, Same } from "./expect.js";

type State = { page: number };
type Action = "pause" | "resume";

using clock = useTestClock({ now: new Date(), random: () => 0.5 });
const context = testContext<State, Action>({ state: { page: 1 }, attempt: 2, id: "mine" });

export type Clock = [
  Is<Same<typeof clock, TestClock>>,
  Is<
    Fits<
      TestClock,
      {
        readonly now: Millis;
        readonly next: Millis | undefined;
        advance(time: Millis): Promise<void>;
        runAll(options?: { limit?: number }): Promise<void>;
        restore(): void;
        [Symbol.dispose](): void;
      }
    >
  >,
];

export type Context = Is<
  Fits<
    typeof context,
    JobContext<State, Action> & {
      abort(reason?: unknown): void;
      dispatch(action: Action): void;
      readonly states: readonly State[];
      readonly progresses: readonly Progress[];
      readonly logs: readonly string[];
    }
  >
>;

useTestClock();
useTestClock({ now: 0 });
testContext();
const manager = new JobManager<string, State, Action>();
const body = ({ setState, onAction }: JobContext<State, Action>) => onAction(() => setState({ page: 2 }));
manager.runJob("key", body);
body(context);
context.dispatch("pause");
context.abort("enough");

// @ts-expect-error: not an action of this context
context.dispatch("stop");
// @ts-expect-error: not a state of this context
testContext<State>({ state: 1 });
// @ts-expect-error: a clock is moved, not set
clock.now = 5;
// @ts-expect-error: not a time
useTestClock({ now: "tomorrow" });
// @ts-expect-error: written down by the context alone
context.states.push({ page: 3 });
