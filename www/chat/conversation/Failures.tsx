import { Button } from "../../shared/components.tsx";
import { errorText } from "../../shared/format.ts";
import { type Conversation, send, useTalk } from "../conversations.ts";
import { focusComposer } from "./Composer.tsx";

/** Prompts that failed while others waited behind them; the newest failure is told by the end of the conversation. */
export function Failures({ conversation }: { conversation: Conversation }) {
  const talk = useTalk(conversation);
  const earlier = talk.error === undefined ? talk.failures : talk.failures.slice(0, -1);
  const ask = (prompt: string) => {
    send(conversation, talk, prompt);
    focusComposer();
  };
  const dismiss = (prompt: string) => {
    talk.dismiss(prompt);
    focusComposer();
  };
  if (earlier.length === 0) return null;
  return (
    <ul class="failures" aria-label="Questions that failed">
      {earlier.map(({ prompt, error }) => (
        <li key={prompt} class="notice failure" data-tone="bad">
          <p>
            “{prompt}” failed. {errorText(error)}
          </p>
          <span class="buttons">
            <Button onClick={() => ask(prompt)}>Ask again</Button>
            <Button onClick={() => dismiss(prompt)}>Dismiss</Button>
          </span>
        </li>
      ))}
    </ul>
  );
}
