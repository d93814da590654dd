/** A page that draws shows a frame sooner; one that draws none, since it is hidden or has no screen, does not wait for it. */
const LONGEST_FRAME = 100;

/** Calls back once for all that was asked in a frame; without frames, a little later. */
export class Frame {
  private readonly call: () => void;
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined = undefined;

  constructor(call: () => void) {
    this.call = call;
  }

  /** While no frames are drawn, `urgent` is not put off: timers of hidden pages may be a minute late. */
  ask(urgent: boolean): void {
    if (urgent && globalThis.document?.hidden) {
      this.end();
      return;
    }
    if (this.timer !== undefined) return;
    this.timer = setTimeout(this.end, LONGEST_FRAME);
    if (typeof requestAnimationFrame === "function") this.frame = requestAnimationFrame(this.end);
  }

  cancel(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (typeof cancelAnimationFrame === "function") cancelAnimationFrame(this.frame);
  }

  private readonly end = (): void => {
    this.cancel();
    this.call();
  };
}
