import type { Message } from "jobgate/agents";
import { useRef } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { type Conversation, send, useMessages } from "../conversations.ts";
import { useModel } from "../model/chosen.ts";
import { suggestions } from "../model/script.ts";
import { focusComposer } from "./Composer.tsx";
import { End } from "./End.tsx";
import { Answer, Prompt } from "./Message.tsx";
import { useStickToEnd } from "./stick-to-end.ts";
import { ToolUse } from "./ToolUse.tsx";

/**
 * What was said. The region is not live: each word would be read out. What is worth it is announced, when an answer has
 * arrived, failed, or asks.
 */
export function Log({ conversation }: { conversation: Conversation }) {
  const messages = useMessages(conversation.worker);
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const { away, toEnd } = useStickToEnd(scroller, content);
  return (
    <div class="log-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard. */}
      <div class="log" role="log" aria-live="off" aria-label="What was said" tabIndex={0} ref={scroller}>
        <div class="log-content" ref={content}>
          {messages.length === 0 && <Beginning id={conversation.id} />}
          {messages.map((_, at) => (
            <Said key={at} messages={messages} at={at} conversation={conversation} />
          ))}
          {messages.length > 0 && <End conversation={conversation} />}
        </div>
      </div>
      {away && (
        <div class="to-end">
          <Button onClick={toEnd}>To the newest</Button>
        </div>
      )}
    </div>
  );
}

function Said(props: { messages: readonly Message[]; at: number; conversation: Conversation }) {
  const { messages, at } = props;
  const { busy, question } = props.conversation;
  const message = messages[at];
  if (message?.role === "user") return <Prompt text={message.content} />;
  if (message?.role !== "assistant") return null;
  const results = resultsAfter(messages, at);
  return (
    <>
      {message.content !== "" && <Answer text={message.content} whole={!busy || at < messages.length - 1} />}
      {message.toolCalls?.map((call, index) => {
        const result = results[index];
        const asked = result === undefined && question?.call.id === call.id ? question : undefined;
        return <ToolUse key={index} call={call} result={result} question={asked} busy={busy} />;
      })}
    </>
  );
}

/** Those of the answer at that place, in the order of its calls. */
function resultsAfter(messages: readonly Message[], at: number): string[] {
  const end = messages.findIndex(({ role }, index) => index > at && role !== "tool");
  return messages.slice(at + 1, end === -1 ? undefined : end).map(({ content }) => content);
}

function Beginning({ id }: { id: number }) {
  const { kind } = useModel();
  if (kind === "server") return <p class="muted">Nothing said yet.</p>;
  const say = (prompt: string) => {
    send(id, prompt);
    focusComposer();
  };
  return (
    <div class="beginning">
      <p class="muted">A script answers until you name a model. It knows these:</p>
      <div class="buttons">
        {suggestions.map((prompt) => (
          <Button key={prompt} onClick={() => say(prompt)}>
            {prompt}
          </Button>
        ))}
      </div>
    </div>
  );
}
