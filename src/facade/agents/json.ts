// What crosses to the loop and back as JSON, checked where it comes from the outside.

import { fieldOf } from "../support/look.js";
import type { Message, ModelResponse, ModelResponseChunk, ToolCall } from "./types.js";

function need(field: string, expected: string, right: boolean, given: unknown): void {
  if (!right) throw new TypeError(`${field} must be ${expected}, got ${given === null ? "null" : typeof given}`);
}

export function needString(field: string, value: unknown): asserts value is string {
  need(field, "a string", typeof value === "string", value);
}

export function needObject(field: string, value: unknown): asserts value is object {
  need(field, "an object", typeof value === "object" && value !== null, value);
}

export function needArray(field: string, value: unknown): asserts value is readonly unknown[] {
  need(field, "an array", Array.isArray(value), value);
}

function checkCall(field: string, call: ToolCall): ToolCall {
  needObject(field, call);
  const { id, name, arguments: given } = call;
  needString(`${field}.id`, id);
  needString(`${field}.name`, name);
  return { id, name, arguments: given ?? {} };
}

/** Not by map: it would look for what is missing in the longest array there can be. */
function checkCalls(field: string, calls: readonly unknown[]): ToolCall[] {
  return Array.from(calls, (call, at) => checkCall(`${field}[${at}]`, call as ToolCall));
}

function checkMessage(field: string, message: Message): Message {
  needObject(field, message);
  // Each is read once: what is looked at again may be something else.
  const { role, content, toolCallId, toolCalls = [], reasoning } = message as Record<string, unknown>;
  needString(`${field}.content`, content);
  if (role === "tool") {
    needString(`${field}.toolCallId`, toolCallId);
    return { role, toolCallId, content };
  }
  if (role === "system" || role === "user") return { role, content };
  if (role !== "assistant") throw new TypeError(`${field}.role must be "system", "user", "assistant" or "tool"`);
  if (reasoning !== undefined) needString(`${field}.reasoning`, reasoning);
  needArray(`${field}.toolCalls`, toolCalls);
  const calls = checkCalls(`${field}.toolCalls`, toolCalls);
  return {
    role,
    content,
    ...(calls.length > 0 && { toolCalls: calls }),
    ...(reasoning !== undefined && { reasoning }),
  };
}

/** As JSON. Their shapes are checked here; whether each may stand where it does, the rules decide. */
export function writeMessages(messages: readonly Message[]): string {
  needArray("messages", messages);
  return toJson(Array.from(messages, (message, at) => checkMessage(`messages[${at}]`, message)));
}

export function checkChunk(field: string, chunk: ModelResponseChunk): ModelResponseChunk {
  needObject(field, chunk);
  const { type } = chunk;
  if (type === "text" || type === "reasoning") {
    const { text } = chunk;
    needString(`${field}.text`, text);
    return { type, text };
  }
  if (type === "tool_call") return { type, call: checkCall(`${field}.call`, chunk.call) };
  throw new TypeError(`${field}.type must be "text", "reasoning" or "tool_call"`);
}

export function checkResponse(response: ModelResponse): ModelResponse {
  needObject("response", response);
  const { content, toolCalls, stopReason } = response;
  needString("response.content", content);
  needArray("response.toolCalls", toolCalls);
  needString("response.stopReason", stopReason);
  return { content, toolCalls: checkCalls("response.toolCalls", toolCalls), stopReason };
}

/**
 * Half a letter (a surrogate without the other) becomes U+FFFD, as wherever text becomes UTF-8: the other end refuses it.
 * JSON.stringify writes it, and nothing else, as such an escape.
 */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!json.includes("\\ud")) return json;
  return json.replace(/\\(?:(ud[89a-f]..)|.)/g, (written, half?: string) => (half === undefined ? written : "\ufffd"));
}

/** Puts texts that were cut between the halves of a letter together: the first half waits for the next text. */
export function wholeLetters(): (text: string) => string {
  let half = "";
  return (text) => {
    const whole = half + text;
    half = /[\ud800-\udbff]$/.exec(whole)?.[0] ?? "";
    return half === "" ? whole : whole.slice(0, -1);
  };
}

/** Given to several readers, none of whom may change it. */
export function frozen<T>(json: string): T {
  return freeze(JSON.parse(json));
}

/** As `frozen`, of what is no JSON. */
export function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}

/** What a model is told of an error, of whatever realm; anything can be thrown, also what throws when it is looked at. */
export function errorText(error: unknown): string {
  if (typeof error === "string") return error;
  const [message, name] = [fieldOf(error, "message"), fieldOf(error, "name")];
  if (typeof message === "string" && typeof name === "string") return message || name;
  try {
    return JSON.stringify(error) ?? String(error);
  } catch {
    return "it failed";
  }
}
