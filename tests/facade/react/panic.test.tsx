import * as jobgate from "jobgate-panic";
import { useJob, useJobs } from "jobgate-panic/react";
import { Component, type ReactNode } from "react";
import { expect, it, vi } from "vitest";
import { does, type Mounted, mount } from "./support/render.js";

const { __panic: panic, JobManager } = jobgate as typeof jobgate & { __panic(): void };

class Boundary extends Component<{ children: ReactNode }> {
  override state = { error: undefined as undefined | { code: string } };
  static getDerivedStateFromError = (error: unknown) => ({ error });
  override render() {
    return this.state.error === undefined ? this.props.children : `error ${this.state.error.code}`;
  }
}

const manager = new JobManager<string, number>({ concurrency: 1 });
const never = () => new Promise<never>(() => {});

function Watcher({ name }: { name: string }) {
  const { status, error } = useJob(manager, name);
  return `${status} ${(error as { code?: string } | undefined)?.code}`;
}

function List() {
  return `${useJobs(manager).jobs.length}`;
}

const pages = {
  running: <Watcher name="running" />,
  pending: <Watcher name="pending" />,
  free: <Watcher name="free" />,
};

async function mountAll(elements: Record<string, ReactNode>): Promise<Mounted[]> {
  const mounted: Mounted[] = [];
  for (const element of Object.values(elements)) mounted.push(await mount(<Boundary>{element}</Boundary>));
  return mounted;
}

it("a panic inside wasm is shown: live jobs have failed, free keys stay idle, later components throw", async () => {
  // What React and the engine report of it is no fault of this test.
  vi.spyOn(console, "error").mockImplementation(() => {});
  window.addEventListener("error", (event) => event.preventDefault());
  manager.runJob("running", never);
  manager.runJob("pending", never);
  const mounted = await mountAll(pages);
  const texts = () => mounted.map(({ text }) => text);
  expect(texts()).toEqual(["running undefined", "pending undefined", "idle undefined"]);
  await does(() => expect(panic).toThrow());
  expect(texts()).toEqual(["failed E_ENGINE", "failed E_ENGINE", "idle undefined"]);

  const later = await mountAll({ ...pages, list: <List /> });
  expect(later.map(({ text }) => text)).toEqual(Array(4).fill("error E_ENGINE"));
});
