// react-refresh is what bundlers do hot reload with. It has to be there before react-dom.

import { useJob } from "jobgate/react";
import refresh from "react-refresh/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import { newManager } from "../support/manager.js";
import { Work } from "../support/work.js";

let render: typeof import("./support/render.js");
beforeAll(async () => {
  refresh.injectIntoGlobalHook(window);
  render = await import("./support/render.js");
});

/** A module's component, first version or next, as a bundler's plugin registers it. */
function register<Component>(component: Component, id: string, signature: string): Component {
  refresh.register(component, id);
  refresh.setSignature(component, signature);
  return component;
}

describe.each([
  ["keeps its state", "same hooks"],
  ["is mounted anew", "other hooks"],
])("a component that hot reload replaces and that %s", (id, signature) => {
  it("goes on watching its job", async () => {
    const manager = newManager();
    const work = new Work();
    manager.runJob("key", work.factory, { initialState: 1 });
    const First = register(() => `first ${useJob(manager, "key").state}`, id, "same hooks");
    const mounted = await render.mount(<First />);
    expect(mounted.text).toBe("first 1");

    register(() => `second ${useJob(manager, "key").state}`, id, signature);
    await render.does(() => refresh.performReactRefresh());
    expect(mounted.text).toBe("second 1");
    await render.does(() => work.context.setState(2));
    expect(mounted.text).toBe("second 2");
    await mounted.unmount();
  });
});

it("one that keeps its state still shows a job that has ended", async () => {
  const manager = newManager();
  const work = new Work();
  manager.runJob("key", work.factory);
  const First = register(() => `first ${useJob(manager, "key").status}`, "Ended", "same hooks");
  const mounted = await render.mount(<First />);
  await render.does(() => work.resolve());
  register(() => `second ${useJob(manager, "key").status}`, "Ended", "same hooks");
  await render.does(() => refresh.performReactRefresh());
  expect(mounted.text).toBe("second completed");
});
