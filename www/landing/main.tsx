import { firstCode, guides, sizes } from "virtual:readme";
import { render } from "preact";
import { Code } from "../shared/Code.tsx";
import { Panel } from "../shared/components.tsx";
import { Layout, pages } from "../shared/Layout.tsx";
import { LiveJob } from "./LiveJob.tsx";
import "./landing.css";
import { Speed } from "./Speed.tsx";

/** Where each stands on the page of recipes, and its title there. */
const recipes = [
  ["search", "Search as you type"],
  ["save-once", "Save once"],
  ["autosave", "Save as you type"],
  ["upload", "Upload with retry, and wait while offline"],
  ["lasting-upload", "Upload that survives the tab"],
  ["import", "Import in steps"],
  ["poll", "Poll with backoff"],
  ["per-host", "Limit per host"],
  ["undo", "Undo by cancelling"],
  ["wizard", "A wizard that is left cleanly"],
  ["checksum", "Read a large file in a worker"],
  ["rest", "REST in the page"],
  ["answer", "A stream that outlives its page"],
] as const;

/** The five things people do, each in one line. */
const verbs = [
  ["Start once", "Called from every component that needs the work; one job runs under a key, and all are given it."],
  ["Watch", "State, progress, status and the end, from any component, however late it comes."],
  ["Stop", "The promise of stop() resolves when the work has really ended: until then it keeps its key and its slot."],
  ["Retry", "With backoff, jitter, a timeout for each attempt, and errors that are not worth another."],
  ["Limit", "So many at once, so many of a group, so many in a time, and the urgent first."],
] as const;

function Page() {
  return (
    <Layout page="/">
      <div>
        <h1>The job manager for web apps</h1>
        <p class="lead">
          Any async work of a page becomes a <strong>job</strong> with a key: it is started at most once, watched from
          any component, stopped for certain, and told apart when it ended well, was cancelled or failed. The rules are
          a Rust engine in WebAssembly; what you import is typed TypeScript, with nothing to initialise.
        </p>
      </div>
      <div class="landing-grid">
        <div class="landing-side">
          <Panel title="The first lines" aside={<code>npm install jobgate</code>}>
            <Code source={firstCode} label="The first lines of code" />
          </Panel>
          <LiveJob />
          <Speed />
        </div>
        <div class="landing-side">
          <Panel title="See it work">
            <ul class="demos">
              {pages.slice(1).map(({ href, text, what }) => (
                <li key={href}>
                  <a href={href}>{text}</a>
                  <p class="muted small">{what}</p>
                </li>
              ))}
            </ul>
          </Panel>
          <Panel title="What an app ships" aside={<span class="muted small">minified, gzip</span>}>
            <dl class="sizes">
              {sizes.map(({ entry, size, what }) => (
                <div key={entry}>
                  <dt>
                    <code>{entry}</code>
                  </dt>
                  <dd>{size}</dd>
                  <dd class="muted small">{what}</dd>
                </div>
              ))}
            </dl>
          </Panel>
        </div>
      </div>
      <Panel title="Recipes" aside={<span class="muted small">code that runs beside its text</span>}>
        <ul class="recipe-links links">
          {recipes.map(([anchor, title]) => (
            <li key={anchor}>
              <a href={`/recipes.html#${anchor}`}>{title}</a>
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title="Guides" aside={<a href="/docs/index.html">All documentation</a>}>
        <ul class="guide-links links">
          {guides.map(({ title, href }) => (
            <li key={href}>
              <a href={href}>{title}</a>
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title="The five things people do">
        <dl class="verbs">
          {verbs.map(([verb, what]) => (
            <div key={verb}>
              <dt>{verb}</dt>
              <dd class="muted">{what}</dd>
            </div>
          ))}
        </dl>
      </Panel>
    </Layout>
  );
}

const root = document.getElementById("app");
if (root) render(<Page />, root);
