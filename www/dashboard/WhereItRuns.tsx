import { useId } from "preact/hooks";
import { announce } from "../shared/announce.tsx";
import { places, server } from "./address.ts";
import { setPlace, useDashboard } from "./store.ts";
import { placeWords } from "./words.ts";

/** The same types, and the same picture, of the queue that is chosen. */
export function WhereItRuns() {
  const chosen = useDashboard(({ place }) => place.name);
  const hint = useId();
  return (
    <fieldset class="segments places">
      <legend>Jobs run in</legend>
      {places.map((name) => (
        <label key={name}>
          <input
            type="radio"
            name="place"
            value={name}
            checked={name === chosen}
            disabled={name === "server" && server === undefined}
            aria-describedby={name === "server" && server === undefined ? hint : undefined}
            onChange={() => {
              setPlace(name);
              announce(`Jobs run in: ${placeWords[name]}`);
            }}
          />
          <span>{placeWords[name]}</span>
        </label>
      ))}
      {server === undefined && (
        <span class="muted small" id={hint}>
          No server here: <code>examples/server</code> starts one
        </span>
      )}
    </fieldset>
  );
}
