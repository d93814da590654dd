import { useState } from "preact/hooks";
import { Field } from "../../shared/components.tsx";
import { search } from "../search.ts";
import { Failure } from "./failure.tsx";

export function Search() {
  const [found, setFound] = useState<readonly string[]>();
  const [error, setError] = useState<unknown>();
  const show = (found: readonly string[] | undefined, error?: unknown) => {
    setFound(found);
    setError(error);
  };
  return (
    <>
      <Field label="Search HTTP's status codes" hint="For example: not, gone, 50">
        {(control) => (
          <input
            {...control}
            type="search"
            autoComplete="off"
            onInput={({ currentTarget: { value } }) =>
              search(value, (found, error) => show(value === "" ? undefined : found, error))
            }
          />
        )}
      </Field>
      <ul class="lines" data-testid="found" aria-live="polite">
        {found?.map((line) => (
          <li key={line}>{line}</li>
        ))}
        {found?.length === 0 && error === undefined && <li class="muted">Nothing of that name.</li>}
      </ul>
      <Failure error={error} />
    </>
  );
}
