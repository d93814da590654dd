import { useState } from "preact/hooks";
import { announce } from "../shared/announce.tsx";
import { Button, Field, NumberInput, Panel, Select, type Tone } from "../shared/components.tsx";
import { errorText } from "../shared/format.ts";
import { PriorityRow, RetriesRow, TimeoutRow } from "../shared/run-options.tsx";
import { start, type Wish, workNames } from "./start.ts";

const firstWish: Wish = {
  key: "report",
  work: "download",
  rate: "2000000",
  primeLimit: "2000000000",
  onDuplicate: "join",
  priority: "user-visible",
  retries: 3,
  retryDelay: 500,
  timeout: undefined,
  tidyUp: 600,
};

const works = (["download", "primes", "flaky"] as const).map((work) => [work, workNames[work]] as const);

const rates = [
  ["500000", "0.5 MB a second"],
  ["2000000", "2 MB a second"],
  ["8000000", "8 MB a second"],
  ["", "as fast as it goes"],
] as const;

const primeLimits = [
  ["10000000", "10 million"],
  ["500000000", "500 million"],
  ["2000000000", "2,000 million"],
] as const;

const duplicates = [
  ["join", "join: answer “already running”"],
  ["replace", "replace: stop the one that stands"],
  ["queue", "queue: wait for the one that stands"],
  ["reject", "reject: throw an error"],
] as const;

interface Answer {
  readonly tone: Tone;
  readonly code: string;
  readonly text: string;
}

function ask(wish: Wish): Answer {
  try {
    const { type, job } = start(wish);
    return type === "JOB_CREATED"
      ? { tone: "good", code: type, text: `${job.id} has the key “${wish.key}”` }
      : { tone: "warn", code: type, text: `already running: ${job.id} has the key “${wish.key}”` };
  } catch (error) {
    return { tone: "bad", code: "Refused", text: errorText(error) };
  }
}

export function StartForm() {
  const [wish, setWish] = useState(firstWish);
  const [answer, setAnswer] = useState<Answer>();
  const change = (changed: Partial<Wish>) => setWish((before) => ({ ...before, ...changed }));
  const submit = (event: Event) => {
    event.preventDefault();
    const given = ask(wish);
    setAnswer(given);
    announce(`${given.code}: ${given.text}`);
  };
  return (
    <Panel title="Start a job">
      <form class="stack" noValidate onSubmit={submit}>
        <Field label="Key" hint="Any text. One key runs at most once.">
          {(control) => (
            <input
              {...control}
              type="text"
              required
              autoComplete="off"
              spellcheck={false}
              value={wish.key}
              onInput={(event) => change({ key: event.currentTarget.value })}
            />
          )}
        </Field>
        <Select label="What to run" value={wish.work} options={works} onChange={(work) => change({ work })} />
        {wish.work === "download" && (
          <Select label="Speed" value={wish.rate} options={rates} onChange={(rate) => change({ rate })} />
        )}
        {wish.work === "primes" && (
          <Select
            label="Up to"
            value={wish.primeLimit}
            options={primeLimits}
            onChange={(primeLimit) => change({ primeLimit })}
          />
        )}
        <Select
          label="If the key is taken"
          value={wish.onDuplicate}
          options={duplicates}
          onChange={(onDuplicate) => change({ onDuplicate })}
        />
        <details>
          <summary>More options</summary>
          <div class="options">
            <PriorityRow wishes={wish} onChange={change} />
            <RetriesRow wishes={wish} onChange={change} />
            <NumberInput
              label="Retry delay, ms"
              hint="Doubles each time."
              value={wish.retryDelay}
              onChange={(retryDelay) => change({ retryDelay })}
            />
            <TimeoutRow wishes={wish} onChange={change} />
            <NumberInput
              label="Tidy up, ms"
              hint="What the body needs to end when asked to."
              value={wish.tidyUp}
              onChange={(tidyUp) => change({ tidyUp })}
            />
          </div>
        </details>
        <Button submit primary>
          Start
        </Button>
      </form>
      {answer && (
        <p class="notice" data-tone={answer.tone} data-testid="answer">
          <strong class="mono">{answer.code}</strong> {answer.text}
        </p>
      )}
    </Panel>
  );
}
