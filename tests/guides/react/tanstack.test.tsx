import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { useTestClock } from "jobgate/testing";
import { expect, it, onTestFinished, vi } from "vitest";
import { comments, pauseOffline, Sent, send } from "../../.guides/from-tanstack-mutations/comments.tsx";
import { refetchSaved, SaveButton } from "../../.guides/from-tanstack-mutations/save-button.tsx";
import { draw } from "./support.tsx";

const article = { id: "1", text: "Hello" };

function Article({ read }: { read: () => Promise<string> }) {
  const { data } = useQuery({ queryKey: ["article", article.id], queryFn: read });
  return <p>{data}</p>;
}

it("two buttons of one article are one save; what was saved is fetched anew; a stop aborts the request", async () => {
  const asked: RequestInit[] = [];
  let answer: () => void = () => {};
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    asked.push(init);
    return new Promise<Response>((resolve, reject) => {
      answer = () => resolve(new Response());
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    });
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  const client = new QueryClient();
  onTestFinished(refetchSaved(client));
  let version = 0;
  const read = async () => `version ${++version}`;
  const element = draw(
    <QueryClientProvider client={client}>
      <Article read={read} />
      <SaveButton article={article} />
      <SaveButton article={article} />
    </QueryClientProvider>,
  );
  const buttons = () => [...element.querySelectorAll("button")];
  const texts = () => buttons().map(({ textContent }) => textContent);
  const shown = () => element.querySelector("p")?.textContent;
  await expect.poll(shown).toBe("version 1");
  for (const button of buttons()) button.click();
  await expect.poll(texts).toEqual(["Stop saving", "Stop saving"]);
  expect(asked.map(({ method, body }) => [method, body])).toEqual([["PUT", "Hello"]]);
  answer();
  await expect.poll(texts).toEqual(["Save", "Save"]);
  await expect.poll(shown).toBe("version 2");

  buttons()[0]?.click();
  await expect.poll(texts).toEqual(["Stop saving", "Stop saving"]);
  buttons()[1]?.click();
  await expect.poll(texts).toEqual(["Save", "Save"]);
  expect(asked[1]?.signal?.reason).toBe("changed their mind");
  expect(shown()).toBe("version 2");
});

it("comments go in order, also past a failure, wait while offline, and one stopped as it waits is taken back", async () => {
  const clock = useTestClock();
  onTestFinished(() => clock.restore());
  const asked: string[] = [];
  const answers: ((status: number) => void)[] = [];
  vi.stubGlobal("fetch", (_: string, { body }: RequestInit) => {
    asked.push(String(body));
    return new Promise<Response>((resolve) => answers.push((status) => resolve(new Response(null, { status }))));
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  pauseOffline();
  const client = new QueryClient();
  const shown = () => client.getQueryData<readonly { text: string }[]>(["comments"])?.map(({ text }) => text);

  dispatchEvent(new Event("offline"));
  const jobs = ["one", "two", "three"].map((text) => send(client, text));
  const element = draw(jobs.map(({ key }) => <Sent key={key.id} draft={key} />));
  const lines = () => [...element.querySelectorAll("p")].map(({ textContent }) => textContent);
  await expect.poll(lines).toEqual(["one: pending Take back", "two: pending Take back", "three: pending Take back"]);
  await expect.poll(shown).toEqual(["one", "two", "three"]);
  expect(asked).toEqual([]);

  dispatchEvent(new Event("online"));
  await expect.poll(() => asked).toEqual(["one"]);
  element.querySelectorAll("button")[1]?.click();
  await expect.poll(shown).toEqual(["one", "three"]);
  answers[0]?.(500);
  const askedAfter = async (time: number) => {
    await clock.advance(time);
    return asked;
  };
  await expect.poll(() => askedAfter(1_000)).toEqual(["one", "one"]);
  answers[1]?.(200);
  await expect.poll(() => asked).toEqual(["one", "one", "three"]);
  answers[2]?.(200);
  await expect.poll(lines).toEqual(["one: completed ", "two: cancelled ", "three: completed "]);
  expect(shown()).toEqual(["one", "three"]);

  const failing = send(client, "four");
  for (let attempt = 0; attempt < 4; attempt += 1) {
    await expect.poll(() => askedAfter(4_000)).toHaveLength(4 + attempt);
    answers.at(-1)?.(503);
  }
  expect(await failing.settled).toMatchObject({ type: "Failed" });
  await expect.poll(shown).toEqual(["one", "three"]);
  expect(comments.jobs().map(({ key }) => key.text)).toEqual(["one", "two", "three", "four"]);
});
