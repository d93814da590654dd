import { JobgateError } from "../errors.js";
import { fieldOf } from "../support/look.js";
import { type Serialized, serialize } from "../support/serialize.js";

/** E_QUOTA: the browser gives this origin no more room. Nothing was written. */
export class QuotaError extends JobgateError {
  override name: string = "QuotaError";
  override readonly code = "E_QUOTA";
}

/** E_STORAGE_UNAVAILABLE: IndexedDB or Web Locks can't be had here. Nothing was written. */
export class StorageUnavailableError extends JobgateError {
  override name: string = "StorageUnavailableError";
  override readonly code = "E_STORAGE_UNAVAILABLE";
}

/** E_STORAGE_LOST: the store went away while this was written. Repeat it with the same `id`, which is harmless. */
export class StorageLostError extends JobgateError {
  override name: string = "StorageLostError";
  override readonly code = "E_STORAGE_LOST";
}

/** E_LOST_OWNERSHIP: this tab was silent for too long, and another has the job. What its body still writes is refused. */
export class LostOwnershipError extends JobgateError {
  override name: string = "LostOwnershipError";
  override readonly code = "E_LOST_OWNERSHIP";
}

/** E_HANDOVER: this tab lets go of the job, which goes on elsewhere, or at the next visit. */
export class HandoverError extends JobgateError {
  override name: string = "HandoverError";
  override readonly code = "E_HANDOVER";
}

/** E_DUPLICATE_STEP: a run has used the name before. */
export class DuplicateStepError extends JobgateError {
  override name: string = "DuplicateStepError";
  override readonly code = "E_DUPLICATE_STEP";
}

/** E_NOT_STORABLE: structured clone does not take it, or the store does not. */
export class NotStorableError extends JobgateError {
  override name: string = "NotStorableError";
  override readonly code = "E_NOT_STORABLE";
}

/** E_CRASH_LOOP: the job's tab has died `maxInterruptions` times. E_INTERRUPTED: it has died, and its type wants no more. */
export class InterruptedError extends JobgateError {
  override name: string = "InterruptedError";
  constructor(
    message: string,
    override readonly code: "E_CRASH_LOOP" | "E_INTERRUPTED",
  ) {
    super(message);
  }
}

/** E_UNKNOWN_JOB, E_NOT_FINISHED, E_CLOSED. Not for users to make. */
export class SharedRunnerError extends JobgateError {
  override name: string = "JobgateError";
  constructor(
    message: string,
    override readonly code: "E_UNKNOWN_JOB" | "E_NOT_FINISHED" | "E_CLOSED",
  ) {
    super(message);
  }
}

export const outdatedStore = () => new StorageUnavailableError("Newer code in another tab has the store");

export const wasClosed = () => new SharedRunnerError("The runner was closed", "E_CLOSED");

export function notStorable(what: string, cause: unknown): NotStorableError {
  return new NotStorableError(`${what} can't be stored`, { cause });
}

/** Of a result that was refused: another try would not change it. */
export const isNotStorable = (thrown: unknown) => fieldOf(thrown, "code") === "E_NOT_STORABLE";

/** What can be cloned need not be storable: a WebAssembly.Module is not. */
export const isUnstorable = (thrown: unknown) => fieldOf(thrown, "name") === "DataCloneError";

/** Writes with what hangs on what was thrown, or given as a reason; where the store does not take that, in words. */
export async function writeOrInWords<T>(write: (inWords: boolean) => Promise<T>): Promise<T> {
  try {
    return await write(false);
  } catch (error) {
    if (!isUnstorable(error)) throw error;
    return write(true);
  }
}

export function writeThrown<T>(thrown: unknown, write: (serialized: Serialized) => Promise<T>): Promise<T> {
  return writeOrInWords((inWords) => write(serialize(thrown, inWords)));
}

/** What a store has thrown, in our words. `written`: it may have been, for all that is known. */
export function storageError(thrown: unknown, lost: boolean): Error {
  const name = fieldOf(thrown, "name");
  if (isUnstorable(thrown)) return notStorable("What was given", thrown);
  if (name === "QuotaExceededError") return new QuotaError("There is no room left for this origin", { cause: thrown });
  if (lost) return new StorageLostError("The store went away before it had answered", { cause: thrown });
  return new StorageUnavailableError("The store can't be written to", { cause: thrown });
}
