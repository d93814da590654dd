import type { JobEvent, JobRecord, Unsubscribe } from "jobgate";
import type { JobQueue, TypeDescription, Validation } from "jobgate/runner";
import type { SharedRecord, SharedRunner } from "jobgate/shared";
import { oncePerFrame } from "../../shared/once-per-frame.ts";
import type { PlaceName } from "../address.ts";

/** A job of any place; what only the shared queue says may be missing. */
export type Job = JobRecord & Partial<Pick<SharedRecord, "owner" | "interruptions" | "waiting_for">>;

/** How the queue is: the shared queue's words, and one for each other place. */
export type Storage = SharedRunner["storage"] | "page" | "server" | "away";

/** Who runs a job that has just begun, in the words of its place, which of its runs that is, and since when. */
export interface Begun {
  readonly by: string;
  readonly epoch: number;
  readonly from: number;
}

/** Where jobs run: a queue, and what the dashboard shows beside it. */
export interface Place {
  readonly name: PlaceName;
  readonly queue: JobQueue;
  /** Once its queue can be read, or it has turned out that it can't. */
  readonly ready: Promise<unknown>;
  readonly storage: Storage;
  /** Jobs that run at once, in all; undefined: only the server knows. */
  readonly capacity: number | undefined;
  readonly types: readonly TypeDescription[];
  validate(type: string, params: Record<string, unknown>): Validation;
  /** The name under which a page knows itself; undefined: it runs none of these. */
  readonly own: string | undefined;
  /** What runs a job, in words. */
  nameOf(by: string): string;
  /** Of what runs now. */
  runnerOf(job: Job): string | undefined;
  /** Where jobs of a type run, in a word or two. */
  runsIn(type: string): "page" | "pool worker" | "server";
  /** Undefined: it is not for this page to note. */
  begun(job: Job): Begun | undefined;
  onEvent(listener: (event: JobEvent) => void): Unsubscribe;
  close(): Promise<void>;
}

/**
 * Tells of changes once a frame: a thousand jobs made or run to their ends take the page a tenth of its thread that way.
 */
export function paced(queue: JobQueue): JobQueue {
  const subscribe: JobQueue["subscribe"] = (listener) => {
    let listening = true;
    const stop = queue.subscribe(oncePerFrame(() => listening && listener()));
    return () => {
      listening = false;
      stop();
    };
  };
  return Object.create(queue, { subscribe: { value: subscribe } });
}
