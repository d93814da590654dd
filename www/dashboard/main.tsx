import { render } from "preact";
import { useCallback, useRef, useState } from "preact/hooks";
import { Layout } from "../shared/Layout.tsx";
import "./dashboard.css";
import "./queue/queue.css";
import "./details/details.css";
import "./timeline/timeline.css";
import { useAnnouncedEnds } from "./announce-ends.ts";
import { Details } from "./details/Details.tsx";
import { NewJob } from "./form/NewJob.tsx";
import { TypeList } from "./form/TypeList.tsx";
import { Overview } from "./Overview.tsx";
import { type OpenedBy, Queue } from "./queue/Queue.tsx";
import { Timeline } from "./timeline/Timeline.tsx";
import { Trial } from "./trial/Trial.tsx";

/** The panels stand one below the other: what was chosen may be out of sight. */
const STACKED = "(max-width: 60rem)";

function Page() {
  const [typeName, setTypeName] = useState<string | undefined>("countdown");
  const heading = useRef<HTMLHeadingElement>(null);
  const show = useCallback((by: OpenedBy) => {
    if (by === "keyboard") heading.current?.focus();
    else if (matchMedia(STACKED).matches) heading.current?.scrollIntoView({ block: "start" });
  }, []);
  return (
    <Layout page="/dashboard.html" wide>
      <Announcer />
      <Overview />
      <Trial />
      <Timeline onOpen={show} />
      <div class="board">
        <div class="board-side">
          <TypeList chosen={typeName} onChoose={setTypeName} />
          <NewJob typeName={typeName} />
        </div>
        <Queue onOpen={show} />
        <Details heading={heading} onLeave={() => document.querySelector<HTMLElement>("[role=grid]")?.focus()} />
      </div>
    </Layout>
  );
}

function Announcer() {
  useAnnouncedEnds();
  return null;
}

const root = document.getElementById("app");
if (root) render(<Page />, root);
