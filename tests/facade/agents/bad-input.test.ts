import { openAiCompatible, Session, type SessionOptions, scriptedProvider } from "jobgate/agents";
import { describe, expect, it } from "vitest";
import { Host } from "./support/host.js";
import { HeldProvider, newSession, newTool, newWorker } from "./support/session.js";

const provider = scriptedProvider({ replies: ["hi"] });
const make = (options: object) => () => new Session({ providers: [provider], ...options } as SessionOptions);
const withSchema = (parameters: unknown) => make({ tools: [newTool("add", async () => 0, { parameters })] });

describe("a session refuses", () => {
  it.each<[string, object, RegExp]>([
    ["no providers", { providers: [] }, /providers must have at least one provider/],
    ["providers of one name", { providers: [provider, provider] }, /two providers "scripted"/],
    ["a provider without request", { providers: [{ name: "x" }] }, /providers\[0\]\.request must be a function/],
    ["half a turn", { maxTurns: 1.5 }, /maxTurns must be an integer of at least 1 \(Infinity for no limit\), got 1.5/],
    ["no turns", { maxTurns: 0 }, /maxTurns must be an integer of at least 1 \(Infinity for no limit\), got 0/],
    ["no concurrency", { concurrency: 0 }, /concurrency .*at least 1/],
    ["tools of one name", { tools: [newTool("a", async () => 0), newTool("a", async () => 0)] }, /two tools "a"/],
    ["a tool without run", { tools: [{ ...newTool("a", async () => 0), run: 7 }] }, /tool "a": run must be a function/],
  ])("%s", (_, options, message) => {
    expect(make(options)).toThrow(message);
  });

  it.each<[string, unknown, RegExp]>([
    ["that is no object", "object", /an object/],
    ["of an unknown type", { type: "objekt" }, /#\/type/],
    ["deep inside", { properties: { a: { type: "integer", minimum: "1" } } }, /#\/properties\/a\/minimum/],
    ["with a pattern that is none", { properties: { a: { pattern: "(" } } }, /#\/properties\/a\/pattern/],
    [
      "with a $ref that leads nowhere",
      { properties: { a: { $ref: "#/$defs/b" } } },
      /\$ref "#\/\$defs\/b" leads nowhere/,
    ],
  ])("a schema %s, with the tool's name", (_, schema, message) => {
    expect(withSchema(schema)).toThrow(/^tool "add": parameters must be a valid JSON Schema: /);
    expect(withSchema(schema)).toThrow(message);
  });

  it("a pattern that cannot be used, by its name, wherever it is", () => {
    const bad = { pattern: "(?i)x" };
    for (const [where, schema] of [
      ["#/$defs/b/pattern", { properties: { a: { $ref: "#/$defs/b" } }, $defs: { b: bad } }],
      ["#/prefixItems/0/pattern", { prefixItems: [bad] }],
      ["#/dependentSchemas/a/pattern", { dependentSchemas: { a: bad } }],
      ["#/unevaluatedProperties/pattern", { unevaluatedProperties: bad }],
      ["#/patternProperties", { patternProperties: { "(?i)x": {} } }],
    ] as const) {
      expect(withSchema(schema)).toThrow(/^tool "add": parameters must be a valid JSON Schema: /);
      expect(withSchema(schema)).toThrow(`${where}: "(?i)x" cannot be used: `);
    }
    // Read without Unicode mode they would be mere letters.
    for (const pattern of ["\\A[\\w-.]\\Z", "^[\\p{L}\\w-.]+$", "[\\w-.]\\u{1f600}"]) {
      expect(withSchema({ properties: { a: { pattern } } })).toThrow(/"add".*cannot be used/);
    }
  });

  it.each([
    ["prefixItems", { prefixItems: [{ type: "objekt" }] }],
    ["dependentSchemas", { dependentSchemas: { a: { minLength: "1" } } }],
    ["$defs", { $defs: { a: 7 } }],
  ])("a schema with a fault under %s, where only later drafts look", (name, schema) => {
    expect(withSchema(schema)).toThrow(`#/${name}`);
  });

  it("no schema that is in order", () => {
    const $defs = { b: { type: "integer", pattern: "^a" } };
    for (const schema of [
      { type: "object", properties: { a: { $ref: "#/$defs/b" } }, $defs },
      Object.freeze({ type: "object", properties: Object.freeze({}) }),
      { $schema: "http://json-schema.org/draft-07/schema#", definitions: $defs, anyOf: [{ $ref: "#/definitions/b" }] },
      { $schema: "https://json-schema.org/draft/2020-12/schema", prefixItems: [{ type: "string" }] },
      {},
    ]) {
      expect(withSchema(schema)).not.toThrow();
    }
  });

  it("workers and runs that make no sense, and nothing has changed", () => {
    const session = newSession({ providers: [new HeldProvider()] });
    expect(() => session.createWorker({ name: "x", provider: "y" })).toThrow(/provider must be one of "held", got "y"/);
    expect(() => session.createWorker({} as never)).toThrow(/name must be a string/);
    const worker = session.createWorker({ name: "x" });
    const run = (input: unknown, host: unknown, options?: unknown) => () =>
      session.run(worker, input as never, host as never, options as never);
    expect(run({}, new Host())).toThrow(/prompt must be a string/);
    expect(run({ prompt: "x" }, {})).toThrow(/host.workerStateChange must be a function/);
    expect(run({ prompt: "x" }, new Host(), { timeout: -1 })).toThrow(/timeout/);
    expect(run({ prompt: "x" }, new Host(), { signal: "now" })).toThrow(/signal must be an AbortSignal/);
    expect(run({ prompt: "x" }, new Host(), { onBusy: "wait" })).toThrow(
      /^onBusy must be one of "join", "queue", got "wait"$/,
    );
    expect(() => session.runTask(worker, {} as never)).toThrow(/task.run must be a function/);
    const other = newWorker(new HeldProvider()).worker;
    expect(() => session.run(other, { prompt: "x" }, new Host())).toThrow(/no such worker/);
    expect([session.jobs, worker.messages, worker.state]).toEqual([[], [], "inactive"]);
  });

  it("options that make no sense where the worker is busy, too", () => {
    const { session, worker } = newWorker(new HeldProvider());
    const { job } = session.run(worker, { prompt: "x" }, new Host());
    const again = (options: object) => () => session.run(worker, { prompt: "x" }, new Host(), options);
    expect(again({ timeout: -1 })).toThrow(/^timeout must be/);
    expect(again({ signal: "now" })).toThrow(/signal must be an AbortSignal/);
    expect(session.jobs).toEqual([job]);
    expect(again({ timeout: 1e6 })()).toEqual({ type: "JOB_ALREADY_RUNNING", job });
  });

  it("headers that can't be sent, by their field", () => {
    for (const [name, value] of [
      ["a b", "x"],
      ["X-Title", "line\nbreak"],
    ] as const) {
      const headers = { [name]: value };
      expect(() => openAiCompatible({ baseUrl: "https://models.example/v1", model: "m", headers })).toThrow(
        /^headers has characters that no header can carry$/,
      );
    }
  });

  it("everything once it is closed", async () => {
    const session = newSession({ providers: [provider] });
    const worker = session.createWorker({ name: "x" });
    await session.close();
    const closed = expect.objectContaining({ code: "E_CLOSED" });
    expect(() => session.run(worker, { prompt: "x" }, new Host())).toThrow(closed);
    expect(() => session.createWorker({ name: "y" })).toThrow(closed);
  });

  it("scripts that are none", () => {
    const script = (options: object) => () => scriptedProvider({ replies: ["x"], ...options });
    expect(script({ replies: [] })).toThrow(/at least one reply/);
    expect(script({ replies: [[{ type: "tool_call", call: {} }]] })).toThrow(/replies\[0\]\[0\]\.call\.id/);
    expect(script({ chunkDelay: -1 })).toThrow(/chunkDelay must be from 0/);
    expect(script({ chunkDelay: Number.NaN })).toThrow(/chunkDelay must be from 0/);
  });
});
