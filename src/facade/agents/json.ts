// What crosses to the loop and back as JSON, checked where it comes from the outside.

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
  const { id, name } = call;
  needString(`${field}.id`, id);
  needString(`${field}.name`, name);
  return { id, name, arguments: call.arguments ?? {} };
}

/** Their shapes; whether each may stand where it does, the rules decide. */
export function checkMessages(messages: readonly Message[]): void {
  needArray("messages", messages);
  for (const [at, message] of messages.entries()) {
    const field = `messages[${at}]`;
    needObject(field, message);
    needString(`${field}.content`, message.content);
    if (message.role === "tool") needString(`${field}.toolCallId`, message.toolCallId);
    else if (message.role === "assistant") {
      const { toolCalls = [] } = message;
      needArray(`${field}.toolCalls`, toolCalls);
      for (const [index, call] of toolCalls.entries()) checkCall(`${field}.toolCalls[${index}]`, call);
    } else if (message.role !== "system" && message.role !== "user") {
      throw new TypeError(`${field}.role must be "system", "user", "assistant" or "tool"`);
    }
  }
}

export function checkChunk(field: string, chunk: ModelResponseChunk): ModelResponseChunk {
  needObject(field, chunk);
  if (chunk.type === "text") {
    needString(`${field}.text`, chunk.text);
    return { type: "text", text: chunk.text };
  }
  if (chunk.type === "tool_call") return { type: "tool_call", call: checkCall(`${field}.call`, chunk.call) };
  throw new TypeError(`${field}.type must be "text" or "tool_call"`);
}

export function checkResponse(response: ModelResponse): ModelResponse {
  needObject("response", response);
  const { content, toolCalls, stopReason } = response;
  needString("response.content", content);
  needArray("response.toolCalls", toolCalls);
  needString("response.stopReason", stopReason);
  return { content, toolCalls: toolCalls.map((call, at) => checkCall(`response.toolCalls[${at}]`, call)), stopReason };
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

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}

export function parseMessages(json: string): readonly Message[] {
  return frozen<readonly Message[]>(json);
}

/** What a model is told of an error. */
export function errorText(error: unknown): string {
  if (error instanceof Error) return error.message || error.name;
  try {
    return typeof error === "string" ? error : (JSON.stringify(error) ?? String(error));
  } catch {
    return "it failed";
  }
}
