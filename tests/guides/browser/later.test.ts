import { JobManager } from "jobgate";
import { expect, it } from "vitest";
import { jobs } from "../../.guides/sizes/later.ts";
import { makeManager } from "../../.guides/sizes/vite.ts";

it("a manager that is made when it is first wanted is the same for everybody", async () => {
  const [one, other] = await Promise.all([jobs(), jobs()]);
  expect(one).toBe(other);
  expect(one).toBeInstanceOf(JobManager);
  expect(await one.add(async () => 7).result).toBe(7);
});

it("slim works with the wasm's address as a bundler gives it", async () => {
  const manager = await makeManager();
  expect(await manager.add(async () => 7).result).toBe(7);
});
