import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { testContext, useTestClock } from "jobgate/testing";
import { jobs, save, upload } from "./app.js";

let clock;
beforeEach(() => {
  clock = useTestClock({ now: new Date("2030-01-01T00:00:00Z") });
});
afterEach(async () => {
  await jobs.stopAll();
  clock.restore();
});

test("a text that could not be saved is sent again, after a second and after two more", async () => {
  const send = jest.fn().mockRejectedValue(new Error("offline"));
  const job = save("hello", send);
  await clock.advance(999);
  expect(send).toHaveBeenCalledTimes(1);
  await clock.advance(1);
  expect(send).toHaveBeenCalledTimes(2);
  send.mockResolvedValue("saved");
  await clock.runAll();
  expect(await job.result).toBe("saved");
  expect(new Date(job.finishedAt).toISOString()).toBe("2030-01-01T00:00:03.000Z");
});

test("an upload tells how far it is", async () => {
  const context = testContext();
  await upload(context, ["a", "b"], async (part) => `${part} is there`);
  expect(context.progresses.map(({ percent }) => percent)).toEqual([50, 100]);
});
