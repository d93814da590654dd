import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ModelRecord, ModelServer } from "../../www/server/models.ts";
import { launch, oneBrowser } from "./support/browser.ts";
import { ChatPage, type TypedServer } from "./support/chat-page.ts";
import { startSite } from "./support/site.mjs";

/** A model of somebody else's: another origin, which allows the page's. */
async function startForeign(): Promise<{ server: Server; models: ModelServer; address: string }> {
  const models = new ModelServer();
  const server = createServer((request, response) => {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Allow-Headers", "authorization, content-type");
    if (request.method === "OPTIONS") response.writeHead(204).end();
    else void models.complete(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, models, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` };
}

let site: Awaited<ReturnType<typeof startSite>>;
let foreign: Awaited<ReturnType<typeof startForeign>>;

beforeAll(async () => {
  site = await startSite();
  foreign = await startForeign();
});

afterAll(async () => {
  foreign?.server.closeAllConnections();
  foreign?.server.close();
  await site?.close();
});

describe.each(oneBrowser)("the chat with a server, in %s", (name) => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch(name);
  });

  afterAll(() => browser?.close());

  /** Visits, and holds that the browser had nothing to complain of but refusals of the server. */
  async function visit(server: TypedServer | undefined, look: (chat: ChatPage) => Promise<void>) {
    const chat = await ChatPage.open(browser, site.address, { expected: /\/v1\/chat\/completions/ });
    if (server) await chat.useServer(server);
    await look(chat);
    expect(chat.complaints).toEqual([]);
    expect(await chat.violations()).toEqual([]);
    await chat.close();
  }

  /** What the page's own server saw of that prompt, once the connection is over. */
  async function ended(prompt: string): Promise<ModelRecord> {
    return (await fetch(`${site.address}/model-log?prompt=${encodeURIComponent(prompt)}`)).json();
  }

  const own = (model: string): TypedServer => ({ baseUrl: "/v1", model });

  test("Stop closes the connection: the server saw it; what has arrived stays", () =>
    visit(own("slow"), async (chat) => {
      const prompt = `Are you there, ${name}?`;
      await chat.send(prompt);
      await chat.answer("One moment, I am still");
      await chat.button("Stop").click();
      await chat.status("stopped");
      expect(await ended(prompt)).toMatchObject({ outcome: "closed early", keyed: false });
      await expect.poll(() => chat.answers.last().textContent()).toContain("One moment, I am still");
    }));

  test("a deleted conversation's connection is closed", () =>
    visit(own("slow"), async (chat) => {
      const prompt = `Delete me, ${name}`;
      await chat.send(prompt);
      await chat.answer("One moment, I am still");
      await chat.button(`Delete conversation: ${prompt}`).click();
      expect(await ended(prompt)).toMatchObject({ outcome: "closed early" });
    }));

  test("a tool call that arrives in fragments is one call; its result goes back and is answered", () =>
    visit(own("parrot"), async (chat) => {
      const prompt = `Lorem ipsum, ${name}`;
      await chat.send(prompt);
      await chat.status("asks you");
      await expect.poll(() => chat.tools.first().textContent()).toContain('lorem_ipsum {"paragraphs":1}');
      await chat.button("Approve").click();
      await chat.status("done");
      await chat.tools.first().getByText("What the model was told").click();
      const result = await chat.tools.first().locator("pre").textContent();
      await expect.poll(() => chat.answers.last().textContent()).toContain(result);
      expect(await ended(prompt)).toMatchObject({ outcome: "finished", messages: 3 });
    }));

  test.each([
    ["failing-once", "The model has stumbled", 1],
    ["breaking-once", "the connection ended before the answer did", 1],
  ])("%s: the failure is shown, and Retry gets the answer", (model, message, answers) =>
    visit(own(model), async (chat) => {
      const prompt = `Say this of ${model} to ${name}`;
      await chat.send(prompt);
      await chat.page.getByTestId("failure").getByText(message).waitFor();
      await chat.button("Retry").click();
      await chat.status("done");
      await expect.poll(() => chat.answers.count()).toBe(answers);
      await expect.poll(() => chat.answers.last().textContent()).toBe(prompt);
      await expect.poll(() => chat.prompts.allTextContents()).toEqual([prompt]);
      expect(await ended(prompt)).toMatchObject({ outcome: "finished", messages: 1 });
    }),
  );

  test("a message that failed is not glued to the next: the server sees the next alone", () =>
    visit(own("failing-once"), async (chat) => {
      await chat.send(`Not answered, ${name}`);
      await chat.page.getByTestId("failure").getByText("The model has stumbled").waitFor();
      await chat.useServer(own("parrot"));
      const prompt = `Answered, ${name}`;
      await chat.send(prompt);
      await chat.status("done");
      await expect.poll(() => chat.prompts.allTextContents()).toEqual([prompt]);
      await expect.poll(() => chat.answers.last().textContent()).toBe(prompt);
      expect(await ended(prompt)).toMatchObject({ outcome: "finished", messages: 1 });
    }));

  test("an edit that is open goes with its message, and is not taken for one of what comes in its place", () =>
    visit(own("failing-once"), async (chat) => {
      const prompt = `Edited, ${name}`;
      await chat.send(prompt);
      await chat.page.getByTestId("failure").getByText("The model has stumbled").waitFor();
      await chat.button(`Edit message: ${prompt}`).click();
      const field = chat.page.getByLabel("Edit the message");
      await field.fill("half an edit");
      await chat.useServer(own("parrot"));
      await chat.send("In its place");
      await chat.answer("In its place");
      await chat.status("done");
      await expect.poll(() => field.count()).toBe(0);
      await expect.poll(() => chat.prompts.allTextContents()).toEqual(["In its place"]);
    }));

  test("the key is sent to the server and is nowhere else; a wrong one is corrected and Retry uses the right one", () =>
    visit({ baseUrl: "/v1", model: "locked", apiKey: "wrong-key-1" }, async (chat) => {
      await chat.send("Open");
      await chat.page.getByTestId("failure").getByText("Incorrect API key provided").waitFor();
      await chat.useServer({ baseUrl: "/v1", model: "locked", apiKey: "open-sesame" });
      await chat.button("Retry").click();
      await chat.answer("Open");
      await chat.status("done");
      const stored = await chat.page.evaluate(async () => {
        const caches_ = "caches" in window ? await caches.keys() : [];
        const databases = await indexedDB.databases();
        return JSON.stringify([
          Object.entries(localStorage),
          Object.entries(sessionStorage),
          document.cookie,
          location.href,
          history.state,
          window.name,
          caches_,
          databases.map(({ name }) => name),
          document.documentElement.outerHTML,
        ]);
      });
      expect(stored).not.toMatch(/open-sesame|wrong-key-1/);
      const before = await chat.page.evaluate(() =>
        performance
          .getEntries()
          .map(({ name }) => name)
          .join(),
      );
      expect(before).not.toMatch(/open-sesame|wrong-key-1/);
      await chat.page.reload();
      await chat.page.getByLabel("OpenAI-compatible server").check();
      await expect.poll(() => chat.page.getByLabel(/^API key/).inputValue()).toBe("");
    }));

  test("a server of another origin whose address the visitor types answers, under the page's policy", () =>
    visit({ baseUrl: foreign.address, model: "locked", apiKey: "open-sesame" }, async (chat) => {
      const prompt = `Hello from ${name}`;
      await chat.send(prompt);
      await chat.answer(prompt);
      await chat.status("done");
      expect(await foreign.models.ended(prompt)).toMatchObject({ outcome: "finished", keyed: true });
    }));

  test("a server that is not there fails with its address, and the prompt is kept for Retry", () =>
    visit({ baseUrl: "http://127.0.0.1:9/v1", model: "none" }, async (chat) => {
      await chat.send("Anybody?");
      await chat.page.getByTestId("failure").getByText("127.0.0.1:9").waitFor();
      await chat.useServer(own("parrot"));
      await chat.button("Retry").click();
      await chat.answer("Anybody?");
      await chat.status("done");
    }));

  test.each([
    [{ baseUrl: "http://example.com/v1", model: "m" }, "must begin with https:"],
    [{ baseUrl: "javascript:alert(1)", model: "m" }, "must be an http or https address"],
    [{ baseUrl: "https://me:secret@example.com/v1", model: "m" }, "must have no name or password"],
    [{ baseUrl: "/v1", model: " " }, "must be the name of a model"],
    [{ baseUrl: "/v1", model: "m", apiKey: "ключ" }, "no header can carry"],
  ])("%o is refused beside its field, and the script stays in use", (server, fault) =>
    visit(undefined, async (chat) => {
      await chat.use(server);
      await chat.page.locator(".field-fault", { hasText: fault }).waitFor();
      const described = await chat.page.evaluate(() => {
        const id = document.activeElement?.getAttribute("aria-describedby");
        return id ? document.getElementById(id)?.textContent : undefined;
      });
      expect(described).toContain(fault);
      await expect.poll(() => chat.page.getByText("Answers come from the built-in script").count()).toBe(1);
    }),
  );

  test("markup in a prompt and in an answer stays text, script links are inert, images are not asked for", () =>
    visit(own("parrot"), async (chat) => {
      const prompt = [
        '<img src=x onerror="document.title=1"> <script>document.title=1</script>',
        "[run](javascript:document.title=1) [data](data:text/html,x) [page](https://example.com/) [mine](/try.html)",
        "![tracked](https://example.com/pixel.png) <https://example.com/auto>",
      ].join("\n\n");
      const asked: string[] = [];
      chat.page.on("request", (request) => asked.push(request.url()));
      await chat.send(prompt);
      await chat.status("done");
      await expect.poll(() => chat.prompts.first().textContent()).toBe(prompt);
      const answer = chat.answers.first();
      await expect.poll(() => answer.textContent()).toContain('<img src=x onerror="document.title=1">');
      await expect.poll(() => answer.textContent()).toContain("[run](javascript:document.title=1)");
      await expect.poll(() => chat.said.locator("img, script, [onerror]").count()).toBe(0);
      const links = await answer.locator("a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
      expect(links).toEqual(["https://example.com/", "https://example.com/pixel.png", "https://example.com/auto"]);
      for (const link of await answer.locator("a").all()) {
        await expect.poll(() => link.getAttribute("rel")).toBe("noopener noreferrer");
      }
      expect(asked.filter((url) => !url.startsWith(site.address))).toEqual([]);
      await expect.poll(() => chat.page.title()).toBe("Chat · jobgate");
    }));
});
