// `idempotencyKey`: what a server knows a job by, and its steps.

import type { SharedRunner, SharedTaskContext } from "jobgate/shared";
import { expect, test } from "vitest";
import { ended, latch, opened, queue } from "./support/tabs.js";
import { type } from "./support/types.js";

/** Answers with its keys: the job's, then that of the step that is called as its params say. */
const types = [
  type(
    "keys",
    async ({ n }: { n: string }, { step, idempotencyKey }: SharedTaskContext) => {
      return [idempotencyKey, await step(n, (own) => own.idempotencyKey)];
    },
    { params: [{ name: "n", type: "string" }] },
  ),
];

async function keysOf(tab: SharedRunner, id: string, name = "pay"): Promise<readonly string[]> {
  await tab.createJob("keys", { n: name }, { id });
  return (await ended(tab, id)).result as string[];
}

test("two stores give the jobs of one id different keys, and so does one that was cleared", async () => {
  const keys: string[] = [];
  for (let times = 0; times < 2; times++) keys.push(...(await keysOf(queue().open({ types }), "monthly-order")));
  const { name, open } = queue();
  for (let times = 0; times < 2; times++) {
    const tab = open({ types });
    keys.push(...(await keysOf(tab, "monthly-order")));
    await tab.close();
    await opened(indexedDB.deleteDatabase(`jobgate:${name}`));
  }
  expect(new Set(keys).size).toBe(8);
});

test("no step has the key of another job's step, or of a job, whatever they are called; all go into a header and an address", async () => {
  const tab = queue().open({ types });
  const keys: string[] = [];
  for (const [id, name] of [
    ["order", "3:pay"],
    ["order:1", "pay"],
    ["order:2", "ход/?#"],
  ]) {
    keys.push(...(await keysOf(tab, id!, name)));
  }
  expect(new Set(keys).size).toBe(6);
  for (const key of keys) {
    expect(new Headers({ "Idempotency-Key": key }).get("Idempotency-Key")).toBe(key);
    expect(new URL(`/api/${key}`, location.href).pathname).toBe(`/api/${key}`);
  }
});

test("a key stays the same in the next attempt, and in the next tab, where a step's name is refused if no address can have it", async () => {
  const { open } = queue();
  const keys: string[] = [];
  const begun = latch();
  const types = [
    type("keys", async (_: unknown, { idempotencyKey, attempt, epoch, step }: SharedTaskContext) => {
      keys.push(idempotencyKey);
      if (attempt === 1) throw new Error("again");
      if (epoch > 2) {
        await expect(step("\ud800", () => {})).rejects.toThrow("name must have no half of a surrogate pair in it");
        return "done";
      }
      begun.open();
      return new Promise(() => {});
    }),
  ];
  const tab = open({ types });
  const { id } = await tab.createJob("keys", {}, { retry: { limit: 1, delay: 0 } });
  await begun.opened;
  await tab.close();
  expect(await ended(open({ types }), id)).toMatchObject({ status: "completed" });
  expect([keys.length, new Set(keys).size]).toEqual([3, 1]);
});

test("a store of before it had a name of its own has one from then on", async () => {
  const { name, open } = queue();
  const { tab, id } = { tab: open({ types, execute: false }), id: "old" };
  await tab.createJob("keys", { n: "pay" }, { id });
  await tab.close();
  const database = await opened(indexedDB.open(`jobgate:${name}`));
  const store = database.transaction("meta", "readwrite").objectStore("meta");
  const { store: _, ...old } = await opened(store.get("meta"));
  await opened(store.put(old, "meta"));
  database.close();
  const heir = open({ types });
  const [first] = (await ended(heir, id)).result as string[];
  const [second] = await keysOf(heir, "new");
  const nameOf = (key: string) => key.split(":")[0];
  expect(nameOf(first!)).toMatch(/^[0-9a-f]{32}$/);
  expect(nameOf(second!)).toBe(nameOf(first!));
});
