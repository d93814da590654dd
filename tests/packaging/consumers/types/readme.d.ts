// What the README's code takes for granted: its first lines, and the app around them.

declare const jobs: import("jobgate").JobManager<string, number>;
declare const report: (context: import("jobgate").JobContext<number>) => Promise<string>;
declare const job: ReturnType<typeof jobs.runJob>["job"];
declare const bar: { update(percent: number, message: string): void };
declare const toast: (text: string) => void;
declare const file: File;
declare const text: string;
declare const put: (text: string) => Promise<void>;
declare const urls: readonly string[];
declare const pixels: Uint8ClampedArray<ArrayBuffer>;
declare const show: (text: string) => Promise<void>;
declare const askUser: (tool: string, signal: AbortSignal) => Promise<boolean>;
declare const stopButton: HTMLButtonElement;

declare module "*.wasm?url" {
  const url: string;
  export default url;
}
