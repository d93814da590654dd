import { onTestFinished } from "vitest";

/** This process's warnings from here on, while the test runs. */
export function hearWarnings(): readonly string[] {
  const heard: string[] = [];
  const listen = (warning: Error) => heard.push(`${warning}`);
  process.on("warning", listen);
  onTestFinished(() => void process.off("warning", listen));
  return heard;
}
