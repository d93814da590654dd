// Connections to Redis, each of them this package's own.

import { Redis, type RedisOptions } from "ioredis";
import { QueueFullError } from "../errors.js";
import { RunnerError } from "../runner/errors.js";
import { wrongType } from "../support/check.js";
import { fieldOf, messageOf } from "../support/look.js";
import { scriptEntries } from "./scripts.js";
import { warn } from "./warn.js";

/** Makes connections with what the user has given as `redis`, and what is asked for here. */
export type Connect = (own: RedisOptions) => Redis;

/** Those that were handed in are not used themselves: they are somebody else's to set up and to end. */
export function checkRedis(redis: unknown): Connect {
  const made = connectTo(redis);
  let isAway = false;
  return (own) => {
    const connection = made(own);
    for (const [name, script] of scriptEntries) connection.defineCommand(name, script);
    // It comes back by itself, and who waits for an answer hears of it; who looks after the process is told once.
    connection.on("error", (error: unknown) => {
      if (!isAway)
        warn(
          new Error(`Redis does not answer, and is asked again until it does: ${messageOf(error)}`, { cause: error }),
        );
      isAway = true;
    });
    connection.on("ready", () => {
      isAway = false;
    });
    return connection;
  };
}

function connectTo(redis: unknown): Connect {
  if (typeof redis === "string") {
    const { protocol } = parse(redis);
    if (protocol !== "redis:" && protocol !== "rediss:" && protocol !== "unix:") {
      throw new TypeError('redis must begin with "redis://", "rediss://" or "unix://"');
    }
    return (own) => new Redis(redis, { ...COMMON, ...own });
  }
  if (typeof redis !== "object" || redis === null) throw wrongType("redis", "an address or an object", redis);
  if ((fieldOf(redis, "keyPrefix") ?? fieldOf(fieldOf(redis, "options"), "keyPrefix") ?? "") !== "") {
    throw new TypeError("redis must have no keyPrefix: BullMQ's scripts can't work with one");
  }
  const duplicate = fieldOf(redis, "duplicate");
  if (typeof duplicate === "function") {
    return (own) => duplicate.call(redis, { ...COMMON, lazyConnect: false, ...own }) as Redis;
  }
  const given = { ...redis } as RedisOptions;
  return (own) => new Redis({ ...given, ...COMMON, ...own });
}

function parse(address: string): URL {
  try {
    return new URL(address);
  } catch {
    throw new TypeError(`redis must be an address such as "redis://localhost:6379", got "${address}"`);
  }
}

const COMMON: RedisOptions = {
  retryStrategy: (times) => Math.min(50 * 2 ** times, 500),
  connectTimeout: 5000,
};

/** Who asks is answered, also where Redis does not: within seconds, with an error. */
export const ANSWERS: RedisOptions = { maxRetriesPerRequest: 2, commandTimeout: 5000, enableOfflineQueue: true };
/** Waits for as long as it takes: what a worker has to say is said. */
export const PATIENT = {
  maxRetriesPerRequest: null,
  // Whatever those say that were handed in.
  commandTimeout: undefined,
  enableOfflineQueue: true,
  autoResendUnfulfilledCommands: true,
} as RedisOptions;

const UNANSWERED = new RegExp(
  [
    "Connection is closed|Command aborted|Command timed out|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|Stream isn't writeable",
    // It is there, and takes nothing for now.
    "LOADING|READONLY|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|^BUSY ",
  ].join("|"),
);

/** What Redis has refused, in this package's words; undefined: it has none for it. */
export function storeError(error: unknown): Error | undefined {
  const [earlier] = (fieldOf(error, "previousErrors") as unknown[] | undefined) ?? [];
  const message = messageOf(earlier ?? error);
  if (/^OOM|used memory/.test(message)) return new QueueFullError("The store of the queue is full", { cause: error });
  const name = fieldOf(error, "name");
  const isAway = name === "MaxRetriesPerRequestError" || name === "ClusterAllFailedError" || UNANSWERED.test(message);
  return isAway
    ? new RunnerError("The store of the queue does not answer", "E_DISCONNECTED", { cause: error })
    : undefined;
}
