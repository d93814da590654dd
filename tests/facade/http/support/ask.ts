import type { JobRecord } from "jobgate";
import { type HandledQueue, type HandlerOptions, type JobHandler, type JobRunner, jobHandler } from "jobgate/runner";
import { heldType, newRunner } from "../../runner/support/runner.js";

export interface Frame {
  readonly id: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent
  readonly data: any;
}

/** The frames of text/event-stream, one at a time, as an EventSource reads them; what is none is told as a comment. */
export function readFrames(response: Response) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const text = new TextDecoder();
  let unread = "";
  return {
    cancel: (reason?: unknown) => reader.cancel(reason),
    /** Undefined at the end. */
    async next(): Promise<Frame | "comment" | undefined> {
      while (!unread.includes("\n\n")) {
        const { done, value } = await reader.read();
        if (done) return undefined;
        unread += text.decode(value, { stream: true });
      }
      const [block = ""] = unread.split("\n\n", 1);
      unread = unread.slice(block.length + 2);
      if (!block.includes("data: ")) return "comment";
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
      return { id: field("id"), event: field("event"), data: JSON.parse(field("data")) };
    },
  };
}

export async function allFrames(response: Response): Promise<Frame[]> {
  const frames: Frame[] = [];
  const stream = readFrames(response);
  for (let frame = await stream.next(); frame !== undefined; frame = await stream.next()) {
    if (frame !== "comment") frames.push(frame);
  }
  return frames;
}

/** What a page of the handler's own origin asks. */
export function asker(handler: JobHandler) {
  return async (path: string, init?: RequestInit): Promise<Response> => {
    const answer = handler(new Request(new URL(path, location.href), init));
    if (answer === undefined) throw new Error(`the handler does not answer for ${path}`);
    return answer;
  };
}

export const posted = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/json", ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
});

/** A runner with jobs that the test settles, and its routes. */
export function served(options?: HandlerOptions, concurrency = 3) {
  const { type, held } = heldType();
  const runner = newRunner({ types: [type], concurrency });
  return { runner, held, ask: asker(jobHandler(runner, options)) };
}

/** The runner with nothing but what every queue has: what changes something is promised, streams are those of `watch`. */
export function onlyQueue(runner: JobRunner): HandledQueue & { cancelled: number } {
  const queue = {
    cancelled: 0,
    createJob: async (...given: Parameters<JobRunner["createJob"]>) => runner.createJob(...given),
    getJob: runner.getJob,
    getAllJobs: runner.getAllJobs,
    cancelJob: async (id: string, reason?: unknown) => runner.cancelJob(id, reason),
    setPriority: async (id: string, priority: number) => runner.setPriority(id, priority),
    retryJob: async (id: string): Promise<JobRecord> => runner.retryJob(id),
    clearCompleted: async () => runner.clearCompleted(),
    getQueueStats: runner.getQueueStats,
    watch(id: string) {
      const reader = runner.watch(id).getReader();
      return new ReadableStream({
        async pull(controller) {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel(reason) {
          queue.cancelled += 1;
          return reader.cancel(reason);
        },
      });
    },
    subscribe: runner.subscribe,
    getSnapshot: () => ({ ...runner.getSnapshot(), connected: true }),
  };
  return queue;
}
