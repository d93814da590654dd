// Parts of a message that JSON has no word for. They travel as null, and a list says where they stand and what they are:
// so the runner refuses them in the words that it has for them in its own realm. A runner that does not know the list
// finds null there.

import { inert, MESSAGE, STAND_INS } from "./inert.js";
import { bytesOf, takesObjects } from "./port.js";
import type { QueuePort } from "./types.js";

type Path = readonly (string | number)[];
type Holder = Record<string | number, unknown>;

/** `odd` is a path and a kind for each. */
export interface WithOddParts {
  readonly odd?: readonly (readonly [Path, string])[];
}

/** The message as its port carries it; undefined: it is too large. What it is made of is looked at once. */
export function toWire<Message extends object>(
  message: Message,
  port: QueuePort,
): (Message & WithOddParts) | undefined {
  const copy = inert(message, MESSAGE);
  if (copy === undefined) return undefined;
  const wire = copy.value as Message & WithOddParts;
  if (!copy.isOdd) return fits(wire, port) ? wire : undefined;
  const odd: [Path, string][] = [];
  collect(wire as Holder, [], odd);
  const whole = { ...wire, odd };
  return inert(whole, MESSAGE) && fits(whole, port) ? whole : undefined;
}

/** Numbers, quotes and escapes take more as text than they count for: sockets are closed for that. */
function fits(message: object, port: QueuePort): boolean {
  return takesObjects(port) || bytesOf(message) <= MESSAGE.bytes;
}

function collect(holder: Holder, path: Path, odd: [Path, string][]): void {
  for (const name of Object.keys(holder)) {
    const value = holder[name];
    const here = [...path, Array.isArray(holder) ? Number(name) : name];
    const kind = kindOf(value);
    if (kind !== undefined) {
      odd.push([here, kind]);
      holder[name] = null;
    } else if (typeof value === "object" && value !== null) collect(value as Holder, here, odd);
  }
}

/** None: JSON carries it, at least its outside. */
function kindOf(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : String(value);
  if (typeof value === "object") return value === STAND_INS.get("object") ? "object" : undefined;
  return STAND_INS.has(typeof value) ? typeof value : undefined;
}

/** Puts stand-ins where the message says that there was something else. The message is inert, and nobody else's. */
export function fromWire(message: object): void {
  const { odd } = message as { readonly odd?: unknown };
  if (!Array.isArray(odd)) return;
  for (const entry of odd) {
    if (!Array.isArray(entry) || !Array.isArray(entry[0]) || !STAND_INS.has(entry[1])) continue;
    let holder: unknown = message;
    const path: unknown[] = entry[0];
    for (const name of path.slice(0, -1)) holder = at(holder, name);
    const last = path.at(-1);
    if (at(holder, last) === null) (holder as Holder)[last as string] = STAND_INS.get(entry[1]);
  }
}

function at(holder: unknown, name: unknown): unknown {
  const isName = typeof name === "string" || typeof name === "number";
  if (typeof holder !== "object" || holder === null || !isName || !Object.hasOwn(holder, name)) return undefined;
  return (holder as Holder)[name];
}
