import { Panel } from "../../shared/components.tsx";
import { RunsIn, useRunsIn } from "../RunsIn.tsx";
import { useDashboard } from "../store.ts";

/** Which kind of job to make. */
export function TypeList(props: { chosen: string | undefined; onChoose: (name: string) => void }) {
  const types = useDashboard(({ types }) => types);
  const runsIn = useRunsIn();
  return (
    <Panel title="Job types" class="types-panel">
      {types.length === 0 ? (
        <p class="muted small">Waiting for the runner…</p>
      ) : (
        <fieldset class="types">
          <legend class="visually-hidden">Job type</legend>
          {types.map((type) => (
            <label key={type.name} class="type">
              <input
                type="radio"
                name="job-type"
                value={type.name}
                checked={type.name === props.chosen}
                onChange={() => props.onChoose(type.name)}
              />
              <span class="type-name">{type.name}</span>
              <RunsIn where={runsIn(type.name)} />
              <span class="type-text">{type.description}</span>
            </label>
          ))}
        </fieldset>
      )}
    </Panel>
  );
}
