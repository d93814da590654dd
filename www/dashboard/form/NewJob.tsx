import type { ParamError } from "jobgate";
import type { TypeDescription } from "jobgate/runner";
import { type Dispatch, type StateUpdater, useEffect, useRef, useState } from "preact/hooks";
import { announce } from "../../shared/announce.tsx";
import { Button, NumberInput, Panel } from "../../shared/components.tsx";
import { count } from "../../shared/format.ts";
import { PriorityRow, RetriesRow, type RunWishes, TimeoutRow } from "../../shared/run-options.tsx";
import { selectJob } from "../route.ts";
import { createJobs, faultsOf as faultsIn, MOST_COPIES, useDashboard, useLive } from "../store.ts";
import { refusalOf } from "../words.ts";
import { ParamField } from "./ParamField.tsx";
import { firstRaw, legible, paramOf, paramsOf, type Raw, type RawParams } from "./params.ts";

interface Extras extends RunWishes {
  /** The fields are shown. */
  readonly open: boolean;
  readonly copies: number | undefined;
  readonly delay: number | undefined;
}

const firstExtras: Extras = {
  open: false,
  priority: "user-visible",
  copies: undefined,
  retries: 3,
  delay: undefined,
  timeout: undefined,
};

const PAUSE_MS = 600;

/** What was typed stays, of every type, whatever the runner says to it. */
const typed = new Map<string, RawParams>();

export function NewJob({ typeName }: { typeName: string | undefined }) {
  const types = useDashboard(({ place }) => place.types);
  const type = types.find(({ name }) => name === typeName);
  const options = useState(firstExtras);
  return (
    <Panel title="New job" class="form-panel">
      {type ? (
        <Form key={type.name} type={type} options={options} />
      ) : (
        <p class="muted small">Choose a job type first.</p>
      )}
    </Panel>
  );
}

interface FormProps {
  readonly type: TypeDescription;
  /** Of jobs of any type: they stay when another is chosen. */
  readonly options: readonly [Extras, Dispatch<StateUpdater<Extras>>];
}

function Form({ type, options: [extras, setExtras] }: FormProps) {
  const { params: specs, name } = type;
  const [raw, setRaw] = useState<RawParams>(() => typed.get(name) ?? {});
  const [refusal, setRefusal] = useState<string>();
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const live = useLive();
  const params = paramsOf(specs, raw);
  const faults = faultsIn(name, params);
  const shown = new Map(specs.map((spec) => [spec.name, touched.has(spec.name) ? faultsOf(faults, spec.name) : []]));
  useAnnouncedFaults(shown);

  const change = (param: string, value: Raw) => {
    const next = { ...raw, [param]: value };
    typed.set(name, legible(next));
    setRaw(next);
    setTouched(new Set(touched).add(param));
    setRefusal(undefined);
  };
  const refuse = (text: string) => {
    setRefusal(text);
    announce(text);
  };
  const submit = async () => {
    setTouched(new Set(specs.map((spec) => spec.name)));
    setBusy(true);
    try {
      if (faults.length > 0) {
        setRefusal(undefined);
        focusFirst(form.current, faults);
        return;
      }
      const bad = form.current?.querySelector<HTMLInputElement>("details :invalid");
      if (bad) {
        refuse(`${bad.labels?.[0]?.textContent} must be ${boundsIn(bad)}`);
        bad.closest("details")!.open = true;
        bad.focus();
        return;
      }
      const copies = Array.from({ length: extras.copies ?? 1 }, () => params);
      const ids = await createJobs(name, copies, optionsOf(extras));
      setRefusal(undefined);
      setTouched(new Set());
      announce(ids.length === 1 ? `Job ${ids[0]} is in the queue` : `${count(ids.length)} jobs are in the queue`);
      if (ids[0] !== undefined && ids.length === 1) selectJob(ids[0]);
    } catch (error) {
      refuse(refusalOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      ref={form}
      class="stack"
      noValidate
      aria-label={`New job of type ${name}`}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {specs.map((spec) => (
        <ParamField
          key={spec.name}
          spec={spec}
          raw={raw[spec.name] ?? firstRaw(spec)}
          faults={shown.get(spec.name) ?? []}
          onChange={(value) => change(spec.name, value)}
        />
      ))}
      <MoreOptions extras={extras} onChange={setExtras} />
      <Button submit primary disabled={busy || !live}>
        {extras.copies !== undefined && Number.isInteger(extras.copies) && extras.copies > 1
          ? `Start ${count(extras.copies)} jobs`
          : "Start job"}
      </Button>
      {refusal !== undefined && (
        <p class="notice" data-tone="bad" data-testid="refusal">
          {refusal}
        </p>
      )}
    </form>
  );
}

function MoreOptions({ extras, onChange }: { extras: Extras; onChange: Dispatch<StateUpdater<Extras>> }) {
  const change = (changed: Partial<Extras>) => onChange((before) => ({ ...before, ...changed }));
  return (
    <details open={extras.open} onToggle={({ currentTarget: { open } }) => open !== extras.open && change({ open })}>
      <summary>More options</summary>
      <div class="options">
        <PriorityRow wishes={extras} onChange={change} />
        <NumberInput
          label="Copies"
          hint="1 to 1,000 jobs alike."
          min={1}
          max={MOST_COPIES}
          whole
          value={extras.copies}
          onChange={(copies) => change({ copies })}
        />
        <RetriesRow wishes={extras} onChange={change} bounded />
        <NumberInput
          label="Delay, ms"
          hint="Before it may start."
          min={0}
          value={extras.delay}
          onChange={(delay) => change({ delay })}
        />
        <TimeoutRow wishes={extras} onChange={change} bounded />
      </div>
    </details>
  );
}

function optionsOf({ priority, retries, delay, timeout }: Extras) {
  return {
    priority,
    ...(retries !== undefined && { retry: retries }),
    ...(delay !== undefined && { delay }),
    ...(timeout !== undefined && { timeout }),
  };
}

/** What a field takes, in words. */
function boundsIn({ min, max, step }: HTMLInputElement): string {
  const kind = step === "1" ? "a whole number" : "a number";
  return max === "" ? `${kind}, ${min} or more` : `${kind} from ${min} to ${count(Number(max))}`;
}

/** Says what is wrong, once typing has paused: while it goes on, everything is wrong for a moment. */
function useAnnouncedFaults(shown: ReadonlyMap<string, readonly string[]>): void {
  const text = [...shown].flatMap(([param, faults]) => faults.map((fault) => `${param}: ${fault}`)).join(". ");
  useEffect(() => {
    if (text === "") return;
    const timer = setTimeout(() => announce(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
}

const faultsOf = (faults: readonly ParamError[], param: string): readonly string[] =>
  faults
    .filter((fault) => paramOf(fault.param) === param)
    .map(({ param: where, message }) => (where === param ? message : `${where} ${message}`));

function focusFirst(form: HTMLFormElement | null, errors: readonly ParamError[]): void {
  const first = errors[0] && form?.elements.namedItem(paramOf(errors[0].param));
  if (first instanceof HTMLElement) first.focus();
}
