import { expect, it } from "vitest";
import { faults, follow } from "../../.guides/typed-jobs/checked.ts";
import { resized } from "../../.guides/typed-jobs/routes.ts";

it("every fault of the params is told, and a job is followed to its end", async () => {
  expect(faults().map((fault) => fault.split(":")[0])).toEqual(["name", "width"]);
  const told = await follow("holiday.jpg");
  expect(told[0]).toBe("status");
  expect(told).toContain("progress");
  expect(told.at(-1)).toBe("complete");
});

it("the same jobs are asked for over HTTP", async () => {
  expect(await resized("http://localhost", "other.jpg")).toBe("other.jpg at 320");
});
