import { useJob } from "jobgate/react";
import { useState } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { answers, ask } from "../answer.ts";
import { newId } from "../ids.ts";
import { JobLine } from "./job-line.tsx";

const chat = newId("chat");

/** Two places of an app; going from one to the other unmounts the first. */
export function Answer() {
  const [place, setPlace] = useState<"chat" | "settings">("chat");
  return (
    <>
      <div class="buttons">
        <Button onClick={() => setPlace("chat")} disabled={place === "chat"}>
          Go to the chat
        </Button>
        <Button onClick={() => setPlace("settings")} disabled={place === "settings"}>
          Go to the settings
        </Button>
      </div>
      {place === "chat" ? <Chat /> : <p data-testid="settings">Settings. The chat is not on the page.</p>}
    </>
  );
}

function Chat() {
  const job = useJob(answers, chat);
  return (
    <>
      <div class="buttons">
        <Button primary onClick={() => void ask(chat, newId("question"))} disabled={job.isActive}>
          Ask
        </Button>
        <Button onClick={() => void job.stop()} disabled={!job.isActive}>
          Stop the answer
        </Button>
      </div>
      <JobLine name="answer" job={job} text="" />
      <p class="streamed" data-testid="streamed">
        {job.state}
      </p>
    </>
  );
}
