import { checkHandlerOptions } from "../../http/options.js";
import { checkNumber, checkObject, needFunction } from "../../support/check.js";
import type { JobRecord } from "../../types.js";
import { type CheckedServerOptions, checkServerOptions } from "../options.js";
import type { Bounds } from "../store.js";
import type { RateLimit } from "./limiter.js";
import type { Action, GatewayOptions } from "./types.js";

export interface CheckedGatewayOptions<User> extends CheckedServerOptions {
  readonly authorize: GatewayOptions<User>["authorize"];
  readonly origins: readonly string[];
  readonly scopeOf: (user: User) => string;
  readonly may: ((user: User, action: Action, job: JobRecord) => boolean) | undefined;
  readonly bounds: Bounds;
  readonly maxMessage: number;
  readonly rateLimit: RateLimit;
}

/** Read once, whole. */
export function checkGatewayOptions<User>(options: GatewayOptions<User>): CheckedGatewayOptions<User> {
  const checked = checkServerOptions(options);
  const { authorize, scope, may, origins, rateLimit = { limit: 5000, interval: 1000 } } = options;
  needFunction("authorize", authorize);
  needFunction("scope", scope);
  if (may !== undefined) needFunction("may", may);
  if (!Array.isArray(origins)) throw new TypeError("origins must be a list of strings");
  const list = [...origins] as string[];
  if (list.includes("*")) throw new RangeError('origins must name the origins, not "*"');
  rename("cors.origin", "origins", () => checkHandlerOptions({ cors: { origin: list } }));
  checkObject("rateLimit", rateLimit);
  const { limit, interval } = rateLimit;
  needCount("rateLimit.limit", checkNumber("rateLimit.limit", limit, NaN), 1, Infinity);
  if (!(checkNumber("rateLimit.interval", interval, NaN) > 0 && interval < Infinity)) {
    throw new RangeError(`rateLimit.interval must be finite and above 0, got ${interval}`);
  }
  return {
    ...checked,
    authorize: (request) => authorize.call(options, request),
    origins: list,
    scopeOf: (user) => scope.call(options, user),
    may: may && ((user, action, job) => may.call(options, user, action, job)),
    bounds: {
      retain: needCount("retain", checkNumber("retain", options.retain, 1000), 0, Infinity),
      maxPending: needCount("maxPending", checkNumber("maxPending", options.maxPending, 100_000), 1, Infinity),
    },
    maxMessage: needCount("maxMessage", checkNumber("maxMessage", options.maxMessage, 1_000_000), 1000, 1_000_000),
    rateLimit: { limit, interval },
  };
}

function needCount(field: string, count: number, least: number, most: number): number {
  if (count >= least && count <= most && (count % 1 === 0 || count === Infinity)) return count;
  const bounds = most === Infinity ? `at least ${least}, or Infinity` : `${least} to ${most}`;
  throw new RangeError(`${field} must be an integer of ${bounds}, got ${count}`);
}

/** What `work` throws is this package's own. */
function rename(from: string, to: string, work: () => unknown): void {
  try {
    work();
  } catch (thrown) {
    const error = thrown as Error;
    error.message = error.message.replace(from, to);
    throw error;
  }
}
