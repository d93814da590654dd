import { Badge, Panel } from "../../shared/components.tsx";
import type { ListedType } from "../host/protocol.ts";
import { useDashboard } from "../store.ts";

/** Which kind of job to make. */
export function TypeList(props: { chosen: string | undefined; onChoose: (name: string) => void }) {
  const types = useDashboard(({ types }) => types);
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
              <RunsInMark type={type} />
              <span class="type-text">{type.description}</span>
            </label>
          ))}
        </fieldset>
      )}
    </Panel>
  );
}

function RunsInMark({ type }: { type: ListedType }) {
  const kind = useDashboard(({ hostKind }) => hostKind);
  if (type.runsIn === "worker") return <Badge tone="active">pool worker</Badge>;
  return <span class="runs-in">{kind}</span>;
}
