import { speed } from "virtual:readme";
import chart from "../../tests/bench/chart.svg?url";
import { Panel } from "../shared/components.tsx";

const slowest = Math.max(...speed.rows.map(({ times }) => times));

/** Each library's time as a multiple of jobgate's, from the last whole run of the bench. */
export function Speed() {
  return (
    <Panel
      title="10,000 jobs and their results"
      aside={<span class="muted small">{speed.version}, shorter is faster</span>}
    >
      <dl class="speed">
        {speed.rows.map(({ name, times }) => (
          <div key={name} data-own={name === "jobgate"}>
            <dt>{name}</dt>
            <dd>
              <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
                <rect width={(times / slowest) * 100} height="1" />
              </svg>
              {times >= 10 ? Math.round(times) : Number(times.toPrecision(2))} ×
            </dd>
          </div>
        ))}
      </dl>
      <p class="small">
        <span class="muted">What is faster has no keys, states or certain stops.</span> <a href={chart}>All cases</a>
      </p>
    </Panel>
  );
}
