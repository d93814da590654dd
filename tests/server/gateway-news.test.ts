// News that could come late, and answers that get lost on their way.
import { describe, expect, it, vi } from "vitest";
import { defer } from "../../src/facade/support/defer.ts";
import { openGateway, openPage, type Page, type Site } from "./support/gateways.ts";
import { oneRedis } from "./support/one-redis.ts";
import { byWayOf } from "./support/redis.ts";
import { newJob, openStore, unbounded } from "./support/stores.ts";

const one = oneRedis();

async function gateway(): Promise<Site> {
  const site = await openGateway(one.redis.url);
  one.open.push(site);
  await site.gateway.ready;
  return site;
}
function page(...sites: Site[]): Page {
  const made = openPage("team", sites);
  one.open.push(made);
  return made;
}
const connected = (page: Page) => page.until((snapshot) => snapshot.connected);

describe("a gateway whose clock is an hour ahead of the store's", () => {
  it("hears what happens at another at once", async () => {
    const now = Date.now.bind(Date);
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + 3_600_000);
    const ahead = await gateway().finally(() => clock.mockRestore());
    const here = page(ahead);
    await connected(here);
    const store = await openStore(one.redis.url);
    one.open.push(store);
    await store.create("team", newJob("one"), unbounded);
    await expect.poll(() => here.client.getJob("one")?.status).toBe("pending");
  });
});

describe("a cancel whose answer gets lost", () => {
  it("and which the driver sends again is answered with yes", async () => {
    const twice = byWayOf(one.redis.url, "jgCancel", async (ask) => {
      await ask();
      return ask();
    });
    const site = await openGateway(twice);
    one.open.push(site);
    const queue = site.gateway.queue("team");
    await queue.createJob("held", {}, { id: "a" });
    expect(await queue.cancelJob("a")).toBe(true);
    expect(await queue.cancelJob("a")).toBe(false);
  });

  it("with the page's socket is asked again by the page, and answered with yes", async () => {
    const [done, told] = [defer<void>(), defer<void>()];
    const mute = await openGateway(
      byWayOf(one.redis.url, "jgCancel", async (ask) => {
        const answer = await ask();
        done.resolve();
        await told.promise;
        return answer;
      }),
    );
    one.open.push(mute);
    const here = page(mute, await gateway());
    await connected(here);
    await here.client.createJob("held", {}, { id: "a" });
    const cancelled = here.client.cancelJob("a");
    await done.promise;
    here.sockets.at(-1)!.terminate();
    expect(await cancelled).toBe(true);
    told.resolve();
    // What was not asked before is told how it is.
    expect(await here.client.cancelJob("a")).toBe(false);
  });
});
