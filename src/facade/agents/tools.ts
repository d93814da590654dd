// Tools with the validators of their schemas. The library interprets schemas: nothing is compiled, so that it works under
// a strict Content-Security-Policy.

import { dereference, type Schema, type SchemaDraft, Validator } from "@cfworker/json-schema";
import metaSchema from "ajv/dist/refs/json-schema-draft-07.json" with { type: "json" };
import { needFunction } from "../options.js";
import { errorText, needArray, needObject, needString } from "./json.js";
import type { Tool, ToolSpec } from "./types.js";

/** A model is told of so many faults at a time. */
const MOST_FAULTS = 5;

const DRAFTS: readonly [string, SchemaDraft][] = [
  ["draft-04", "4"],
  ["draft-06", "7"],
  ["draft-07", "7"],
  ["2019-09", "2019-09"],
];

/** A tool that was found to be in order. */
export interface ReadyTool {
  readonly spec: ToolSpec;
  /** What is wrong with the arguments, or nothing. */
  check(args: unknown): string | undefined;
  run: Tool["run"];
}

/** Draft 7 does not look into what later drafts have added. */
const META = {
  ...metaSchema,
  properties: { ...metaSchema.properties, $defs: metaSchema.properties.definitions },
} as Schema;
let meta: Validator | undefined;

function faults(validator: Validator, value: unknown): string | undefined {
  const { valid, errors } = validator.validate(value);
  if (valid) return undefined;
  // The library tells of a fault at each level above it, too: the deepest say what it is.
  const deepest = errors.filter((error) => !errors.some((other) => isAbove(error.instanceLocation, other)));
  const told = deepest.slice(0, MOST_FAULTS).map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
  return told.join(" ");
}

function isAbove(location: string, { instanceLocation }: { readonly instanceLocation: string }): boolean {
  return instanceLocation.startsWith(`${location}/`);
}

/** Throws what is wrong with the schema. */
function validatorOf(schema: Schema): Validator {
  meta ??= new Validator(META, "7", false);
  const fault = faults(meta, schema);
  if (fault !== undefined) throw new TypeError(fault);
  const lookup = dereference(structuredClone(schema));
  for (const part of Object.values(lookup)) {
    const reference = typeof part === "object" ? (part.__absolute_ref__ ?? part.$ref) : undefined;
    if (reference !== undefined && lookup[reference] === undefined) {
      throw new TypeError(`$ref "${(part as Schema).$ref}" leads nowhere`);
    }
  }
  const named = String(schema.$schema ?? "");
  const draft = DRAFTS.find(([name]) => named.includes(name))?.[1] ?? "2020-12";
  // The library marks what it has seen.
  return new Validator(structuredClone(schema), draft, false);
}

/** Throws TypeError or RangeError that names the tool and what is wrong with it. */
export function readyTools(tools: readonly Tool[]): readonly ReadyTool[] {
  needArray("tools", tools);
  const names = new Set<string>();
  return tools.map((tool, at) => {
    needObject(`tools[${at}]`, tool);
    const { name, description, confirm = true } = tool;
    needString(`tools[${at}].name`, name);
    if (name === "") throw new RangeError(`tools[${at}].name must have something in it`);
    if (names.has(name)) throw new RangeError(`tools[${at}].name: there are two tools "${name}"; name them apart`);
    names.add(name);
    needString(`tool "${name}": description`, description);
    if (typeof confirm !== "boolean") throw new TypeError(`tool "${name}": confirm must be a boolean`);
    needFunction(`tool "${name}": run`, tool.run);
    let parameters: Schema;
    let validator: Validator;
    try {
      needObject("it", tool.parameters);
      // The caller's may change.
      parameters = JSON.parse(JSON.stringify(tool.parameters));
      validator = validatorOf(parameters);
    } catch (error) {
      throw new TypeError(`tool "${name}": parameters must be a valid JSON Schema: ${errorText(error)}`);
    }
    return {
      spec: { name, description, parameters, confirm },
      check: (args) => faults(validator, args),
      run: (args, context) => tool.run(args, context),
    };
  });
}
