import type { ParamSpec } from "jobgate/runner";
import { useId } from "preact/hooks";
import { boundsOf, NOT_A_NUMBER, type Raw } from "./params.ts";

interface FieldProps {
  readonly spec: ParamSpec;
  readonly raw: Raw;
  readonly faults: readonly string[];
  readonly onChange: (raw: Raw) => void;
}

/** The right control for a param, what it may be, and what is wrong with what it is. */
export function ParamField({ spec, raw, faults, onChange }: FieldProps) {
  const id = useId();
  const hint = [spec.description, boundsOf(spec)].filter((text) => text).join(". ");
  const required = spec.required ?? spec.default === undefined;
  const control = {
    id,
    name: spec.name,
    "aria-describedby": `${id}-hint ${id}-fault`,
    "aria-invalid": faults.length > 0,
    "aria-required": required,
  };
  const label = (
    <label for={id}>
      {spec.name}
      {required && <span class="required"> required</span>}
    </label>
  );
  return (
    <div class={spec.type === "boolean" ? "field tick" : "field"} data-param={spec.name}>
      {label}
      <Control spec={spec} raw={raw} control={control} onChange={onChange} />
      <p class="field-hint" id={`${id}-hint`}>
        {hint}
      </p>
      <p class="field-fault" id={`${id}-fault`}>
        {faults.join("; ")}
      </p>
    </div>
  );
}

function Control(props: {
  spec: ParamSpec;
  raw: Raw;
  control: { readonly id: string; readonly name: string };
  onChange: (raw: Raw) => void;
}) {
  const { spec, raw, control, onChange } = props;
  const text = typeof raw === "string" ? raw : "";
  if (spec.enum) {
    return (
      <select {...control} value={text} onChange={(event) => onChange(event.currentTarget.value)}>
        {spec.default === undefined && <option value="">choose…</option>}
        {spec.enum.map((choice) => (
          <option key={String(choice)} value={String(choice)}>
            {String(choice)}
          </option>
        ))}
      </select>
    );
  }
  switch (spec.type) {
    case "boolean":
      return (
        <input
          {...control}
          type="checkbox"
          checked={raw === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "array":
      return (
        <textarea
          {...control}
          rows={3}
          spellcheck={false}
          placeholder={spec.items?.type === "url" ? `${location.origin}/files/answer.txt` : "One a line"}
          value={text}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      );
    case "integer":
    case "number":
      return (
        <input
          {...control}
          type="number"
          min={spec.min}
          max={spec.max}
          step={spec.type === "integer" ? 1 : "any"}
          value={text === NOT_A_NUMBER ? undefined : text}
          onInput={({ currentTarget }) =>
            onChange(currentTarget.validity.badInput ? NOT_A_NUMBER : currentTarget.value)
          }
        />
      );
    default: {
      const field = {
        ...control,
        autoComplete: "off",
        value: text,
        onInput: (event: preact.TargetedInputEvent<HTMLInputElement>) => onChange(event.currentTarget.value),
      };
      return spec.type === "url" ? <input {...field} type="url" /> : <input {...field} type="text" />;
    }
  }
}
