import { useEffect, useReducer, useState } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { newId } from "../ids.ts";
import { importContacts, leave } from "../wizard.ts";

type Place = "outside" | "importing" | "leaving";

const words: Record<Place, string> = {
  outside: "Not in the wizard.",
  importing: "In the wizard, importing: ",
  leaving: "Leaving: waiting for the import to take back what it sent…",
};

export function Wizard() {
  const [place, setPlace] = useState<Place>("outside");
  const [draft, setDraft] = useState("");
  const [job, setJob] = useState<ReturnType<typeof importContacts>>();
  const [, redraw] = useReducer((drawn: number) => drawn + 1, 0);
  useEffect(() => job?.onProgress(() => redraw(undefined)), [job]);
  const enter = () => {
    const id = newId("draft");
    setDraft(id);
    setPlace("importing");
    setJob(importContacts(id));
  };
  const goAway = async () => {
    setPlace("leaving");
    await leave();
    setPlace("outside");
  };
  return (
    <>
      <div class="buttons">
        <Button primary onClick={enter} disabled={place !== "outside"}>
          Enter and import
        </Button>
        <Button onClick={() => void goAway()} disabled={place !== "importing"}>
          Leave the wizard
        </Button>
      </div>
      <p data-testid="wizard" data-place={place} data-draft={draft} aria-live="polite">
        {words[place]}
        {place === "importing" && job?.progress.message}
      </p>
    </>
  );
}
