import { useEffect } from "preact/hooks";
import { Badge, Button } from "../shared/components.tsx";
import { focusComposer } from "./conversation/Composer.tsx";
import { type Conversation, isBusy, open, say, select, useChat, useTalk } from "./conversations.ts";
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
  const talk = useTalk(conversation);
  const { text, tone, worth } = statusOf(conversation, talk);
  const { asked } = talk;
  // Here, since all conversations are in the list, whichever is looked at.
  useEffect(() => {
    if (asked)
      say(conversation.id, `The model asks to use ${asked.name}. Approve or deny it, above the message field.`);
  }, [asked, conversation.id]);
  return (
    <button
      type="button"
      class="entry"
      aria-current={current ? "true" : undefined}
      onClick={() => select(conversation.id)}
    >
      <span class="entry-title">{conversation.title}</span>
      {worth && <Badge tone={tone}>{text}</Badge>}
      {!isBusy(talk) && conversation.draft.trim() !== "" && !current && <span class="muted small">draft</span>}
    </button>
  );
}
