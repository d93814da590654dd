/** Thrown by a body of the package's own whose job is to end cancelled though nobody has asked it to stop. */
export class Cancellation {
  readonly reason: unknown;

  constructor(reason: unknown) {
    this.reason = reason;
  }
}
