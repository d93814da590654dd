import { errorText } from "../../shared/format.ts";

/** What went wrong, if anything did, told at once. */
export function Failure({ error }: { error: unknown }) {
  if (error === undefined) return null;
  return (
    <p class="notice" data-tone="bad" role="alert">
      {errorText(error)}
    </p>
  );
}
