// In Node, because a test can say there what the local time is.
import { retryAfter } from "jobgate";
import { expect, it, onTestFinished } from "vitest";

it.each(["America/New_York", "Asia/Kolkata", "UTC"])("HTTP dates are of Greenwich, read in %s", (zone) => {
  const { TZ } = process.env;
  process.env.TZ = zone;
  onTestFinished(() => {
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  });
  const now = Date.UTC(2026, 10, 6, 12, 0, 0);
  const dates = ["Fri, 06 Nov 2026 12:00:30 GMT", "Friday, 06-Nov-26 12:00:30 GMT", "Fri Nov  6 12:00:30 2026"];
  for (const date of dates) {
    expect(retryAfter({ headers: new Headers({ "Retry-After": date }) }, now), date).toBe(30_000);
  }
});
