import { useState } from "preact/hooks";
import { Field } from "../../shared/components.tsx";
import { search } from "../search.ts";

export function Search() {
  const [found, setFound] = useState<readonly string[]>();
  return (
    <>
      <Field label="Search HTTP's status codes" hint="For example: not, gone, 50">
        {(control) => (
          <input
            {...control}
            type="search"
            autoComplete="off"
            onInput={({ currentTarget }) => search(currentTarget.value, setFound)}
          />
        )}
      </Field>
      <ul class="lines" data-testid="found" aria-live="polite">
        {found?.map((line) => (
          <li key={line}>{line}</li>
        ))}
        {found?.length === 0 && <li class="muted">Nothing of that name.</li>}
      </ul>
    </>
  );
}
