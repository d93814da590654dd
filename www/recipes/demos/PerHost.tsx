import { useState } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { visit } from "../ids.ts";
import { get } from "../per-host.ts";

/** Hosts of this visit's own, so that nobody else's requests are counted with them. */
const hosts = [`pictures-${visit}.example`, `texts-${visit}.example`];
const addresses = hosts.flatMap((host) => [1, 2, 3, 4, 5].map((file) => `https://${host}/${file}`));

export function PerHost() {
  const [lines, setLines] = useState<readonly string[]>([]);
  const start = () => {
    setLines([]);
    for (const address of addresses) {
      void get(address).settled.then((completion) => {
        if (completion.type === "Normal") setLines((before) => [...before, completion.result]);
      });
    }
  };
  return (
    <>
      <div class="buttons">
        <Button primary onClick={start}>
          Ask two hosts for five files each
        </Button>
      </div>
      <p class="muted small">The demo's server stands for both hosts, and says how many requests it sees at once.</p>
      <ol class="lines" data-testid="answers" aria-live="polite">
        {lines.map((line, at) => (
          <li key={at}>{line}</li>
        ))}
      </ol>
    </>
  );
}
