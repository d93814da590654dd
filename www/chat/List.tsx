import { Badge, Button } from "../shared/components.tsx";
import { focusComposer } from "./conversation/Composer.tsx";
import { type Conversation, open, select, useChat } from "./conversations.ts";
import { statusOf } from "./status.ts";

/** All conversations, with what each is doing. */
export function List() {
  const conversations = useChat(({ conversations }) => conversations);
  const selected = useChat(({ selected }) => selected);
  const openNew = () => {
    open();
    focusComposer();
  };
  return (
    <nav class="panel conversations" aria-label="Conversations">
      <ul>
        {conversations.map((conversation) => (
          <li key={conversation.id}>
            <Entry conversation={conversation} current={conversation.id === selected} />
          </li>
        ))}
      </ul>
      <Button onClick={openNew}>New conversation</Button>
    </nav>
  );
}

function Entry({ conversation, current }: { conversation: Conversation; current: boolean }) {
  const { text, tone, worth } = statusOf(conversation);
  return (
    <button
      type="button"
      class="entry"
      aria-current={current ? "true" : undefined}
      onClick={() => select(conversation.id)}
    >
      <span class="entry-title">{conversation.title}</span>
      {worth && <Badge tone={tone}>{text}</Badge>}
      {!conversation.busy && conversation.draft.trim() !== "" && !current && <span class="muted small">draft</span>}
    </button>
  );
}
