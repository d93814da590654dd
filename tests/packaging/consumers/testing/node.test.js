import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { testContext, useTestClock } from "jobgate/testing";
import { jobs, save, upload } from "./app.js";

let clock;
beforeEach(() => {
  clock = useTestClock({ now: 0 });
});
afterEach(async () => {
  await jobs.stopAll();
  clock.restore();
});

test("a text that could not be saved is sent again, after a second and after two more", async ({ mock }) => {
  const send = mock.fn(() => Promise.reject(new Error("offline")));
  const job = save("hello", send);
  await clock.advance(999);
  assert.equal(send.mock.callCount(), 1);
  await clock.advance(1);
  assert.equal(send.mock.callCount(), 2);
  send.mock.mockImplementation(async () => "saved");
  await clock.runAll();
  assert.equal(await job.result, "saved");
  assert.equal(job.finishedAt, 3000);
});

test("an upload tells how far it is", async () => {
  const context = testContext();
  await upload(context, ["a", "b"], async (part) => `${part} is there`);
  assert.deepEqual(
    context.progresses.map(({ percent }) => percent),
    [50, 100],
  );
});
