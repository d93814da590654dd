// Server-sent events as models' servers send them
// (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation), and what they send in their
// place: events parted by one newline, a last one without its end, JSON without `data:`. As src/engine/agents/openai/lines.rs
// reads them; both are held to the cases of tests/engine/agents/servers.json.

import { freeze } from "../json.js";

/** What one event says. */
export interface Event {
  readonly data: string;
  /** It is called an error. */
  readonly failed: boolean;
}

/** Takes text, however it is cut, and gives events. */
export class Lines {
  private line = "";
  /** The line before ended in a carriage return: a newline that follows belongs to it. */
  private returned = false;
  private begun = false;
  /** The event that is being read: its data so far, if it has any. */
  private data: string | undefined = undefined;
  private failed = false;
  /** Its data stands there without a field's name. */
  private bare = false;
  private events: Event[] = [];

  /** The events that this text ends. */
  take(text: string): readonly Event[] {
    const fresh = this.returned && text.startsWith("\n") ? text.slice(1) : text;
    if (text !== "") this.returned = text.endsWith("\r");
    const [more = "", ...rest] = fresh.split(/\r\n|\r|\n/);
    this.line += more;
    for (const next of rest) {
      this.endLine();
      this.line = next;
    }
    return this.events.splice(0);
  }

  /** The events that the end of the stream ends. */
  finish(): readonly Event[] {
    if (this.line !== "") this.endLine();
    const { data } = this;
    // What is cut short is no event, but whatever else it says may be why.
    if (data !== undefined && (this.bare || !isJsonBegun(data) || isWhole(data))) this.dispatch();
    return this.events.splice(0);
  }

  private endLine(): void {
    const line = this.begun ? this.line : this.line.replace(/^\ufeff/, "");
    this.line = "";
    this.begun = true;
    if (this.bare && !line.startsWith("data:")) this.takeData(line);
    else if (line === "") this.dispatch();
    else if (isJsonBegun(line)) {
      this.dispatch();
      this.bare = true;
      this.takeData(line);
    } else this.takeField(line);
  }

  private takeField(line: string): void {
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
    if (field === "data") this.takeData(value);
    if (field === "event") this.failed = value.trim() === "error";
    // Not in the standard; llama.cpp's server wrote so.
    if (field === "error" && value !== "") {
      this.dispatch();
      this.failed = true;
      this.takeData(value);
    }
  }

  private takeData(line: string): void {
    if (this.data !== undefined) {
      // An event's data may be of several lines; but not if they are data by themselves.
      if (isJsonBegun(this.data) || !isWhole(line)) {
        this.data += `\n${line}`;
        return;
      }
      this.endEvent();
    }
    this.data = line;
    if (isWhole(line)) this.endEvent();
  }

  /** Its name holds for all of its data. */
  private endEvent(): void {
    if (this.data !== undefined) this.events.push({ data: this.data, failed: this.failed });
    this.data = undefined;
    this.bare = false;
  }

  private dispatch(): void {
    this.endEvent();
    this.failed = false;
  }
}

function isJsonBegun(text: string): boolean {
  return /^\s*[{[]/.test(text);
}

/** Whether a line is all that an event has to say. */
function isWhole(given: string): boolean {
  const line = given.trim();
  return line === "[DONE]" || (/[}\]]$/.test(line) && isJsonBegun(line) && parsed(line) !== undefined);
}

/** Throws what is wrong; also what is nested too deep to be read. */
export function parse(text: string): unknown {
  return freeze(JSON.parse(text));
}

/** Undefined: it cannot be parsed. */
export function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
