import { QueueClient } from "jobgate/runner";
import { oncePerFrame } from "../shared/once-per-frame.ts";

/** Tells of changes once a frame: a thousand new jobs are one drawing, not a thousand. */
export class PacedClient extends QueueClient {
  override subscribe(listener: () => void): () => void {
    let listening = true;
    const stop = super.subscribe(oncePerFrame(() => listening && listener()));
    return () => {
      listening = false;
      stop();
    };
  }
}
