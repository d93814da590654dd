import type { AnyJob } from "../job/record.js";
import { follow } from "../support/signals.js";
import type { ReadOptions } from "../wasm/options.js";

type Created = (job: AnyJob) => void;

/**
 * Launches a job that stops when its caller's signal aborts. The signal is followed before there is a job: what its
 * owner's code does then happens to nobody.
 */
export function following<State, Launched>(
  own: ReadOptions<State>,
  created: Created | undefined,
  launch: (own: ReadOptions<State>, created: Created) => Launched,
): Launched {
  let job: AnyJob | undefined;
  let asked: { readonly reason: unknown } | undefined;
  const leave = follow(own.signal!, {
    askToStop: (reason) => {
      if (job === undefined) asked = { reason };
      else job.askToStop(reason);
    },
  });
  // It has aborted since the options were read: as if it had been before.
  const read = asked === undefined ? own : { ...own, aborted: true, plain: false };
  try {
    const launched = launch(read, (made) => {
      job = made;
      job.coldData().unhook = leave;
      created?.(job);
    });
    if (asked !== undefined) job?.askToStop(asked.reason);
    return launched;
  } finally {
    // Refused, or joined another.
    if (job === undefined) leave();
  }
}
