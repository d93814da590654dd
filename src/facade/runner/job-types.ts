// The types that a runner knows: the built-in ones and the app's.

import { invalidParams, UnknownJobTypeError } from "../errors.js";
import { needFunction } from "../options.js";
import type { JobType, TypeDescription, Validation } from "./types.js";
import { type Rules, WasmRunner } from "./wasm.js";

function builtin(description: TypeDescription): JobType {
  const { name } = description;
  return { ...description, execute: (params, context) => WasmRunner.executeBuiltin(name, params, context) };
}

export class JobTypes {
  private readonly byName = new Map<string, { readonly type: JobType; readonly description: TypeDescription }>();
  private readonly rules: Rules;

  constructor(rules: Rules, builtins: boolean, own: readonly JobType[]) {
    this.rules = rules;
    if (builtins)
      for (const description of rules.addBuiltins(false) as TypeDescription[]) this.add(builtin(description));
    for (const [index, type] of own.entries()) this.check(`types[${index}]`, type);
  }

  private check(at: string, type: JobType): void {
    if (typeof type !== "object" || type === null) throw new TypeError(`${at} must be an object`);
    const { name, description, params } = type;
    if (typeof name !== "string" || name === "")
      throw new TypeError(`${at}.name must be a string with something in it`);
    if (typeof description !== "string") throw new TypeError(`${at}.description must be a string`);
    needFunction(`${at}.execute`, type.execute);
    if (this.byName.has(name)) throw new TypeError(`${at}.name: there is a job type "${name}" already`);
    const fault = this.rules.addType(name, params);
    if (fault !== undefined) throw new TypeError(`${at}.${fault}`);
    this.add(type);
  }

  private add(type: JobType): void {
    const { name, description, params } = type;
    this.byName.set(name, { type, description: Object.freeze({ name, description, params }) });
  }

  get(name: string): JobType {
    const found = this.byName.get(name);
    if (found === undefined) throw new UnknownJobTypeError(`There is no job type "${name}"`);
    return found.type;
  }

  describe(name: string): TypeDescription | undefined {
    return this.byName.get(name)?.description;
  }

  all(): readonly TypeDescription[] {
    return Array.from(this.byName.values(), ({ description }) => description);
  }

  validate(name: string, params: unknown): Validation {
    this.get(name);
    return this.rules.validate(name, params) as Validation;
  }

  /** The params to run with. */
  needValid(name: string, params: unknown): Record<string, unknown> {
    const validation = this.validate(name, params);
    if (!validation.valid) throw invalidParams(validation.errors);
    return deepFreeze(validation.params);
  }
}

function deepFreeze<T>(data: T): T {
  if (typeof data === "object" && data !== null) {
    for (const value of Object.values(data)) deepFreeze(value);
    Object.freeze(data);
  }
  return data;
}
