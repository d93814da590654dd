import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

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
      onClick={props.disabled ? undefined : props.onClick}
    >
      {props.children}
    </button>
  );
}

interface ControlProps {
  id: string;
  "aria-describedby": string | undefined;
}

/** A label, its control, and a line of help that assistive technology reads with the control. */
export function Field(props: { label: string; hint?: string; children: (control: ControlProps) => ComponentChildren }) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.children({ id, "aria-describedby": props.hint ? hintId : undefined })}
      {props.hint && (
        <p class="field-hint" id={hintId}>
          {props.hint}
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
    <Field label={props.label} {...(props.hint ? { hint: props.hint } : {})}>
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

/** A number, or nothing: an empty field is undefined. What is out of bounds is left to whoever takes the number. */
export function NumberInput(props: {
  label: string;
  hint?: string;
  value: number | undefined;
  onChange: (value: number | undefined) => void;
}) {
  return (
    <Field label={props.label} {...(props.hint ? { hint: props.hint } : {})}>
      {(control) => (
        <input
          {...control}
          type="number"
          step="any"
          value={props.value ?? ""}
          onInput={({ currentTarget }) => {
            const number = currentTarget.valueAsNumber;
            props.onChange(Number.isNaN(number) ? undefined : number);
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
