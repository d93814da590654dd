import { useEffect, useReducer, useState } from "preact/hooks";
import { useAnnounced } from "../../shared/announce.tsx";
import { Button } from "../../shared/components.tsx";
import { newId } from "../ids.ts";
import { importContacts, leave } from "../wizard.ts";
import { Failure } from "./failure.tsx";

type Place = "outside" | "importing" | "imported" | "failed" | "leaving";

const words: Record<Place, string> = {
  outside: "Not in the wizard.",
  importing: "In the wizard, importing…",
  imported: "In the wizard, all is imported.",
  failed: "In the wizard, the import failed.",
  leaving: "Leaving: waiting for the import to take back what it sent…",
};

export function Wizard() {
  const [place, setPlace] = useState<Place>("outside");
  const [draft, setDraft] = useState("");
  const [job, setJob] = useState<ReturnType<typeof importContacts>>();
  const [, redraw] = useReducer((drawn: number) => drawn + 1, 0);
  const [error, setError] = useState<unknown>();
  useEffect(() => job?.onProgress(() => redraw(undefined)), [job]);
  useAnnounced(words[place]);
  const enter = () => {
    const id = newId("draft");
    setDraft(id);
    setPlace("importing");
    setError(undefined);
    const job = importContacts(id);
    setJob(job);
    void job.settled.then((completion) => {
      if (completion.type === "Normal") setPlace("imported");
      if (completion.type !== "Failed") return; // cancelled: it is being left
      setPlace("failed");
      setError(completion.error);
    });
  };
  const goAway = async () => {
    setPlace("leaving");
    await leave();
    setPlace("outside");
    setError(undefined);
  };
  return (
    <>
      <div class="buttons">
        <Button primary onClick={enter} disabled={place !== "outside"}>
          Enter and import
        </Button>
        <Button onClick={() => void goAway()} disabled={place === "outside" || place === "leaving"}>
          Leave the wizard
        </Button>
      </div>
      <p data-testid="wizard" data-place={place} data-draft={draft}>
        {words[place]} {place === "importing" && <span>{job?.progress.message}</span>}
      </p>
      <Failure error={error} />
    </>
  );
}
