import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

export type Tone = "calm" | "active" | "good" | "bad" | "warn";

export function Panel(props: {
  title: string;
  aside?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}) {
  const heading = useId();
  return (
    <section class={`panel ${props.class ?? ""}`} aria-labelledby={heading}>
      <div class="panel-head">
        <h2 id={heading}>{props.title}</h2>
        {props.aside}
      </div>
      {props.children}
    </section>
  );
}

/** A disabled button keeps the focus it has: it says that it is disabled, and does nothing. */
export function Button(props: {
  onClick?: () => void;
  submit?: boolean;
  primary?: boolean;
  disabled?: boolean;
  label?: string;
  children: ComponentChildren;
}) {
  return (
    <button
      type={props.submit ? "submit" : "button"}
      class={props.primary ? "button primary" : "button"}
      aria-disabled={props.disabled ? "true" : undefined}
      aria-label={props.label}
      onClick={props.disabled ? (event) => event.preventDefault() : props.onClick}
    >
      {props.children}
    </button>
  );
}

interface ControlProps {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean | undefined;
}

/**
 * A label, its control, and what assistive technology reads with the control: a line of help, and what is wrong with what
 * stands in it, which is empty as long as nothing is.
 */
export function Field(props: {
  label: ComponentChildren;
  hint?: string | undefined;
  fault?: string;
  /** A job's param: by its name it is found. */
  param?: string;
  /** The control is a tick box. */
  tick?: boolean;
  children: (control: ControlProps) => ComponentChildren;
}) {
  const { label, hint, fault, param, tick, children } = props;
  const id = useId();
  const described = [hint && `${id}-hint`, fault !== undefined && `${id}-fault`].filter((part) => part);
  const control = {
    id,
    "aria-describedby": described.join(" ") || undefined,
    "aria-invalid": fault === undefined ? undefined : fault !== "",
  };
  return (
    <div class={tick ? "field tick" : "field"} data-param={param}>
      <label for={id}>{label}</label>
      {children(control)}
      {hint && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault !== undefined && (
        <p class="field-fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  );
}

export function Select<Value extends string>(props: {
  label: string;
  hint?: string;
  value: Value;
  options: readonly (readonly [Value, string])[];
  onChange: (value: Value) => void;
}) {
  return (
    <Field label={props.label} hint={props.hint}>
      {(control) => (
        <select
          {...control}
          value={props.value}
          onChange={(event) => props.onChange(event.currentTarget.value as Value)}
        >
          {props.options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/**
 * A number, or nothing: an empty field is undefined, and a text that is no number is NaN, which nobody takes for one.
 * What is out of bounds is left to whoever takes the number; bounds that are given here make the field `:invalid`.
 */
export function NumberInput(props: {
  label: string;
  hint?: string;
  value: number | undefined;
  min?: number;
  max?: number;
  whole?: boolean;
  onChange: (value: number | undefined) => void;
}) {
  /** What its text was last taken for. As long as that stands the text is left alone: on the way to 2.5 "2." is 2. */
  const taken = useRef<{ readonly number: number | undefined }>(undefined);
  const isTyped = taken.current !== undefined && Object.is(taken.current.number, props.value);
  useEffect(() => {
    // What was no number stood in another field, and has gone with it.
    if (Number.isNaN(props.value)) props.onChange(undefined);
  }, []);
  return (
    <Field label={props.label} hint={props.hint}>
      {(control) => (
        <input
          {...control}
          type="number"
          min={props.min}
          max={props.max}
          step={props.whole ? 1 : "any"}
          value={isTyped ? undefined : (props.value ?? "")}
          onInput={({ currentTarget: { value, validity, valueAsNumber } }) => {
            const number = value === "" && !validity.badInput ? undefined : valueAsNumber;
            taken.current = { number };
            props.onChange(number);
          }}
        />
      )}
    </Field>
  );
}

export function Badge(props: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class="badge" data-tone={props.tone}>
      {props.children}
    </span>
  );
}

export function ProgressBar(props: { label: string; percent: number; tone: Tone }) {
  return <progress class="progress" aria-label={props.label} value={props.percent} max={100} data-tone={props.tone} />;
}
