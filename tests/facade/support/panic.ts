import { JobgateError } from "jobgate-panic";
import { expect, it } from "vitest";

/** Provokes a panic; that the engine reports itself to the page is no fault of a test. */
export function breakEngine(panic: () => void): void {
  window.addEventListener("error", (event) => event.preventDefault());
  try {
    panic();
  } catch {
    // What the provoked call itself throws is looked at on the calls that follow.
  }
}

export function engineFailure(error: unknown): void {
  expect(error).toBeInstanceOf(JobgateError);
  expect(error).toMatchObject({ code: "E_ENGINE", message: expect.stringMatching(/engine has failed.*panic/is) });
}

/** A test for each call that is made once the engine has failed. */
export function laterCallsFail(calls: Record<string, () => unknown>): void {
  it.each(Object.entries(calls))(
    "a later call of %s throws an error that says the engine failed and why",
    async (_, call) => {
      let outcome: unknown = "nothing was thrown";
      try {
        await call();
      } catch (error) {
        outcome = error;
      }
      engineFailure(outcome);
    },
  );
}
