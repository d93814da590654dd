// A new job's params and options, checked by who checks them everywhere: the types' rules and the engine.

import { randomUUID } from "node:crypto";
import { invalidParams, UnknownJobTypeError } from "../errors.js";
import { inert, PARAMS } from "../runner/inert.js";
import { needNoKey } from "../runner/keyless.js";
import type { QueueCreateOptions } from "../runner/types.js";
import { checkObject } from "../support/check.js";
import { fieldsOf } from "../support/retry-rules.js";
import { priorityNumber } from "../wasm/options.js";
import { checkBounds } from "./bounds.js";
import { needId } from "./names.js";
import type { ServerTypes } from "./options.js";
import { storedRetry } from "./retry.js";
import type { NewJob } from "./store.js";

const UNWRITABLE = "must have nothing in it that JSON has no word for";

/** Throws UnknownJobTypeError, InvalidParamsError, TypeError or RangeError. */
export function newJob(
  types: ServerTypes,
  type: string,
  params: Record<string, unknown> = {},
  options: QueueCreateOptions = {},
): NewJob {
  checkObject("options", options);
  const checked = types.runner.needValid(type, params);
  const odd = Object.keys(checked).filter((param) => inert(checked[param], PARAMS)?.isOdd);
  if (odd.length > 0) throw invalidParams(odd.map((param) => ({ param, message: UNWRITABLE })));
  const known = types.get(type);
  if (known === undefined) throw new UnknownJobTypeError(`There is no job type "${type}"`);
  needNoKey(options);
  const { id, delay } = options;
  const { defaults } = known;
  const priority = options.priority ?? defaults.priority;
  const timeout = options.timeout ?? defaults.timeout;
  const retry = fieldsOf(options.retry ?? defaults.retry);
  checkBounds({ priority, timeout, retry, delay });
  return {
    id: id === undefined ? randomUUID() : needId(id),
    type,
    delay: delay ?? 0,
    data: {
      params: checked,
      priority: priority === undefined ? 0 : priorityNumber(priority),
      ...(timeout !== undefined && timeout !== Infinity && { timeout }),
      ...(retry !== undefined && { retry: storedRetry(retry) }),
    },
  };
}
