// What a model is told of its calls.

import { errorText } from "./json.js";
import type { ReadyTool } from "./tools.js";

/** Why a call cannot be made, in words for the model; empty if it can. */
export function faultOf(
  tool: ReadyTool | undefined,
  name: string,
  args: unknown,
  tools: ReadonlyMap<string, ReadyTool>,
): string {
  if (tool === undefined) {
    const known = tools.size === 0 ? "There are none" : `There are: ${[...tools.keys()].join(", ")}`;
    return `There is no tool "${name}". ${known}.`;
  }
  if (typeof args === "string") return `The arguments are not valid JSON: ${jsonFault(args)}. Nothing was run.`;
  let fault: string | undefined;
  try {
    fault = tool.check(args);
  } catch (error) {
    fault = `they cannot be checked: ${errorText(error)}`;
  }
  return fault === undefined
    ? ""
    : `The arguments do not fit the tool's schema: ${fault.replace(/\.$/, "")}. Nothing was run.`;
}

function jsonFault(text: string): string {
  try {
    JSON.parse(text);
    return "a string is not an object";
  } catch (error) {
    return errorText(error);
  }
}

/** As it is if it is a string, else as JSON. */
export function resultText(result: unknown): string {
  if (typeof result === "string") return result;
  return result === undefined ? "" : (JSON.stringify(result) ?? "");
}
