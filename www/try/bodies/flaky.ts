import { type Body, note, requestId } from "./body.ts";

const FAILURES = 2;
const ANSWER_MS = 400;

/** Calls a service that refuses the first two calls of each job. One call an attempt: retrying is the manager's part. */
export function flaky(): Body {
  return async (context) => {
    const query = new URLSearchParams({
      id: requestId(context),
      failures: String(FAILURES),
      wait: String(ANSWER_MS),
    });
    context.progress(50, `call ${context.attempt}, waiting for the answer`);
    const response = await fetch(`/flaky?${query}`, { signal: context.signal });
    if (!response.ok) {
      note(context, `call ${context.attempt} was refused with ${response.status}`);
      throw new Error(`the service answered ${response.status}`);
    }
    context.progress(100, "answered");
    note(context, `call ${context.attempt} was answered`);
    return `answered on attempt ${context.attempt}`;
  };
}
