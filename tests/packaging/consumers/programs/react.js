import { JobManager } from "jobgate";
import { useJob } from "jobgate/react";
import { createElement, useEffect } from "react";
import { createRoot } from "react-dom/client";

const manager = new JobManager();

function Answer({ onShown }) {
  const { status, result, run } = useJob(manager, "answer");
  useEffect(() => void run(async () => 42), [run]);
  useEffect(() => {
    if (status === "completed") onShown(`shown as ${status} ${result}`);
  }, [status, result, onShown]);
  return null;
}

async function run() {
  const root = createRoot(document.createElement("div"));
  const outcome = await new Promise((onShown) => root.render(createElement(Answer, { onShown })));
  root.unmount();
  return outcome;
}

export const outcome = run();
