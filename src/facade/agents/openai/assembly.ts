// An answer put together from what the stream brings. As src/engine/agents/openai/assembly.rs; both are held to the
// cases of tests/engine/agents/servers.json.

import { AgentError } from "../errors.js";
import { errorText } from "../json.js";
import type { ModelResponse } from "../types.js";
import { Calls } from "./calls.js";
import { bounded, words } from "./failure.js";
import { content, field, index, isFields, items, type Json, number, scalar } from "./lenient.js";
import { type Event, parse } from "./lines.js";

/** Where servers tell what the model thinks. It goes back under the name it came by. */
const REASONING = ["reasoning_content", "reasoning", "thinking"];

function reported(value: Json): AgentError {
  const said = typeof value === "string" ? bounded(value) : (words(value) ?? bounded(JSON.stringify(value)));
  return new AgentError(`the model's server reported an error: ${said}`, "E_STREAM");
}

export function unreadable(what: string): AgentError {
  return new AgentError(`the model's server sent what is not a chunk of an answer: ${what}`, "E_STREAM");
}

/** What an event brings: more text, more of what the model thinks. */
export interface Piece {
  text: string;
  reasoning: string;
}

/** An answer as far as it has arrived. */
export class Assembly {
  isDone = false;
  /** By which name the server tells what the model thinks, if it has. */
  reasoningName: string | undefined = undefined;
  private readonly calls = new Calls();
  private readonly letters = { text: pairs(), reasoning: pairs() };
  private said = "";
  private stopReason: string | undefined = undefined;
  private usage: ModelResponse["usage"];
  /** Told if the answer stays without an end: an event that may have been harmless. */
  private aside: AgentError | undefined = undefined;

  /** Takes one event, or a whole answer that is not streamed; throws AgentError. */
  take({ data: given, failed }: Event): Piece {
    const piece = { text: "", reasoning: "" };
    const data = given.trim();
    if (data === "[DONE]") this.isDone = true;
    if (this.isDone || data === "") return piece;
    let value: Json;
    try {
      value = parse(data);
    } catch (fault) {
      if (failed) throw reported(data);
      // After its end nothing can be missing any more.
      if (this.stopReason !== undefined) return piece;
      if (/^[{[]/.test(data)) throw unreadable(`${errorText(fault)}: ${bounded(data)}`);
      // Not a piece of an answer, which is an object: a sign of life, or what went wrong.
      this.aside = unreadable(bounded(data));
      return piece;
    }
    if (failed) throw reported(value);
    this.takeValue(value, piece);
    piece.text = this.letters.text(piece.text);
    piece.reasoning = this.letters.reasoning(piece.reasoning);
    this.said += piece.text;
    return piece;
  }

  private takeValue(value: Json, piece: Piece): void {
    if (Array.isArray(value)) {
      for (const part of value) this.takeValue(part, piece);
      return;
    }
    if (isError(field(value, "error")) || isError(field(value, "errors"))) throw reported(value);
    const choices = field(value, "choices");
    if (choices !== undefined && typeof choices !== "object" && this.stopReason === undefined) {
      throw unreadable(bounded(JSON.stringify(value)));
    }
    // One answer was asked for.
    const choice = items(choices).find((choice) => (index(field(choice, "index")) ?? 0) === 0);
    this.takeUsage(field(value, "usage"), field(field(value, "x_groq"), "usage"), field(choice, "usage"));
    if (choice !== undefined) this.takeChoice(choice, piece);
    else if (choices === undefined) this.takeAside(value);
  }

  /** Neither an answer nor an error by name. Some servers say at the top what is wrong. */
  private takeAside(value: Json): void {
    const isNamedError = ["object", "type"].some((name) => field(value, name) === "error");
    const status = ["code", "status", "status_code"]
      .map((name) => number(field(value, name)))
      .find((code) => code !== undefined);
    const hasDetail = isFields(value) && Object.hasOwn(value, "detail");
    if (isNamedError || (status !== undefined && status >= 400) || hasDetail) throw reported(value);
    const said = words(value);
    if (said !== undefined) this.aside = reported(said);
    else if (this.isEmpty && !(isFields(value) && Object.hasOwn(value, "usage")) && items(value).length > 0) {
      this.aside ??= unreadable(bounded(JSON.stringify(value)));
    }
  }

  private takeChoice(choice: Json, piece: Piece): void {
    // Some servers send an empty one with every chunk.
    const reason = scalar(field(choice, "finish_reason")) || undefined;
    if (isError(field(choice, "error")) || reason === "error") throw reported(choice);
    const given = field(choice, "delta");
    // Some servers repeat the whole answer at the end of its stream.
    const whole = this.isEmpty && piece.text === "" ? field(choice, "message") : undefined;
    this.takeDelta(items(given).length > 0 ? given : whole, piece);
    this.stopReason = reason ?? this.stopReason;
  }

  private takeDelta(delta: Json, piece: Piece): void {
    if (delta === undefined) return;
    const think = (thought: string) => {
      piece.reasoning += thought;
    };
    piece.text += content(field(delta, "content"), think) + content(field(delta, "refusal"), think);
    // Some servers send the same under two names.
    for (const name of REASONING) {
      const thought = content(field(delta, name), () => {});
      if (thought === "") continue;
      this.reasoningName = name;
      think(thought);
      break;
    }
    const fragments = items(field(delta, "tool_calls"));
    // As it was called before there could be more than one.
    this.calls.take(fragments.length > 0 ? fragments : items(field(delta, "function_call")));
  }

  /** The last that says something: some servers count along with every chunk. */
  private takeUsage(...places: readonly Json[]): void {
    for (const usage of places) {
      const count = (...names: readonly string[]) =>
        names.map((name) => number(field(usage, name))).find((given) => given !== undefined);
      const inputTokens = count("prompt_tokens", "input_tokens");
      const outputTokens = count("completion_tokens", "output_tokens");
      if (inputTokens === undefined && outputTokens === undefined) continue;
      this.usage = { inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0 };
      return;
    }
  }

  private get isEmpty(): boolean {
    return this.said === "" && this.calls.isEmpty;
  }

  /**
   * The whole answer, at the end of the stream. A call without an id gets one of `turn`, the conversation's length. Throws
   * AgentError if the server has not said that the answer is whole: an end of the connection is not, and if there was an
   * event that was no answer, the fault says what stood there. `cause`: what broke the connection.
   */
  finish(turn: number, cause?: unknown): ModelResponse {
    const { aside, usage } = this;
    if (this.stopReason === undefined && (!this.isDone || (this.isEmpty && aside !== undefined))) {
      throw aside ?? new AgentError("the connection ended before the answer did", "E_STREAM", { cause });
    }
    const stopReason = this.stopReason ?? "stop";
    return {
      content: this.said,
      toolCalls: this.calls.finish(turn),
      stopReason,
      ...(usage !== undefined && { usage }),
    };
  }
}

/** Something is said there that is not "none". */
function isError(value: Json): boolean {
  if (value === undefined || value === false) return false;
  if (typeof value === "string") return value.trim() !== "";
  return typeof value !== "object" || items(value).length > 0;
}

/**
 * Some servers count text in UTF-16 and cut between the halves of a letter. The first half waits for the second, and is
 * none without; a second half without the first is U+FFFD.
 */
function pairs(): (text: string) => string {
  let first = "";
  return (given) => {
    if (given === "") return "";
    const text = first + given;
    first = /[\ud800-\udbff]$/.exec(text)?.[0] ?? "";
    return text.replace(/\p{Surrogate}/gu, (half) => (half < "\udc00" ? "" : "\ufffd"));
  };
}
