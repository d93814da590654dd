// What a server is sent. As src/engine/agents/openai/request.rs.

import { checkMessage, toJson } from "../json.js";
import type { Message, ToolCall, ToolSpec } from "../types.js";

/** Where requests go: below `baseUrl`, with its query, which some servers have for their version or key. */
export function address(baseUrl: string): string {
  const [, path = "", query = ""] = /^([^?#]*)(\?[^#]*)?/.exec(baseUrl)!;
  return `${path.replace(/\/+$/, "")}/chat/completions${query}`;
}

/** What is asked of a server beside the conversation. */
export interface Asking {
  readonly model: string;
  /** Whatever else the server takes; it wins, but for `tools`, which are added. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The body of a request for a streamed answer. `messages` are JSON, with commas between. */
export function bodyOf({ model, body }: Asking, tools: readonly ToolSpec[], usage: boolean, messages: string): string {
  const fields: Record<string, unknown> = {
    model,
    stream: true,
    ...(usage && { stream_options: { include_usage: true } }),
    ...body,
  };
  if (tools.length > 0) {
    // Servers refuse an empty list.
    const more = Array.isArray(body.tools) ? body.tools : [];
    fields.tools = [...tools.map(writtenTool), ...more];
  }
  return `${toJson(fields).slice(0, -1)},"messages":[${messages}]}`;
}

function writtenTool({ name, description, parameters }: ToolSpec): object {
  return { type: "function", function: { name, description, parameters } };
}

function writtenCall({ id, name, arguments: args }: ToolCall): object {
  // Servers parse what their model wrote, and refuse a conversation in which it was not JSON.
  const given = typeof args === "string" ? { malformed: args } : args;
  return { id, type: "function", function: { name, arguments: JSON.stringify(given) } };
}

/** A message as servers want it, in JSON. `reasoningName`: by which to tell what the model thought, if at all. */
function written(given: Message, reasoningName: string | undefined): string {
  const message = checkMessage("message", given);
  const { role, content } = message;
  if (role === "tool") return toJson({ role, tool_call_id: message.toolCallId, content });
  if (role !== "assistant") return toJson({ role, content });
  const { toolCalls = [], reasoning } = message;
  return toJson({
    role,
    content: content === "" && toolCalls.length > 0 ? null : content,
    ...(toolCalls.length > 0 && { tool_calls: toolCalls.map(writtenCall) }),
    ...(reasoningName !== undefined && reasoning !== undefined && { [reasoningName]: reasoning }),
  });
}

/** A conversation as it was sent last. `ends`: of each message in the text. */
interface Written {
  readonly messages: Message[];
  readonly ends: number[];
  text: string;
}

/** Each message is written once, however often it is sent: those of a conversation never change. */
export class Writer {
  // By their first message; a conversation that is gone takes its text along.
  private conversations = new WeakMap<Message, Written>();
  private reasoningName: string | undefined = undefined;

  /** With commas between. */
  write(messages: readonly Message[], reasoningName: string | undefined): string {
    if (this.reasoningName !== reasoningName) {
      this.conversations = new WeakMap();
      this.reasoningName = reasoningName;
    }
    const [first] = messages;
    if (first === undefined) return "";
    const known = this.conversations.get(first) ?? { messages: [], ends: [], text: "" };
    this.conversations.delete(first);
    let same = 0;
    while (same < known.messages.length && known.messages[same] === messages[same]) same += 1;
    known.messages.length = same;
    known.ends.length = same;
    known.text = known.text.slice(0, known.ends.at(-1) ?? 0);
    let stays = true;
    for (let at = same; at < messages.length; at += 1) {
      const message = messages[at] as Message;
      known.text += (known.text === "" ? "" : ",") + written(message, reasoningName);
      known.messages.push(message);
      known.ends.push(known.text.length);
      stays &&= isFrozen(message);
    }
    if (stays) this.conversations.set(first, known);
    return known.text;
  }
}

function isFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozen);
}
