// What users hand in, read once and checked before anything changes.

import { JobTypes } from "../runner/job-types.js";
import type { QueueCreateOptions } from "../runner/types.js";
import { newRules } from "../runner/wasm.js";
import { checkNumber, checkObject, checkWord, needFunction } from "../support/check.js";
import { fieldsOf } from "../support/retry-rules.js";
import type { Millis } from "../types.js";
import { checkBounds } from "./bounds.js";
import { type Connect, checkRedis } from "./connection.js";
import type { ServerJobType, ServerOptions } from "./types.js";
import { unwaited } from "./warn.js";

export interface CheckedServerOptions {
  readonly connect: Connect;
  readonly queue: string;
  readonly types: ServerTypes;
}

export function checkServerOptions(options: ServerOptions): CheckedServerOptions {
  checkObject("options", options);
  if (options === undefined) throw new TypeError("options must be an object with redis and types");
  const { redis, queue = "jobgate", types } = options;
  if (typeof queue !== "string" || queue === "" || queue.includes(":")) {
    throw new TypeError('queue must be a string with something in it, and without ":"');
  }
  if (!Array.isArray(types)) throw new TypeError("types must be an array");
  return { connect: checkRedis(redis), queue, types: new ServerTypes(types) };
}

/** What a server's type has beyond a runner's. */
export interface CheckedType {
  readonly retryIf: ((error: unknown, attempt: number) => boolean) | undefined;
  readonly defaults: Defaults;
  readonly isolate: "none" | "thread";
  readonly module: string | URL | undefined;
  readonly grace: Millis;
}

type Defaults = Pick<QueueCreateOptions, "priority" | "timeout" | "retry">;

/** The types of one gateway or worker. */
export class ServerTypes {
  readonly runner: JobTypes;
  private readonly more = new Map<string, CheckedType>();

  constructor(types: readonly ServerJobType[]) {
    this.runner = new JobTypes(newRules(0), false, types);
    for (const [index, type] of types.entries()) this.more.set(type.name, checkType(`types[${index}]`, type));
  }

  /** Undefined: there is no such type here. */
  get(name: string): CheckedType | undefined {
    return this.more.get(name);
  }

  all(): readonly CheckedType[] {
    return [...this.more.values()];
  }

  names(): readonly string[] {
    return [...this.more.keys()];
  }
}

function checkType(at: string, type: ServerJobType): CheckedType {
  const { retryIf, defaults = {}, isolate, module, grace } = type;
  if (retryIf !== undefined) needFunction(`${at}.retryIf`, retryIf);
  checkObject(`${at}.defaults`, defaults);
  checkWord(`${at}.isolate`, isolate, ["none", "thread"]);
  if (module !== undefined && typeof module !== "string" && typeof (module as URL | null)?.href !== "string") {
    throw new TypeError(`${at}.module must be a path or a URL`);
  }
  const given = checkNumber(`${at}.grace`, grace, 5000);
  if (!(given >= 0 && given < Infinity)) {
    throw new RangeError(`${at}.grace must be a finite number of milliseconds, 0 or more, got ${given}`);
  }
  return {
    retryIf: retryIf && ((error, attempt) => unwaited(retryIf.call(type, error, attempt))),
    defaults: checkDefaults(`${at}.defaults`, defaults),
    isolate: isolate ?? "thread",
    module,
    grace: given,
  };
}

/** As they are now: whoever made them may change them. */
function checkDefaults(at: string, { priority, timeout, retry }: Defaults): Defaults {
  const defaults = {
    ...(priority !== undefined && { priority }),
    ...(timeout !== undefined && { timeout }),
    ...(retry !== undefined && { retry: fieldsOf(retry) }),
  };
  try {
    checkBounds(defaults);
  } catch (error) {
    throw Object.assign(error as Error, { message: `${at}: ${(error as Error).message}` });
  }
  return defaults;
}
