// What both ends of the queue protocol agree on.

/** Of an error: whatever is asked from here on, nobody answers. */
export const GONE = 410;
