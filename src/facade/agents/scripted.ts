import { LONGEST_TIMEOUT } from "../support/time.js";
import { checkEngine } from "../wasm/engine.js";
import { checkNumber, needFunction } from "../wasm/options.js";
import { checkChunk, freeze, needArray, needObject, needString, wholeLetters } from "./json.js";
import { followed, sleep, untilAborted } from "./signals.js";
import type {
  ModelProvider,
  ModelResponse,
  ModelResponseChunk,
  RequestContext,
  ScriptedOptions,
  ToolCall,
} from "./types.js";
import { orFailure, startAgentsWasm } from "./wasm.js";

/** Answers from a script, chunk by chunk: for demos and tests. */
export function scriptedProvider(options: ScriptedOptions): ModelProvider {
  needObject("options", options);
  const { replies, name = "scripted", chunkDelay } = options;
  needString("name", name);
  needArray("replies", replies);
  if (replies.length === 0) throw new RangeError("replies must have at least one reply");
  const scripts = Array.from(replies, (reply, at) => {
    if (typeof reply === "string") return wordsOf(reply);
    needArray(`replies[${at}]`, reply);
    const whole = { text: wholeLetters(), reasoning: wholeLetters() };
    return Array.from(reply, (given, index): ModelResponseChunk => {
      const chunk = checkChunk(`replies[${at}][${index}]`, given);
      return chunk.type === "tool_call" ? chunk : freeze({ ...chunk, text: whole[chunk.type](chunk.text) });
    });
  });
  const delay = checkNumber("chunkDelay", chunkDelay, 0);
  if (!(delay >= 0 && delay <= LONGEST_TIMEOUT)) {
    throw new RangeError(`chunkDelay must be from 0 to ${LONGEST_TIMEOUT} ms, got ${delay}`);
  }
  startAgentsWasm();
  let turn = 0;
  return Object.freeze<ModelProvider>({
    name,
    // What was said makes no difference to it.
    async request(_, { signal: given, send }) {
      checkEngine();
      needFunction("send", send);
      const { signal, unfollow } = followed(given);
      const script = scripts[turn++ % scripts.length]!;
      try {
        return await orFailure(play(script, delay, { signal, send }));
      } finally {
        unfollow();
      }
    },
  });
}

async function play(
  script: readonly ModelResponseChunk[],
  delay: number,
  { signal, send }: RequestContext,
): Promise<ModelResponse> {
  let content = "";
  const toolCalls: ToolCall[] = [];
  for (const chunk of script) {
    if (delay > 0) await sleep(delay, signal);
    await untilAborted(send(chunk), signal);
    if (chunk.type === "text") content += chunk.text;
    if (chunk.type === "tool_call") toolCalls.push(chunk.call);
  }
  return freeze({ content, toolCalls, stopReason: toolCalls.length > 0 ? "tool_calls" : "stop" });
}

/** A text as chunks of a word each. */
function wordsOf(text: string): readonly ModelResponseChunk[] {
  const words = text.match(/\S*\s|\S+$/g) ?? [];
  const letters = wholeLetters();
  return words.map((word) => freeze({ type: "text", text: letters(word) }));
}
