import type { ParamSpec } from "jobgate/runner";
import { Field } from "../../shared/components.tsx";
import { boundsOf, NOT_A_NUMBER, type Raw } from "./params.ts";

interface FieldProps {
  readonly spec: ParamSpec;
  readonly raw: Raw;
  readonly faults: readonly string[];
  readonly onChange: (raw: Raw) => void;
}

/** The right control for a param, what it may be, and what is wrong with what it is. */
export function ParamField({ spec, raw, faults, onChange }: FieldProps) {
  const hint = [spec.description, boundsOf(spec)].filter((text) => text).join(". ");
  const required = spec.required ?? spec.default === undefined;
  const label = (
    <>
      {spec.name}
      {required && <span class="required"> required</span>}
    </>
  );
  return (
    <Field label={label} hint={hint} fault={faults.join("; ")} param={spec.name} tick={spec.type === "boolean"}>
      {(field) => {
        const control = { ...field, name: spec.name, "aria-required": required };
        return <Control spec={spec} raw={raw} control={control} onChange={onChange} />;
      }}
    </Field>
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
