const cancellations = new WeakSet<object>();

/** Marks what a body of the package's own rejects with where its job is to end cancelled though nobody has stopped it. */
export function cancellation(reason: DOMException): DOMException {
  cancellations.add(reason);
  return reason;
}

export function isCancellation(thrown: unknown): boolean {
  return cancellations.has(thrown as object);
}
