import type { Tool } from "jobgate/agents";

const words =
  "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua".split(
    " ",
  );

function sentence(length: number, seed: number): string {
  const chosen = Array.from({ length }, (_, at) => words[(seed + at * (1 + (seed % 5))) % words.length]);
  const text = chosen.join(" ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

export function paragraph(seed: number): string {
  return [9, 7, 11].map((length, at) => sentence(length, seed * 7 + at * 3)).join(" ");
}

/** Resolves after that time; rejects with the signal's reason once it aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal.addEventListener("abort", abort, { once: true });
  });
}

const MOST_PARAGRAPHS = 5;

/** What a model may have done here. The first asks before it runs, the second does no harm and does not. */
export const tools: readonly Tool[] = [
  {
    name: "lorem_ipsum",
    description: "Writes paragraphs of filler text.",
    parameters: {
      type: "object",
      properties: {
        paragraphs: { type: "integer", minimum: 1, maximum: MOST_PARAGRAPHS, description: "How many." },
      },
      required: ["paragraphs"],
      additionalProperties: false,
    },
    async run({ paragraphs }: { paragraphs: number }, { signal }) {
      const written: string[] = [];
      for (let at = 1; at <= paragraphs; at += 1) {
        await pause(300, signal);
        written.push(paragraph(at));
      }
      return written.join("\n\n");
    },
  },
  {
    name: "current_time",
    description: "Tells the date and time where the visitor is.",
    parameters: { type: "object", properties: {}, additionalProperties: false },
    confirm: false,
    run: async () => new Date().toString(),
  },
];
