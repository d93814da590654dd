import { testContext, useTestClock } from "jobgate/testing";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { jobs, save, upload } from "./app.js";

let clock;
beforeEach(() => {
  clock = useTestClock();
});
afterEach(async () => {
  await jobs.stopAll();
  clock.restore();
});

test("a text that could not be saved is sent again, after a second and after two more", async () => {
  const send = vi.fn().mockRejectedValue(new Error("offline"));
  const job = save("hello", send);
  await clock.advance(999);
  expect(send).toHaveBeenCalledTimes(1);
  await clock.advance(1);
  expect(send).toHaveBeenCalledTimes(2);
  send.mockResolvedValue("saved");
  await clock.runAll();
  expect(await job.result).toBe("saved");
  expect(job.finishedAt - job.createdAt).toBe(3000);
});

test("an upload tells how far it is, and ends when it is asked to", async () => {
  const context = testContext();
  const send = vi.fn(async (part) => `${part} is there`);
  await upload(context, ["a", "b"], send);
  expect(context.progresses.map(({ percent }) => percent)).toEqual([50, 100]);
  expect(context.states).toEqual(["a is there", "b is there"]);
  context.abort("enough");
  await expect(upload(context, ["c"], send)).rejects.toBe("enough");
  expect(send).toHaveBeenCalledTimes(2);
});

test(`this is ${inject("page")}`, () => {
  const page = typeof document === "undefined" ? "no page" : navigator.userAgent;
  expect(page).toContain(inject("page"));
});
