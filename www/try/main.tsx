import { render } from "preact";
import { Layout } from "../shared/Layout.tsx";
import "./try.css";
import { ByHand } from "./ByHand.tsx";
import { EventLog } from "./EventLog.tsx";
import { FrameMeter } from "./FrameMeter.tsx";
import { JobList } from "./JobList.tsx";
import { ManagerPanel } from "./ManagerPanel.tsx";
import { StartForm } from "./StartForm.tsx";

function Page() {
  return (
    <Layout page="/try.html">
      <div>
        <h1>Start a job. Watch it. Stop it for certain.</h1>
        <p class="lead">
          A job has a key and is started at most once. Start one here, start it again while it runs, stop it half-way
          and see the stop barrier open when its body has really ended.
        </p>
      </div>
      <div class="try-grid">
        <StartForm />
        <div class="try-jobs">
          <JobList />
          <EventLog />
        </div>
        <ManagerPanel />
        <FrameMeter />
      </div>
      <ByHand />
    </Layout>
  );
}

const root = document.getElementById("app");
if (root) render(<Page />, root);
