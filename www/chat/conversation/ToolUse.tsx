import type { ToolCall } from "jobgate/agents";
import { Badge, Button, type Tone } from "../../shared/components.tsx";
import type { Talk } from "../conversations.ts";
import { focusComposer } from "./Composer.tsx";

type Question = Pick<Talk, "approve" | "deny">;

interface Props {
  call: ToolCall;
  result: string | undefined;
  /** While it waits for the visitor's word. */
  question: Question | undefined;
  busy: boolean;
}

/** A tool that the model called: what with, what came of it, and whether it may. */
export function ToolUse({ call, result, question, busy }: Props) {
  const { text, tone } = statusOf(result, question, busy);
  const given = typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments);
  return (
    <section class="tool" data-asks={question ? "" : undefined} aria-label={`Tool ${call.name}`}>
      <div class="tool-head">
        <code>
          {call.name} {given}
        </code>
        <Badge tone={tone}>{text}</Badge>
      </div>
      {question && <Word name={call.name} question={question} />}
      {result !== undefined && (
        <details>
          <summary>What the model was told</summary>
          <pre>{result}</pre>
        </details>
      )}
    </section>
  );
}

function Word({ name, question }: { name: string; question: Question }) {
  const say = (word: "approve" | "deny") => {
    question[word]();
    focusComposer(); // the button that was pressed is gone
  };
  return (
    <fieldset class="word">
      <legend>The model asks to use {name}. May it?</legend>
      <div class="buttons">
        <Button primary onClick={() => say("approve")}>
          Approve
        </Button>
        <Button onClick={() => say("deny")}>Deny</Button>
      </div>
    </fieldset>
  );
}

function statusOf(
  result: string | undefined,
  question: Question | undefined,
  busy: boolean,
): { text: string; tone: Tone } {
  if (result !== undefined) return { text: "answered", tone: "calm" };
  if (question) return { text: "asks you", tone: "warn" };
  return busy ? { text: "called", tone: "active" } : { text: "not run", tone: "calm" };
}
