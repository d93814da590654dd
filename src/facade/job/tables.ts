// JavaScript values behind the engine's numbers.

import type { ManagerStats } from "../types.js";
import type { ListenerTable } from "../wasm/listeners.js";
import type { AnyJob, JobOwner } from "./record.js";

/** As much of a manager as the engine's effects reach. */
export interface AnyManager extends JobOwner {
  readonly listeners: ListenerTable | undefined;
  at(slot: number): AnyJob | undefined;
  letGo(slot: number, job?: AnyJob): void;
  readonly stats: ManagerStats;
  readonly quiet: { fewerArePending(): void };
  becameIdle(): void;
  /** The engine has broken. */
  breakOff(error: Error): void;
}

/** Jobs that the engine knows, by slot. */
export const jobs: (AnyJob | undefined)[] = [];

/** Weak, so that a manager that nobody holds can go. Its jobs hold it. */
export const managers: (WeakRef<AnyManager> | undefined)[] = [];
