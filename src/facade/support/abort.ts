// Signals as they are: a ponyfill's, another realm's, an older browser's have less than today's.

export function abortError(message = "The job was stopped"): DOMException {
  return new DOMException(message, "AbortError");
}

/** What the signal was aborted with; where that can't be read, what it throws. */
export function abortReason(signal: AbortSignal): unknown {
  try {
    const { reason } = signal;
    return reason === undefined ? abortError() : reason;
  } catch (error) {
    return error;
  }
}

/** The signal's own `throwIfAborted`: Chrome 100, Firefox 97, Safari 15.4. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortReason(signal);
}
