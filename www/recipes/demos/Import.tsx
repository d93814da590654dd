import { useQueue } from "jobgate/react";
import type { SharedRecord } from "jobgate/shared";
import { useState } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { newId } from "../ids.ts";
import { imports, start, stop } from "../import.ts";
import { Failure } from "./failure.tsx";
import { SharedLine } from "./shared-line.tsx";

export function Import() {
  const [job] = useQueue(imports).jobs as readonly SharedRecord[];
  const [error, setError] = useState<unknown>();
  const told = (done: Promise<unknown>) => void done.then(() => setError(undefined), setError);
  const isActive = job?.status === "pending" || job?.status === "running";
  return (
    <>
      <div class="buttons">
        <Button primary onClick={() => told(start(newId("import")))} disabled={isActive}>
          Import twelve parts
        </Button>
        <Button onClick={() => told(stop())} disabled={!isActive}>
          Stop the import
        </Button>
      </div>
      <p class="muted small">Reload the page on the way: it goes on with the part that it was at.</p>
      <Failure error={error} />
      <div data-testid="imports" data-import={(job?.params as { id: string } | undefined)?.id}>
        {job && <SharedLine name="import" job={job} />}
      </div>
    </>
  );
}
