// The slim entry: the same names, and `init`, which says where the engine is.
import type * as full from "jobgate";
import * as slim from "jobgate/slim";
import type { Is, Same } from "./expect.js";

export type SameNames = [
  Is<Same<Exclude<keyof typeof slim, "init">, keyof typeof full>>,
  Is<Same<typeof slim.JobManager, typeof full.JobManager>>,
  Is<Same<slim.ManagedJob, full.ManagedJob>>,
];

export async function start(module: WebAssembly.Module): Promise<void> {
  await slim.init(new URL("https://example.org/jobgate.wasm"));
  await slim.init("https://example.org/jobgate.wasm");
  await slim.init(module);
  // @ts-expect-error neither an address nor a module
  await slim.init(null);
  const manager: full.JobManager<string, number> = new slim.JobManager<string, number>();
  manager.runJob("a", () => {});
}
