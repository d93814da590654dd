import { useState } from "preact/hooks";
import { Button } from "../../shared/components.tsx";
import { errorText } from "../../shared/format.ts";
import { visit } from "../ids.ts";
import { get } from "../per-host.ts";

/** Hosts of this visit's own, so that nobody else's requests are counted with them. */
const hosts = [`pictures-${visit}.example`, `texts-${visit}.example`];
const addresses = hosts.flatMap((host) => [1, 2, 3, 4, 5].map((file) => `https://${host}/${file}`));

export function PerHost() {
  const [lines, setLines] = useState<readonly string[]>([]);
  const [asking, setAsking] = useState(false);
  const ask = async (address: string) => {
    const line = await get(address).result.catch((error) => `${address}: ${errorText(error)}`);
    setLines((before) => [...before, line]);
  };
  const start = async () => {
    setLines([]);
    setAsking(true);
    await Promise.all(addresses.map(ask));
    setAsking(false);
  };
  return (
    <>
      <div class="buttons">
        <Button primary onClick={() => void start()} disabled={asking}>
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
