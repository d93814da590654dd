import type { FromWorker, ToWorker } from "./protocol.ts";

/**
 * A dedicated worker that a page runs for the host, as the pool knows workers: in a shared worker not every browser has
 * `Worker`. `onEnd` is called when the pool ends it.
 */
export class LentWorker extends EventTarget {
  private readonly line: MessagePort;
  private readonly onEnd: () => void;

  constructor(line: MessagePort, onEnd: () => void) {
    super();
    this.line = line;
    this.onEnd = onEnd;
    line.addEventListener("message", ({ data: told }: MessageEvent<FromWorker>) => {
      if (told.type === "message") this.dispatchEvent(new MessageEvent("message", { data: told.data }));
      else this.fail(told);
    });
    line.start();
  }

  postMessage(data: unknown): void {
    this.tell({ type: "message", data });
  }

  terminate(): void {
    this.tell({ type: "terminate" });
    this.line.close();
    this.onEnd();
  }

  /** The page is gone, and the worker with it: the job that runs there fails, and may be tried again elsewhere. */
  lose(): void {
    this.fail({ message: "the page that ran this worker is gone", filename: "dashboard.html", lineno: 0 });
  }

  private fail(how: Pick<ErrorEvent, "message" | "filename" | "lineno">): void {
    this.dispatchEvent(new ErrorEvent("error", { ...how, cancelable: true }));
  }

  private tell(message: ToWorker): void {
    this.line.postMessage(message);
  }
}
