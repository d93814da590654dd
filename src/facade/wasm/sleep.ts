import { throwIfAborted } from "../support/abort.js";
import { Alarm } from "./alarm.js";
import { now } from "./clock.js";

/** Until that moment of the clock; rejects with the signal's reason if it aborts first. */
export async function sleepUntil(moment: number, signal: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  if (moment <= now()) return;
  const alarm = new Alarm();
  await new Promise<void>((resolve) => {
    const wake = () => {
      alarm.clear();
      signal.removeEventListener("abort", wake);
      resolve();
    };
    alarm.set(moment, wake);
    signal.addEventListener("abort", wake);
  });
  throwIfAborted(signal);
}
