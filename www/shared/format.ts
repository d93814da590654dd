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

/** Name and message of anything that was thrown or given as a reason. */
export function errorText(error: unknown): string {
  if (error instanceof Error || error instanceof DOMException) return `${error.name}: ${error.message}`;
  return String(error);
}
