import { useEffect, useState } from "preact/hooks";
import { announce } from "../../shared/announce.tsx";
import { Button, Panel } from "../../shared/components.tsx";
import { count } from "../../shared/format.ts";
import { isDemo } from "../address.ts";
import { createJobs, useDashboard, useLive, useQueue } from "../store.ts";
import { uploadOptions } from "../upload.ts";
import { refusalOf } from "../words.ts";
import { deliveriesOf, nextNames } from "./deliveries.ts";
import "./trial.css";

const UPLOADS = 10;
const FREEZE_MS = 25_000;
const FREEZE_IN_MS = 1000;

/** What a visitor can do to lose a job, wherever it runs. */
export function Trial() {
  const name = useDashboard(({ place }) => place.name);
  if (name === "page") return null;
  if (name === "server") return <ServerTrial />;
  return isDemo ? <TabTrial /> : null;
}

function ServerTrial() {
  return (
    <Panel title="Try to lose a job" class="trial-panel">
      <p class="muted small">
        Jobs belong to the server, not to a tab. Start some, then close every tab, or end the process of a worker that
        runs one: <code>kill -9</code> and the number at the end of its name. After five seconds another worker goes on
        with it, as its next attempt.
      </p>
    </Panel>
  );
}

/** What can be done to a tab, and what the demo's server has of it. */
function TabTrial() {
  const live = useLive();
  const [refusal, setRefusal] = useState("");
  const [freezing, setFreezing] = useState(false);
  const start = async () => {
    try {
      const uploads = nextNames(UPLOADS).map((name) => ({ name }));
      await createJobs("upload", uploads, uploadOptions);
      setRefusal("");
      announce(`${UPLOADS} jobs are in the queue`);
    } catch (error) {
      setRefusal(refusalOf(error));
      announce(refusalOf(error));
    }
  };
  const freeze = () => {
    setFreezing(true);
    announce("This tab freezes for 25 seconds");
    setTimeout(() => {
      const until = Date.now() + FREEZE_MS;
      while (Date.now() < until);
      setFreezing(false);
    }, FREEZE_IN_MS);
  };
  return (
    <Panel title="Try to lose a job" class="trial-panel">
      <p class="muted small">
        Jobs belong to this address, not to a tab. Start ten uploads, then close this tab, reload it, open a second one,
        switch your connection off, or crash it: Chrome crashes at <code>chrome://crash</code> in the address bar,
        Firefox at <code>about:crashcontent</code>. Whichever tab lives goes on, or the next visit does.
      </p>
      <div class="buttons">
        <Button primary onClick={() => void start()} disabled={!live}>
          Start ten uploads
        </Button>
        <a class="button" href="/dashboard.html" target="_blank" rel="noopener">
          Open a second tab
        </a>
        <Button onClick={freeze} disabled={freezing}>
          {freezing ? "Frozen…" : "Freeze this tab for 25 seconds"}
        </Button>
      </div>
      <p class="muted small">
        A frozen tab answers nobody, as if it had crashed: after 15 seconds of silence another tab takes over what it
        ran, and what it still says when it wakes is refused.
      </p>
      {refusal !== "" && (
        <p class="notice" data-tone="bad">
          {refusal}
        </p>
      )}
      <ServerLog />
    </Panel>
  );
}

/** What has arrived, in the server's own words: asked whenever another upload has ended. */
function ServerLog() {
  const { jobs } = useQueue();
  const online = useDashboard(({ online }) => online);
  const ended = jobs.filter(({ type, status }) => type === "upload" && status === "completed").length;
  const [log, setLog] = useState<Awaited<ReturnType<typeof deliveriesOf>>>([]);
  useEffect(() => {
    if (!online) return;
    let wanted = true;
    deliveriesOf().then(
      (found) => wanted && setLog(found),
      () => {}, // the server is away: asked again after the next upload
    );
    return () => {
      wanted = false;
    };
  }, [ended, online]);
  const names = new Set(log.map(({ name }) => name));
  return (
    <div class="server-log">
      <p aria-live="polite" data-testid="server-log" data-files={names.size} data-lines={log.length}>
        {log.length === 0
          ? "The server has nothing of yours yet."
          : `The server's log: ${names.size} of your files, ${log.length === names.size ? "each once" : "some more than once"}.`}
      </p>
      {log.length > 0 && (
        <details>
          <summary>Line by line</summary>
          <ol class="small">
            {log.map(({ name, bytes, requests }, at) => (
              <li key={at}>
                {name}: {count(bytes)} bytes in {requests} {requests === 1 ? "part" : "parts"}
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}
