import { Panel } from "../shared/components.tsx";
import { AdoptedJob } from "./AdoptedJob.tsx";
import { GateByHand, SubjectByHand } from "./PrimitivesByHand.tsx";

export function ByHand() {
  return (
    <Panel title="subject and gate by hand">
      <div class="by-hand">
        <div>
          <SubjectByHand />
          <GateByHand />
        </div>
        <AdoptedJob />
      </div>
    </Panel>
  );
}
