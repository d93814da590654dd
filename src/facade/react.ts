// "jobgate/react": thin hooks over useSyncExternalStore.

import { useEffect, useRef } from "react";
import type { Session } from "./agents/session.js";
import type { AgentWorker } from "./agents/types.js";
import type { JobManager } from "./manager/job-manager.js";
import { conversationOf } from "./react/conversation.js";
import { JobWatch } from "./react/job-watch.js";
import { SharedWatch } from "./react/shared-watch.js";
import type { UseConversation, UseJob, UseJobs, UseQueue, UseSharedJob } from "./react/types.js";
import { useTracked } from "./react/use-tracked.js";
import type { JobRunner } from "./runner/runner.js";
import type { JobQueue } from "./runner/types.js";
import type { SharedRunner } from "./shared/runner.js";

export type { FailedPrompt, UseConversation, UseJob, UseJobs, UseQueue, UseSharedJob } from "./react/types.js";

const NOTHING = Object.freeze({
  jobs: Object.freeze([]),
  stats: Object.freeze({ pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0, total: 0 }),
});
const RUNNER_IDLE = Object.freeze({ ...NOTHING, connected: true });
const CLIENT_IDLE = Object.freeze({ ...NOTHING, connected: false });

/**
 * The job under a key, also one that another component starts there later. Unmounting does not stop it. Keys compare as
 * a `Map` compares: an object has to be the same one each time the component is drawn, so don't make it inline.
 *
 * The component is drawn again only when something has changed that it reads from this: one that shows `status` is not
 * drawn for each progress. So read it while rendering; a handler that wants the newest asks `job`. On the server, and
 * until the server's HTML has been taken over, it is idle. If the engine itself has failed, the jobs that were alive are
 * shown as failed with its error, and a component that comes later throws that error.
 *
 * @see [Recipe: a stream that outlives its page](https://github.com/jobgate/jobgate/blob/main/www/recipes/answer.ts)
 */
export function useJob<K, S, A, R>(manager: JobManager<K, S, A, R>, key: K): UseJob<S, A, R> {
  // The one last shown. No memo: hot reload empties memos, and with it would go the last job seen.
  const shown = useRef<JobWatch<K, S, A, R>>(undefined);
  const watch = shown.current?.isOf(manager, key) ? shown.current : new JobWatch(manager, key);
  useEffect(() => {
    shown.current = watch;
  }, [watch]);
  return useTracked(watch, watch.idle);
}

/**
 * The job under a key of a shared queue, whichever tab started it and runs it. As `useJob` otherwise: the component is
 * drawn again only when something has changed that it reads from this, unmounting stops nothing, and on the server, until
 * the server's HTML has been taken over and until the store has been read, it is idle.
 */
export function useSharedJob<S = unknown, A = never, R = unknown>(
  runner: SharedRunner,
  key: string,
): UseSharedJob<S, A, R> {
  const shown = useRef<SharedWatch<S, A, R>>(undefined);
  const watch = shown.current?.isOf(runner, key) ? shown.current : new SharedWatch<S, A, R>(runner, key);
  useEffect(() => {
    shown.current = watch;
  }, [watch]);
  return useTracked(watch, watch.idle);
}

/**
 * All jobs of a manager and its statistics. The component is drawn again when a job is created, changes in status or is
 * forgotten; one that reads only `stats`, when a number in it changes. On the server there are none.
 */
export function useJobs<K, S, A, R>(manager: JobManager<K, S, A, R>): UseJobs<K, S, A, R> {
  return useTracked<UseJobs<K, S, A, R>>(manager, NOTHING);
}

/**
 * All jobs of a runner, or of any other queue, and its statistics. The component is drawn again when any job
 * changes, its progress too; one that reads only `stats`, when a number in it changes. On the server there are none.
 */
export function useQueue(queue: JobRunner | JobQueue): UseQueue {
  const isRunner = "asQueue" in queue;
  return useTracked<UseQueue>(isRunner ? queue.asQueue() : queue, isRunner ? RUNNER_IDLE : CLIENT_IDLE);
}

/**
 * A conversation: the worker's messages as they stream, and what can be done about it. The component is drawn again at
 * most once a frame, and only for what it has read. What is said goes on whoever watches: unmounting stops nothing, and
 * whoever comes next, or is there as well, sees the same, a question that waits for an answer among it.
 *
 * Questions are put to those that watch only for the runs that `send`, `regenerate` and `edit` have begun; a run begun by
 * `Session.run` asks its own host.
 *
 * What is queued goes on after a failure. A prompt whose run failed before an answer came is not part of the
 * conversation that goes on: show `failures`, or it is lost to whoever typed it. On the server, and until the server's HTML has been taken over, nothing was said.
 */
export function useConversation(session: Session, worker: AgentWorker): UseConversation {
  const conversation = conversationOf(session, worker);
  return useTracked(conversation, conversation.idle);
}
