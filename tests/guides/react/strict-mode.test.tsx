import { Component, type ReactNode, Suspense } from "react";
import { expect, it, vi } from "vitest";
import { Report, reports } from "../../.guides/react-strict-mode-and-suspense/report.tsx";
import { ReportText } from "../../.guides/react-strict-mode-and-suspense/suspended.tsx";
import { draw } from "./support.tsx";

it("a job started in an effect is one, though StrictMode runs the effect twice; leaving does not stop it", async () => {
  let resolve: (text: string) => void = () => {};
  const fetchReport = vi.fn((_id: string, _signal: AbortSignal) => new Promise<string>((done) => (resolve = done)));
  const element = draw(<Report id="one" fetchReport={fetchReport} />);
  await expect.poll(() => element.textContent).toBe("running");
  expect(fetchReport).toHaveBeenCalledTimes(1);
  resolve("all is well");
  await expect.poll(() => element.textContent).toBe("all is well");
  expect(fetchReport).toHaveBeenCalledTimes(1);
});

class Boundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};
  static getDerivedStateFromError = (error: Error) => ({ error });
  override render = () => (this.state.error ? this.state.error.message : this.props.children);
}

it("use(job.result) suspends, shows the result, and throws a failure to the error boundary", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {}); // React says what a boundary has caught
  let resolve: (text: string) => void = () => {};
  const fetchReport = vi.fn((_id: string) => new Promise<string>((done) => (resolve = done)));
  const suspended = (id: string, body: (id: string) => Promise<string>) =>
    draw(
      <Boundary>
        <Suspense fallback="loading">
          <ReportText id={id} fetchReport={body} />
        </Suspense>
      </Boundary>,
    );
  const element = suspended("two", fetchReport);
  await expect.poll(() => element.textContent).toBe("loading");
  resolve("there it is");
  await expect.poll(() => element.textContent).toBe("there it is");
  expect(fetchReport).toHaveBeenCalledTimes(1);

  const failing = vi.fn(async (_id: string): Promise<string> => {
    throw new Error("no such report");
  });
  const failed = suspended("three", failing);
  await expect.poll(() => failed.textContent).toBe("no such report");
  expect(failing).toHaveBeenCalledTimes(1);
  expect(reports.forget(reports.getLastJob("three")!.id)).toBe(true);
  expect(reports.getLastJob("three")).toBeUndefined();
  vi.restoreAllMocks();
});
