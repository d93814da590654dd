// What both ends of the queue protocol agree on.

/** Version 1 has no `protocol`, no `seq` and no ranks. */
export const PROTOCOL = 2;
/** Of an error: whatever is asked from here on, nobody answers. */
export const GONE = 410;
