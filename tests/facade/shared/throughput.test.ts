// How much a shared queue does at once. No test looks at a clock: figures are printed, and what is asserted is counted.

import { expect, test } from "vitest";
import { queue } from "./support/tabs.js";
import { type } from "./support/types.js";

const types = [type("later", () => 1)];
const delay = 3_600_000;

test("what is created in one go is one transaction, and 10,000 jobs are listed", async () => {
  const { open } = queue();
  const tab = open({ types, execute: false });
  await tab.ready;
  const began = performance.now();
  for (let at = 0; at < 100; at++) await tab.createJob("later", {}, { delay });
  const each = performance.now();
  console.log(`one by one: ${Math.round(100_000 / (each - began))} a second`);
  await Promise.all(Array.from({ length: 3000 }, () => tab.createJob("later", {}, { delay })));
  console.log(`in one go: ${Math.round(3_000_000 / (performance.now() - each))} a second`);
  await Promise.all(Array.from({ length: 6900 }, () => tab.createJob("later", {}, { delay })));
  for (let at = 0; at < 3; at++) {
    const before = performance.now();
    expect(tab.getAllJobs()).toHaveLength(10_000);
    console.log(`listed in ${(performance.now() - before).toFixed(1)} ms`);
  }
  await tab.createJob("later", {}, { delay });
  const before = performance.now();
  tab.getSnapshot();
  console.log(`snapshot after a change in ${(performance.now() - before).toFixed(1)} ms`);
  let longest = 0;
  let last = performance.now();
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    channel.port2.postMessage(0);
  };
  channel.port2.postMessage(0);
  const start = performance.now();
  const other = open({ types, execute: false });
  await other.ready;
  console.log(`loaded in ${Math.round(performance.now() - start)} ms, held for ${longest.toFixed(1)} ms`);
  const l0 = performance.now();
  other.getAllJobs();
  console.log(`first list ${(performance.now() - l0).toFixed(1)} ms`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  console.log(`held for ${longest.toFixed(1)} ms in all`);
  channel.port1.close();
});
