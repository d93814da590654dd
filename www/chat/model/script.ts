import { type Message, type ModelProvider, type ModelResponseChunk, scriptedProvider } from "jobgate/agents";
import { paragraph } from "./tools.ts";

type Reply = string | readonly ModelResponseChunk[];

/** What was asked, and what the tools have answered since. */
interface Turn {
  readonly prompt: string;
  readonly results: readonly string[];
}

interface Scene {
  /** What to say to see it. */
  readonly prompt: string;
  readonly matches: RegExp;
  reply(turn: Turn): Reply;
}

const WORD_MS = 28;

const introduction = `I am a **script** in this page, so that it works without a model. What carries me is real:

| what you see | what it is |
|---|---|
| a conversation | a worker of one \`Session\` |
| an answer that arrives | a job under the worker's id |
| Stop | a job asked to end, and waited for |
| a tool that asks first | the job waiting for your word |

1. Ask me something in one conversation, open another, and ask there too.
2. Stop me in mid-sentence: what has arrived stays.
3. Give the page a real model, under *Model*.

\`\`\`ts
const worker = session.createWorker({ name: "Ada" });
const { job } = session.run(worker, { prompt }, host);
job.cancel("enough");
\`\`\``;

const counts: Record<string, number> = { once: 1, twice: 2, "three times": 3 };

let calls = 0;
const call = (name: string, args: object): Reply => [
  { type: "tool_call", call: { id: `call_${++calls}`, name, arguments: args } },
];

const DENIED = /denied/;

const scenes: readonly Scene[] = [
  { prompt: "Introduce yourself", matches: /introduce yourself|who are you/i, reply: () => introduction },
  {
    prompt: "Lorem ipsum please, twice",
    matches: /lorem ipsum/i,
    reply({ prompt, results }) {
      const [word = "once"] = /once|twice|three times/i.exec(prompt) ?? [];
      if (results.length < (counts[word.toLowerCase()] ?? 1)) return call("lorem_ipsum", { paragraphs: 1 });
      const written = results.filter((result) => !DENIED.test(result));
      const denied = results.length - written.length;
      const note = denied === 0 ? "" : `You said no to ${denied === 1 ? "one call" : `${denied} calls`}. `;
      if (written.length === 0) return `${note}Nothing was written, then.`;
      return `${note}Here it is:\n\n${written.map((text) => `> ${text}`).join("\n\n")}`;
    },
  },
  {
    prompt: "What time is it?",
    matches: /what time/i,
    reply: ({ results }) => (results.length === 0 ? call("current_time", {}) : `It is ${results.at(-1)}.`),
  },
  {
    prompt: "A long answer, please",
    matches: /long answer/i,
    reply: () =>
      Array.from({ length: 200 }, (_, at) => ({
        type: "text",
        text: `## Part ${at + 1}\n\n${paragraph(at)} **${at + 1}** of 200.\n\n- ${paragraph(at + 1)}\n\n`,
      })),
  },
  {
    prompt: "Think first, please",
    matches: /think first/i,
    reply: () => [
      ..."They want to see thought. I have none, so I say what one would look like. "
        .split(/(?<= )/)
        .map((text) => ({ type: "reasoning", text }) as const),
      ..."I have **thought** about it, as far as a script can."
        .split(/(?<= )/)
        .map((text) => ({ type: "text", text }) as const),
    ],
  },
  { prompt: "Fail once, please", matches: /fail once/i, reply: () => "This time it went well." },
];

export const suggestions: readonly string[] = scenes.map(({ prompt }) => prompt);

const otherwise = `I am only a script. I know these:\n\n${suggestions.map((prompt) => `- ${prompt}`).join("\n")}`;

function lastTurn(messages: readonly Message[]): Turn {
  const at = messages.findLastIndex(({ role }) => role === "user");
  const results = messages.slice(at + 1).filter(({ role }) => role === "tool");
  return { prompt: messages[at]?.content ?? "", results: results.map(({ content }) => content) };
}

let failNext = true;

/** Answers to what the last prompt asks for. The words are fixed; the jobs, the stream and the tools are not. */
export const script: ModelProvider = {
  name: "script",
  async request(request, context) {
    const turn = lastTurn(request.messages);
    const scene = scenes.find(({ matches }) => matches.test(turn.prompt));
    const play = (reply: Reply, chunkDelay = WORD_MS) =>
      scriptedProvider({ replies: [reply], chunkDelay }).request(request, context);
    if (!scene) return play(otherwise);
    if (scene.prompt.startsWith("Fail")) {
      failNext = !failNext;
      if (!failNext) {
        await play("This begins well, but then the line");
        throw new Error("The script broke off, as it was asked to");
      }
    }
    const reply = scene.reply(turn);
    return play(reply, typeof reply === "string" ? WORD_MS : 8);
  },
};
