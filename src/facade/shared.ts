// "jobgate/shared": typed jobs that belong to the origin, not to a tab. The truth is IndexedDB; there is no leader.

export {
  DuplicateStepError,
  HandoverError,
  InterruptedError,
  LostOwnershipError,
  NotStorableError,
  QuotaError,
  StorageLostError,
  StorageUnavailableError,
} from "./shared/errors.js";
export { SharedRunner } from "./shared/runner.js";
export type {
  SharedCreateOptions,
  SharedJob,
  SharedJobType,
  SharedRecord,
  SharedRunnerOptions,
  SharedSnapshot,
  SharedTaskContext,
} from "./shared/types.js";
