import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { expect, it, onTestFinished, vi } from "vitest";
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
