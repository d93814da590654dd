// Params as the rules have judged them.

import { inert, PARAMS, type Shape } from "./inert.js";
import type { Validation } from "./types.js";

const TOO_LARGE = `must be an object of at most ${PARAMS.bytes} bytes`;

/** The rules look at an inert copy, and fill in defaults. */
export function judged<Answer extends Validation | undefined>(
  params: unknown,
  judge: (given: unknown) => Answer,
  shape?: Shape,
): Answer | Validation {
  const given = inert(params, PARAMS, shape);
  if (given === undefined) return { valid: false, errors: [{ param: "", message: TOO_LARGE }] };
  const validation = judge(given.value);
  if (validation?.valid) {
    // What was given stands as it was: Rust's text can't hold half of a surrogate pair.
    for (const [name, value] of Object.entries(given.value ?? {})) {
      if (value !== undefined && Object.hasOwn(validation.params, name)) validation.params[name] = value;
    }
  }
  return validation;
}
