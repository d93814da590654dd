const oneDecimal = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat("en");

export const megabytes = (bytes: number): string => `${oneDecimal.format(bytes / 1_000_000)} MB`;

export const count = (value: number): string => whole.format(value);

/** less than 1 ms, 8.2 ms, 640 ms, 3.4 s */
export function duration(ms: number): string {
  if (ms < 1) return "less than 1 ms";
  if (ms >= 1000) return `${oneDecimal.format(ms / 1000)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${oneDecimal.format(ms)} ms`;
}

/** 640 ms, 3.4 s, 2:05 min, 3:10 h: short, for columns. */
export function shortDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${oneDecimal.format(ms / 1000)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes}:${two(Math.floor(ms / 1000) % 60)} min`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)} h`;
}

const two = (value: number): string => String(value).padStart(2, "0");

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** 14:03:59, of an epoch time. */
export const clockTime = (at: number): string => clock.format(at);

/** Name and message of anything that was thrown or given as a reason. */
export function errorText(error: unknown): string {
  if (error instanceof Error || error instanceof DOMException) return `${error.name}: ${error.message}`;
  return String(error);
}
