// The signal that a caller gives a job along. It counts in this tab, for as long as that lives; the job may outlive it.

import { report } from "../errors.js";
import { follow } from "../support/signals.js";
import { endOf, type JobHost } from "./job.js";
import { isOver } from "./numbers.js";
import type { Asked, Created } from "./requests.js";
import type { StoredJob } from "./rows.js";

/** Follows it from before there is a job until that has ended. Throws what the signal throws, and creates nothing then. */
export async function stoppedBy(
  signal: AbortSignal,
  host: JobHost,
  create: (asked: Asked) => Promise<Created>,
): Promise<Created> {
  const asked: Asked = { stop: undefined };
  let job: StoredJob | undefined;
  const askToStop = (reason: unknown) => {
    asked.stop = { reason };
    if (job !== undefined) host.stop(job, reason).catch(report);
  };
  const leave = follow(signal, { askToStop });
  try {
    const created = await create(asked);
    if (created.isNew) {
      job = created.job;
      // Since it was written.
      if (asked.stop !== undefined && !isOver(job.row)) askToStop(asked.stop.reason);
      void endOf(host, job).then(leave);
    } else leave();
    return created;
  } catch (error) {
    leave();
    throw error;
  }
}
