// The gateway's public shapes. Times are milliseconds where nothing else is said.

import type { JobRecord, Millis } from "../../types.js";
import type { ServerOptions } from "../types.js";

export type Action = "create" | "cancel" | "retry" | "clear";

export interface GatewayOptions<User> extends ServerOptions {
  /**
   * Who asks; undefined, null, false and "": nobody who may, 401. Of a request whose body is needed, `request.clone()` is
   * to be read. What this, `scope` or `may` throws is a warning of the process, and who asked hears of an internal error.
   */
  authorize(request: Request): Promise<User | undefined | null | false | ""> | User | undefined | null | false | "";
  /** Pages of these may open a socket, or ask from another site: "https://app.example". */
  origins: readonly string[];
  /** Whose jobs these are, 1 to 200 characters; one never sees, counts or touches another's. */
  scope(user: User): string;
  /**
   * Asked before anything is done. `job`: what it would be done to; of "create" what would be made, with its priority,
   * for `setPriority` too; of "clear" each that would go, and one no keeps all. Only true is yes, and a promise of it is not.
   *
   * @default everything
   */
  may?(user: User, action: Action, job: JobRecord): boolean;
  /**
   * Finished jobs kept of each scope, the latest. An integer of at least 0, or Infinity.
   *
   * @default 1_000
   */
  retain?: number;
  /**
   * More pending than this of one scope: QueueFullError. An integer of at least 1, or Infinity.
   *
   * @default 100_000
   */
  maxPending?: number;
  /**
   * Bytes of one message; a socket that sends more is closed with 1009. 1,000 to 1,000,000.
   *
   * @default 1_000_000
   */
  maxMessage?: number;
  /**
   * Messages of one socket, and requests of one scope: what is more is refused with 429, and a socket that goes on
   * regardless is closed with 1008. `limit`: an integer of at least 1; `interval`: finite and above 0.
   *
   * @default { limit: 5_000, interval: 1_000 }
   */
  rateLimit?: { limit: number; interval: Millis };
}
