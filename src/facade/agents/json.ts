// What is said, called and answered, checked and copied where it comes from the outside. Copies are frozen: they are given
// to several readers, none of whom may change them.

import { fieldOf } from "../support/look.js";
import type { Message, ModelResponse, ModelResponseChunk, ToolCall } from "./types.js";

/** A call's arguments that are nested deeper are refused: what reads them calls itself for each level. */
const DEEPEST = 128;

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

/** Half a letter (a surrogate without the other) becomes U+FFFD, as wherever text becomes UTF-8: the other end refuses it. */
export function wholeText(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** The same of the texts in it. JSON.stringify writes halves, and nothing else, as such an escape. */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value) ?? "null";
  if (!json.includes("\\ud")) return json;
  return json.replace(/\\(?:(ud[89a-f]..)|.)/g, (written, half?: string) => (half === undefined ? written : "\ufffd"));
}

/** Puts texts that were cut between the halves of a letter together: the first half waits for the next text. */
export function wholeLetters(): (text: string) => string {
  let half = "";
  return (text) => {
    const whole = half + text;
    half = /[\ud800-\udbff]$/.exec(whole)?.[0] ?? "";
    return wholeText(half === "" ? whole : whole.slice(0, -1));
  };
}

/** What JSON holds, frozen through and through. */
export function freeze<T>(value: T, depth = 0): T {
  if (typeof value === "object" && value !== null) {
    if (depth > DEEPEST) throw new RangeError(`what is nested deeper than ${DEEPEST} levels cannot be taken`);
    for (const part of Object.values(value)) freeze(part, depth + 1);
    Object.freeze(value);
  }
  return value;
}

/** A copy, as JSON carries it. */
export function frozenCopy<T>(value: T): T {
  return freeze(JSON.parse(toJson(value)));
}

function checkCall(field: string, call: ToolCall): ToolCall {
  needObject(field, call);
  const { id, name, arguments: given } = call;
  needString(`${field}.id`, id);
  needString(`${field}.name`, name);
  return Object.freeze({ id: wholeText(id), name: wholeText(name), arguments: frozenCopy(given ?? {}) });
}

/** Not by map: it would look for what is missing in the longest array there can be. */
function checkCalls(field: string, calls: readonly unknown[]): readonly ToolCall[] {
  return Object.freeze(Array.from(calls, (call, at) => checkCall(`${field}[${at}]`, call as ToolCall)));
}

export function checkMessage(field: string, message: Message): Message {
  needObject(field, message);
  // Each is read once: what is looked at again may be something else.
  const { role, content: text, toolCallId, toolCalls = [], reasoning } = message as Record<string, unknown>;
  needString(`${field}.content`, text);
  const content = wholeText(text);
  if (role === "tool") {
    needString(`${field}.toolCallId`, toolCallId);
    return Object.freeze({ role, toolCallId: wholeText(toolCallId), content });
  }
  if (role === "system" || role === "user") return Object.freeze({ role, content });
  if (role !== "assistant") throw new TypeError(`${field}.role must be "system", "user", "assistant" or "tool"`);
  if (reasoning !== undefined) needString(`${field}.reasoning`, reasoning);
  needArray(`${field}.toolCalls`, toolCalls);
  return answerMessage(content, checkCalls(`${field}.toolCalls`, toolCalls), wholeText(reasoning ?? ""));
}

export function answerMessage(content: string, toolCalls: readonly ToolCall[], reasoning: string): Message {
  return Object.freeze({
    role: "assistant",
    content,
    ...(toolCalls.length > 0 && { toolCalls }),
    ...(reasoning !== "" && { reasoning }),
  });
}

/** Their shapes are checked here; whether each may stand where it does, the rules decide. */
export function checkMessages(messages: readonly Message[]): readonly Message[] {
  needArray("messages", messages);
  return Array.from(messages, (message, at) => checkMessage(`messages[${at}]`, message));
}

export function checkChunk(field: string, chunk: ModelResponseChunk): ModelResponseChunk {
  needObject(field, chunk);
  const { type } = chunk;
  if (type === "text" || type === "reasoning") {
    const { text } = chunk;
    needString(`${field}.text`, text);
    return Object.freeze({ type, text });
  }
  if (type === "tool_call") return Object.freeze({ type, call: checkCall(`${field}.call`, chunk.call) });
  throw new TypeError(`${field}.type must be "text", "reasoning" or "tool_call"`);
}

export function checkResponse(response: ModelResponse): ModelResponse {
  needObject("response", response);
  const { content, toolCalls, stopReason, usage } = response;
  needString("response.content", content);
  needArray("response.toolCalls", toolCalls);
  needString("response.stopReason", stopReason);
  return Object.freeze({
    content: wholeText(content),
    toolCalls: checkCalls("response.toolCalls", toolCalls),
    stopReason,
    ...(usage !== undefined && { usage: checkUsage("response.usage", usage) }),
  });
}

function checkUsage(field: string, usage: Required<ModelResponse>["usage"]): Required<ModelResponse>["usage"] {
  needObject(field, usage);
  const { inputTokens, outputTokens } = usage;
  need(`${field}.inputTokens`, "a number", typeof inputTokens === "number", inputTokens);
  need(`${field}.outputTokens`, "a number", typeof outputTokens === "number", outputTokens);
  return Object.freeze({ inputTokens, outputTokens });
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
