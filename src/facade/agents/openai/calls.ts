// The calls of an answer, put together from their fragments. As src/engine/agents/openai/calls.rs.

import { frozenCopy, wholeText } from "../json.js";
import type { ToolCall } from "../types.js";
import { field, index, isFields, type Json, scalar } from "./lenient.js";
import { parsed } from "./lines.js";

interface Call {
  readonly index: number;
  id: string;
  name: string;
  arguments: string;
  /** In which event its last fragment came. */
  event: number;
}

/** What a fragment says. */
interface Fragment {
  readonly index: number | undefined;
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

function read(value: Json): Fragment {
  // Some servers leave out the level in between.
  const called = field(value, "function") ?? value;
  const written = field(called, "arguments");
  return {
    index: index(field(value, "index")),
    id: scalar(field(value, "id")) ?? "",
    name: scalar(field(called, "name")) ?? "",
    arguments: typeof written === "object" ? JSON.stringify(written) : (scalar(written) ?? ""),
  };
}

/** Its arguments have been written to their end. */
function isComplete(call: Call): boolean {
  return call.arguments.trimEnd().endsWith("}") && parsed(call.arguments) !== undefined;
}

export class Calls {
  private readonly calls: Call[] = [];
  private event = 0;

  get isEmpty(): boolean {
    return this.calls.length === 0;
  }

  /** The fragments of one event. */
  take(fragments: readonly Json[]): void {
    this.event += 1;
    for (const fragment of fragments) this.takeFragment(read(fragment));
  }

  private takeFragment(fragment: Fragment): void {
    const { event } = this;
    const call = this.place(fragment);
    if (call === "known") return;
    if (call === "another") {
      const { index = (this.calls.at(-1)?.index ?? -1) + 1, ...said } = fragment;
      this.calls.push({ index, ...said, event });
      return;
    }
    call.event = event;
    call.id ||= fragment.id;
    call.name ||= fragment.name;
    call.arguments += fragment.arguments;
  }

  /**
   * Which call it is more of, if it begins no other and repeats none. A call begins with its name. Where index and id are
   * missing, or are the same for all, another begins where the one before has its name and its arguments already.
   */
  private place(fragment: Fragment): Call | "another" | "known" {
    const here = (call: Call) => fragment.index === undefined || call.index === fragment.index;
    // The last ones first: fragments of one call follow each other.
    const named = (call: Call) => fragment.id !== "" && call.id === fragment.id && here(call);
    const call = findLast(this.calls, named) ?? findLast(this.calls, here);
    if (call === undefined) return "another";
    const otherId = call.id !== "" && fragment.id !== "" && call.id !== fragment.id;
    if (fragment.name === "") {
      // Some servers give each fragment an id of its own, but say only with the first whose it is.
      const begins = fragment.index === undefined || (fragment.arguments !== "" && isComplete(call));
      return otherId && begins ? "another" : call;
    }
    if (call.name === "" && !otherId) return call;
    if (otherId || call.name !== fragment.name) return "another";
    const complete = isComplete(call);
    if (call.event === this.event && (complete || call.arguments === "")) return "another";
    if (!complete) return call;
    // Some servers say it all again at the end.
    const sameId = fragment.id !== "" && call.id === fragment.id;
    const again = sameId && (fragment.arguments.trim() === "" || isSame(fragment.arguments, call.arguments));
    return again ? "known" : "another";
  }

  /** The calls in their order. One without an id gets one of `turn`. */
  finish(turn: number): readonly ToolCall[] {
    const inOrder = [...this.calls].sort((one, other) => one.index - other.index);
    const calls = inOrder.map(({ id, name, arguments: written }, at) =>
      Object.freeze({
        id: wholeText(id || `call_${turn}_${at}`),
        name: wholeText(name),
        arguments: readArguments(wholeText(written)),
      }),
    );
    return Object.freeze(calls);
  }
}

function findLast<T>(list: readonly T[], fits: (item: T) => boolean): T | undefined {
  for (let at = list.length - 1; at >= 0; at -= 1) if (fits(list[at]!)) return list[at];
  return undefined;
}

function isSame(one: string, other: string): boolean {
  return one === other || JSON.stringify(parsed(one)) === JSON.stringify(parsed(other));
}

/** None were written: a call without arguments. Not JSON: as written, for the loop to tell the model. */
function readArguments(text: string): unknown {
  if (text.trim() === "") return {};
  const read = parsed(text);
  if (read === null) return {};
  if (typeof read === "string") {
    // Some servers write JSON of JSON.
    const inner = parsed(read);
    return isFields(inner) ? frozenCopy(inner) : text;
  }
  return read === undefined ? text : frozenCopy(read);
}
