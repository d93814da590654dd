import { Panel } from "../../shared/components.tsx";
import { RunsIn } from "../RunsIn.tsx";
import { useDashboard } from "../store.ts";

/** Which kind of job to make. */
export function TypeList(props: { chosen: string | undefined; onChoose: (name: string) => void }) {
  const types = useDashboard(({ place }) => place.types);
  return (
    <Panel title="Job types" class="types-panel">
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
            <RunsIn type={type.name} />
            <span class="type-text">{type.description}</span>
          </label>
        ))}
      </fieldset>
    </Panel>
  );
}
