import { JobManager } from "jobgate";

/** The manager belongs to the app, not to a page of it: what unmounts stops nothing. */
export const answers = new JobManager<string, string>({ retain: 10 });

/** Streams a model's answer into the job's state. Whoever comes back to the chat reads on from there. */
export function ask(chat: string, question: string) {
  return answers.runJob(
    chat,
    async ({ signal, setState }) => {
      const response = await fetch(`/files/answer.txt?${new URLSearchParams({ id: question, rate: "80" })}`, {
        signal,
      });
      if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        setState((text) => text + value);
      }
    },
    { initialState: "" },
  ).job;
}
