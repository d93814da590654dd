// Browsers let a hidden page's timers fire once a second, and after a while once a minute; those of a worker go on as
// they are. So while the page is hidden and something waits, a worker of a few lines does the waiting. Where a policy
// forbids it (`worker-src` without `blob:`), the page's timers do, as slow as they are.

import { isTestTime } from "../support/time.js";

/** What waits. Its own timer runs as well: whichever comes first. */
interface Sleeper {
  /** Of its wait in the worker. One is never used again, so a message that is under way wakes nobody else. */
  ticket: number;
  wait(): number;
  fire(): void;
  suspend(): () => void;
}

const SOURCE = `const timers = {};
onmessage = ({ data: [ticket, wait] }) => {
  clearTimeout(timers[ticket]);
  delete timers[ticket];
  if (wait >= 0) timers[ticket] = setTimeout(() => (delete timers[ticket], postMessage(ticket)), wait);
};`;

/** The name of the Trusted Types policy under which the worker's address is given. */
const POLICY = "jobgate";

declare const trustedTypes:
  | { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } }
  | undefined;

/** All that wait, in whatever page or worker. */
export const sleepers = new Set<Sleeper>();
/** Those that the worker waits for, by ticket. */
const sent = new Map<number, Sleeper>();
let serial = 0;
let listening = false;
let worker: Worker | undefined;
/** undefined: not tried yet; null: it can't be had here. */
let address: string | null | undefined;

export function watchOver(sleeper: Sleeper): void {
  sleepers.add(sleeper);
  if (typeof document === "undefined" || address === null) return;
  if (!listening) {
    listening = true;
    document.addEventListener?.("visibilitychange", onVisibilityChange);
  }
  if (document.hidden) send(sleeper);
}

export function leaveTickWorker(sleeper: Sleeper): void {
  if (!sleepers.delete(sleeper) || worker === undefined) return;
  sent.delete(sleeper.ticket);
  worker.postMessage([sleeper.ticket, -1]);
}

function onVisibilityChange(): void {
  if (document.hidden) {
    for (const sleeper of sleepers) send(sleeper);
    return;
  }
  worker?.terminate();
  worker = undefined;
  sent.clear();
}

function send(sleeper: Sleeper): void {
  // Who moves the time by hand wants no other to do it.
  if (isTestTime()) return;
  worker ??= start();
  if (worker === undefined) return;
  sleeper.ticket = serial++;
  sent.set(sleeper.ticket, sleeper);
  worker.postMessage([sleeper.ticket, sleeper.wait()]);
}

function start(): Worker | undefined {
  if (address === null) return undefined;
  try {
    address ??= scriptAddress();
    const made = new Worker(address);
    made.onmessage = ({ data }) => sent.get(data)?.fire();
    made.onerror = (event) => {
      // Forbidden: nobody's fault.
      event.preventDefault();
      giveUp();
    };
    return made;
  } catch {
    giveUp();
    return undefined;
  }
}

function scriptAddress(): string {
  const url = URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" }));
  if (typeof trustedTypes === "undefined") return url;
  return trustedTypes.createPolicy(POLICY, { createScriptURL: () => url }).createScriptURL(url);
}

function giveUp(): void {
  address = null;
  worker = undefined;
  sent.clear();
}
