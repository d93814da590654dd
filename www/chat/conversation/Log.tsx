import type { Message } from "jobgate/agents";
import { useCallback, useRef } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { type Conversation, edit, editOf, isBusy, keepEdit, send, type Talk, useTalk } from "../conversations.ts";
import { useModel } from "../model/chosen.ts";
import { suggestions } from "../model/script.ts";
import { focusComposer } from "./Composer.tsx";
import { End } from "./End.tsx";
import { Failures } from "./Failures.tsx";
import { Answer, Reasoning } from "./Message.tsx";
import { Prompt } from "./Prompt.tsx";
import { useStickToEnd } from "./stick-to-end.ts";
import { ToolUse } from "./ToolUse.tsx";

/**
 * What was said. The region is not live: each word would be read out. What is worth it is announced, when an answer has
 * arrived, failed, or asks.
 */
export function Log({ conversation }: { conversation: Conversation }) {
  const talk = useTalk(conversation);
  const { messages, queued } = talk;
  // Not a new one each time: prompts are drawn once.
  const latest = useRef({ conversation, talk });
  latest.current = { conversation, talk };
  const editAt = useCallback(
    (at: number, text: string) => edit(latest.current.conversation, latest.current.talk, at, text),
    [],
  );
  const keepAt = useCallback(
    (at: number, text: string | undefined) => keepEdit(latest.current.conversation, at, text),
    [],
  );
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const { away, toEnd } = useStickToEnd(scroller, content);
  return (
    <div class="log-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard. */}
      <div class="log" role="log" aria-live="off" aria-label="What was said" tabIndex={0} ref={scroller}>
        <div class="log-content" ref={content}>
          {messages.length === 0 && queued.length === 0 && <Beginning conversation={conversation} talk={talk} />}
          {messages.map((_, at) => (
            <Said
              key={at}
              messages={messages}
              at={at}
              talk={talk}
              edits={conversation.edits}
              onType={keepAt}
              onEdit={editAt}
            />
          ))}
          <Failures conversation={conversation} />
          {messages.length > 0 && <End conversation={conversation} />}
          {queued.length > 0 && (
            <ol class="waiting" aria-label="Waiting for their turn">
              {queued.map((prompt, at) => (
                <li key={at}>{prompt}</li>
              ))}
            </ol>
          )}
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

interface SaidProps {
  messages: readonly Message[];
  at: number;
  talk: Talk;
  edits: Conversation["edits"];
  onType(at: number, text: string | undefined): void;
  onEdit(at: number, text: string): void;
}

function Said({ messages, at, talk, edits, onType, onEdit }: SaidProps) {
  const message = messages[at];
  const busy = isBusy(talk);
  if (message?.role === "user") {
    const text = message.content;
    return <Prompt {...{ text, at, busy, edited: editOf(edits, at, text), onType, onEdit }} />;
  }
  if (message?.role !== "assistant") return null;
  const results = resultsAfter(messages, at);
  const whole = !busy || at < messages.length - 1;
  return (
    <>
      {message.reasoning !== undefined && (
        <Reasoning text={message.reasoning} whole={whole || message.content !== ""} />
      )}
      {message.content !== "" && <Answer text={message.content} whole={whole} />}
      {message.toolCalls?.map((call, index) => {
        const result = results[index];
        const asked = result === undefined && talk.asked?.id === call.id ? talk : undefined;
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

function Beginning({ conversation, talk }: { conversation: Conversation; talk: Talk }) {
  const { kind } = useModel();
  if (kind === "server") return <p class="muted">Nothing said yet.</p>;
  const say = (prompt: string) => {
    send(conversation, talk, prompt);
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
