// The types that a runner knows: the built-in ones and the app's.

import { invalidParams, UnknownJobTypeError } from "../errors.js";
import { needFunction } from "../support/check.js";
import { textOf } from "../support/look.js";
import { isWellFormed } from "../support/well-formed.js";
import { breakDown } from "../wasm/engine.js";
import { inert, PARAMS, type Shape } from "./inert.js";
import { judged } from "./judged.js";
import type { JobType, ParamSpec, TaskContext, TypeDescription, Validation } from "./types.js";
import { type Rules, WasmRunner } from "./wasm.js";

type Execute = (params: Record<string, unknown>, context: TaskContext) => unknown;

interface Known {
  readonly execute: Execute;
  readonly description: TypeDescription;
  /** Lists are looked into only up to their bounds. */
  readonly shape: Shape;
}

const WHOLE = "must have no half of a surrogate pair in it";

export class JobTypes {
  private readonly byName = new Map<string, Known>();
  private readonly rules: Rules;

  constructor(rules: Rules, builtins: boolean, own: readonly JobType[]) {
    this.rules = rules;
    if (builtins) {
      for (const { name, description, params } of JSON.parse(WasmRunner.describeBuiltins()) as TypeDescription[]) {
        rules.addType(name, params);
        this.add(name, description, params, async (given, context) => {
          const { executeBuiltin } = await import("./builtins/execute.js");
          return executeBuiltin(name, given, context, breakDown);
        });
      }
    }
    for (const [index, type] of own.entries()) this.check(`types[${index}]`, type);
  }

  private check(at: string, type: JobType): void {
    if (typeof type !== "object" || type === null) throw new TypeError(`${at} must be an object`);
    const { name, description, params, execute } = type;
    if (typeof name !== "string" || name === "")
      throw new TypeError(`${at}.name must be a string with something in it`);
    if (!isWellFormed(name)) throw new TypeError(`${at}.name ${WHOLE}`);
    if (typeof description !== "string") throw new TypeError(`${at}.description must be a string`);
    needFunction(`${at}.execute`, execute);
    if (this.byName.has(name)) throw new TypeError(`${at}.name: there is a job type "${name}" already`);
    const specs = inert(params, PARAMS)?.value;
    const fault = this.rules.addType(name, specs);
    if (fault !== undefined) throw new TypeError(`${at}.${fault}`);
    if (!isWhole(specs)) throw new TypeError(`${at}.params ${WHOLE}`);
    this.add(name, description, specs as readonly ParamSpec[], (given, context) => execute.call(type, given, context));
  }

  private add(name: string, description: string, params: readonly ParamSpec[], execute: Execute): void {
    const described = Object.freeze({ name, description, params: deepFreeze(params) });
    const shape = { fields: new Map(params.map((spec) => [spec.name, shapeOf(spec)])) };
    this.byName.set(name, { execute, description: described, shape });
  }

  private known(name: string): Known {
    const found = this.byName.get(name);
    if (found === undefined) throw new UnknownJobTypeError(`There is no job type "${textOf(name)}"`);
    return found;
  }

  /** The body of the type. */
  get(name: string): Execute {
    return this.known(name).execute;
  }

  describe(name: string): TypeDescription | undefined {
    return this.byName.get(name)?.description;
  }

  all(): readonly TypeDescription[] {
    return Array.from(this.byName.values(), ({ description }) => description);
  }

  validate(name: string, params: unknown): Validation {
    const { shape } = this.known(name);
    return judged(params, (given) => this.rules.validate(name, given) as Validation, shape);
  }

  /** The params to run with. */
  needValid(name: string, params: unknown): Record<string, unknown> {
    const validation = this.validate(name, params);
    if (!validation.valid) throw invalidParams(validation.errors);
    return deepFreeze(validation.params);
  }
}

/** All its texts are: names and choices are told apart by them. */
function isWhole(data: unknown): boolean {
  if (typeof data === "string") return isWellFormed(data);
  return typeof data !== "object" || data === null || Object.values(data).every(isWhole);
}

function shapeOf({ type, max, items }: Omit<ParamSpec, "name">): Shape {
  return type === "array" ? { max, items: items && shapeOf(items) } : {};
}

export function deepFreeze<T>(data: T): T {
  if (typeof data === "object" && data !== null) {
    for (const value of Object.values(data)) deepFreeze(value);
    Object.freeze(data);
  }
  return data;
}
