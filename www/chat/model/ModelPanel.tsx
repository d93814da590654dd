import { useState } from "preact/hooks";
import { announce } from "../../shared/announce.tsx";
import { Button, Field, Panel } from "../../shared/components.tsx";
import { chooseScript, chooseServer, type Server, type ServerFaults, useModel } from "./chosen.ts";

/** The demo's own server repeats what it is told: enough to see a real stream. */
const firstServer: Server = { baseUrl: "/v1", model: "parrot", apiKey: "" };

/** Who answers: the script, or a server that the visitor names. What was typed stays while the page is open. */
export function ModelPanel() {
  const model = useModel();
  const [kind, setKind] = useState(model.kind);
  const choose = (wanted: typeof kind) => {
    setKind(wanted);
    if (wanted !== "script") return;
    chooseScript();
    announce("The built-in script answers");
  };
  return (
    <Panel title="Model" class="model">
      <fieldset class="choice">
        <legend class="visually-hidden">Who answers</legend>
        {(
          [
            ["script", "Built-in script"],
            ["server", "OpenAI-compatible server"],
          ] as const
        ).map(([value, text]) => (
          <label key={value}>
            <input type="radio" name="model" checked={kind === value} onChange={() => choose(value)} />
            {text}
          </label>
        ))}
      </fieldset>
      <ServerForm hidden={kind !== "server"} />
    </Panel>
  );
}

function ServerForm({ hidden }: { hidden: boolean }) {
  const [typed, setTyped] = useState(firstServer);
  const [faults, setFaults] = useState<ServerFaults>({});
  const model = useModel();
  const submit = (form: HTMLFormElement) => {
    const found = chooseServer(typed) ?? {};
    setFaults(found);
    const [name] = Object.keys(found);
    if (name === undefined) return announce("The server is taken: the next answers come from it");
    form.querySelector<HTMLElement>(`[data-field="${name}"]`)?.focus();
  };
  const input = (field: keyof Server, label: string) => (
    <Field label={label} fault={faults[field] ?? ""}>
      {(control) => (
        <input
          {...control}
          data-field={field}
          {...(field === "apiKey" ? { type: "password" as const } : {})}
          value={typed[field]}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setTyped({ ...typed, [field]: currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <form
      class="server"
      hidden={hidden}
      noValidate
      aria-label="Server"
      onSubmit={(event) => {
        event.preventDefault();
        submit(event.currentTarget);
      }}
    >
      {input("baseUrl", "Base URL")}
      {input("model", "Model")}
      {input("apiKey", "API key, if it wants one")}
      <p class="field-hint">
        The key stays in this page's memory: it is in no storage and no address, goes to that server alone, and a reload
        forgets it. The server has to allow this page's origin (CORS).
      </p>
      <Button submit primary>
        Use this server
      </Button>
      {model.kind === "server" && (
        <p class="notice" data-tone="good" data-testid="server">
          In use: {model.text}
        </p>
      )}
    </form>
  );
}
