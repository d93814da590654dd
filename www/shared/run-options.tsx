// What a visitor may say of a job, wherever one is started: the same rows in every form.

import { NumberInput, Select } from "./components.tsx";

const priorities = [
  ["user-blocking", "user-blocking (100)"],
  ["user-visible", "user-visible (0)"],
  ["background", "background (−100)"],
] as const;

export interface RunWishes {
  readonly priority: (typeof priorities)[number][0];
  readonly retries: number | undefined;
  readonly timeout: number | undefined;
}

interface RowProps {
  readonly wishes: RunWishes;
  readonly onChange: (changed: Partial<RunWishes>) => void;
  /** What is out of bounds makes the field `:invalid`; else it is left to whoever takes the number. */
  readonly bounded?: boolean;
}

export function PriorityRow({ wishes, onChange }: RowProps) {
  return (
    <Select
      label="Priority"
      value={wishes.priority}
      options={priorities}
      onChange={(priority) => onChange({ priority })}
    />
  );
}

export function RetriesRow({ wishes, onChange, bounded }: RowProps) {
  return (
    <NumberInput
      label="Retries"
      hint="After the first attempt."
      {...(bounded && { min: 0, whole: true })}
      value={wishes.retries}
      onChange={(retries) => onChange({ retries })}
    />
  );
}

export function TimeoutRow({ wishes, onChange, bounded }: RowProps) {
  return (
    <NumberInput
      label="Timeout, ms"
      hint="Of one attempt; empty for none."
      {...(bounded && { min: 0 })}
      value={wishes.timeout}
      onChange={(timeout) => onChange({ timeout })}
    />
  );
}
