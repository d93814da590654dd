import { render } from "preact";
import { Code } from "../shared/Code.tsx";
import { Panel } from "../shared/components.tsx";
import { Layout } from "../shared/Layout.tsx";
import "./recipes.css";
import { recipes } from "./recipes.ts";

const anchor = (file: string) => file.replace(".ts", "");

function Page() {
  return (
    <Layout page="/recipes.html">
      <div>
        <h1>Recipes</h1>
        <p class="lead">Each runs here, against this page's own server. The code beside it is the file that runs.</p>
      </div>
      <nav aria-label="Recipes">
        <ul class="contents">
          {recipes.map(({ file, title }) => (
            <li key={file}>
              <a href={`#${anchor(file)}`}>{title}</a>
            </li>
          ))}
        </ul>
      </nav>
      {recipes.map(({ file, title, what, code, Demo }) => (
        <div key={file} id={anchor(file)} class="recipe" data-testid={`recipe-${anchor(file)}`}>
          <Panel title={title} aside={<code>{file}</code>}>
            <div class="recipe-parts">
              <div class="recipe-demo">
                <p class="muted">{what}</p>
                <Demo />
              </div>
              <Code source={code} label={`Source of ${file}`} />
            </div>
          </Panel>
        </div>
      ))}
    </Layout>
  );
}

const root = document.getElementById("app");
if (root) render(<Page />, root);
