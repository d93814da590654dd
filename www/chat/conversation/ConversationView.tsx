import { Badge, Button } from "../../shared/components.tsx";
import { remove, stop, useSelected, useTalk } from "../conversations.ts";
import { useModel } from "../model/chosen.ts";
import { statusOf } from "../status.ts";
import { Composer, focusComposer } from "./Composer.tsx";
import { Log } from "./Log.tsx";
import { isComposed } from "./MessageField.tsx";

/** The selected conversation: what was said, and what to say next. Leaving it stops nothing. */
export function ConversationView() {
  const conversation = useSelected();
  const { id, title, worker, draft } = conversation;
  const talk = useTalk(conversation);
  const { text, tone } = statusOf(conversation, talk);
  const model = useModel();
  const removeIt = () => {
    const something = worker.messages.length > 0 || draft.trim() !== "";
    if (something && !confirm(`Delete “${title}”, with all that was said in it?`)) return;
    remove(id);
    focusComposer();
  };
  return (
    <section
      class="panel conversation"
      aria-labelledby="conversation-title"
      onKeyDown={(event) => {
        if (event.key === "Escape" && !isComposed(event)) void stop(conversation, talk);
      }}
    >
      <div class="conversation-head">
        <h2 id="conversation-title">{title}</h2>
        <span data-testid="status">
          <Badge tone={tone}>{text}</Badge>
        </span>
        <span class="muted small conversation-model">Answers come from {model.text}</span>
        <Button onClick={removeIt} label={`Delete conversation: ${title}`}>
          Delete
        </Button>
      </div>
      <Log conversation={conversation} />
      <Composer conversation={conversation} />
    </section>
  );
}
