// Tools with the validators of their schemas. The library interprets schemas: nothing is compiled, so that it works under
// a strict Content-Security-Policy.

import { dereference, type Schema, type SchemaDraft, Validator } from "@cfworker/json-schema";
import metaSchema from "ajv/dist/refs/json-schema-draft-07.json" with { type: "json" };
import { needFunction } from "../wasm/options.js";
import { errorText, needArray, needObject, needString } from "./json.js";
import { SchemaRegExp } from "./schema-reg-exp.js";
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

const SCHEMA = { $ref: "#" };
const SCHEMAS = { type: "object", additionalProperties: SCHEMA };
const COUNT = { $ref: "#/definitions/nonNegativeInteger" };
const { format: _, ...pattern } = metaSchema.properties.pattern;
const { propertyNames: __, ...patternProperties } = metaSchema.properties.patternProperties;
/** Draft 7 does not look into what later drafts have added. Patterns are tried here, and told of by name. */
const META = {
  ...metaSchema,
  properties: {
    ...metaSchema.properties,
    pattern,
    patternProperties,
    $defs: SCHEMAS,
    dependentSchemas: SCHEMAS,
    dependentRequired: { type: "object", additionalProperties: { $ref: "#/definitions/stringArray" } },
    prefixItems: { $ref: "#/definitions/schemaArray" },
    unevaluatedItems: SCHEMA,
    unevaluatedProperties: SCHEMA,
    minContains: COUNT,
    maxContains: COUNT,
  },
} as Schema;
let meta: Validator | undefined;

function faults(validator: Validator, value: unknown): string | undefined {
  const { valid, errors } = validator.validate(value);
  if (valid) return undefined;
  // The library tells of a fault at each level above it, too: the deepest say what it is.
  const above = new Set<string>();
  for (const { instanceLocation } of errors) {
    let end = instanceLocation.lastIndexOf("/");
    for (; end > 0 && !above.has(instanceLocation.slice(0, end)); end = instanceLocation.lastIndexOf("/", end - 1)) {
      above.add(instanceLocation.slice(0, end));
    }
  }
  const deepest = errors.filter(({ instanceLocation }) => !above.has(instanceLocation));
  const told = deepest.slice(0, MOST_FAULTS).map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
  return told.join(" ");
}

/** A part of a schema, with what the library has found out about it. */
interface Part {
  readonly pattern?: unknown;
  readonly patternProperties?: unknown;
  readonly $ref?: unknown;
  readonly __absolute_ref__?: string;
  readonly __absolute_uri__?: string;
}

function checkPart(part: Part, lookup: Readonly<Record<string, unknown>>): void {
  const { pattern, patternProperties, $ref, __absolute_uri__: uri = "" } = part;
  const where = uri.includes("#") ? uri.slice(uri.indexOf("#")) : "#";
  if (typeof pattern === "string") checkPattern(`${where}/pattern`, pattern);
  for (const name of Object.keys(Object(patternProperties ?? {}))) checkPattern(`${where}/patternProperties`, name);
  const reference = part.__absolute_ref__ ?? $ref;
  if (reference !== undefined && lookup[String(reference)] === undefined) {
    throw new TypeError(`$ref "${$ref}" leads nowhere`);
  }
}

function checkPattern(where: string, pattern: string): void {
  try {
    new SchemaRegExp(pattern, "u");
  } catch (error) {
    throw new TypeError(`${where}: "${pattern}" cannot be used: ${errorText(error)}`);
  }
}

/** Throws what is wrong with the schema. */
function validatorOf(schema: Schema): Validator {
  meta ??= new Validator(META, "7", false);
  const fault = faults(meta, schema);
  if (fault !== undefined) throw new TypeError(fault);
  // The library marks what it has seen.
  const lookup = dereference(copyOf(schema));
  for (const part of Object.values(lookup)) if (typeof part === "object") checkPart(part, lookup);
  const named = String(schema.$schema ?? "");
  const draft = DRAFTS.find(([name]) => named.includes(name))?.[1] ?? "2020-12";
  return new Validator(copyOf(schema), draft, false);
}

function copyOf<T>(json: T): T {
  return JSON.parse(JSON.stringify(json));
}

/** Throws TypeError or RangeError that names the tool and what is wrong with it. */
export function readyTools(tools: readonly Tool[]): ReadonlyMap<string, ReadyTool> {
  needArray("tools", tools);
  const ready = new Map<string, ReadyTool>();
  for (const [at, tool] of tools.entries()) {
    needObject(`tools[${at}]`, tool);
    const { name, description, confirm = true, parameters: given, run } = tool;
    needString(`tools[${at}].name`, name);
    if (name === "") throw new RangeError(`tools[${at}].name must have something in it`);
    if (ready.has(name)) throw new RangeError(`tools[${at}].name: there are two tools "${name}"; name them apart`);
    needString(`tool "${name}": description`, description);
    if (typeof confirm !== "boolean") throw new TypeError(`tool "${name}": confirm must be a boolean`);
    needFunction(`tool "${name}": run`, run);
    let parameters: Schema;
    let validator: Validator;
    try {
      needObject("it", given);
      // The caller's may change.
      parameters = copyOf(given) as Schema;
      validator = validatorOf(parameters);
    } catch (error) {
      throw new TypeError(`tool "${name}": parameters must be a valid JSON Schema: ${errorText(error)}`);
    }
    ready.set(name, {
      spec: { name, description, parameters, confirm },
      check: (args) => faults(validator, args),
      run: (args, context) => run.call(tool, args, context),
    });
  }
  return ready;
}
