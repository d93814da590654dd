import type { Completion } from "jobgate";
import { type AgentWorker, type Message, Session, type ToolCall, type WorkerState } from "jobgate/agents";
import { useSyncExternalStore } from "preact/compat";
import { announce } from "../shared/announce.tsx";
import { errorText } from "../shared/format.ts";
import { oncePerFrame } from "../shared/once-per-frame.ts";
import { chosen } from "./model/chosen.ts";
import { tools } from "./model/tools.ts";

/** A tool that waits for the visitor's word. */
export interface Question {
  readonly call: ToolCall;
  answer(word: "approve" | "deny"): void;
}

/** What a page shows of a worker, besides its messages. */
export interface Conversation {
  readonly id: number;
  readonly worker: AgentWorker;
  readonly title: string;
  readonly state: WorkerState;
  /** A job runs. It may be in its last moments, with the worker at rest already. */
  readonly busy: boolean;
  readonly stopping: boolean;
  readonly question: Question | undefined;
  /** How the last job ended. */
  readonly end: Completion<unknown> | undefined;
  /** It ended while another conversation was looked at. */
  readonly unread: boolean;
  /** What is typed and not sent. */
  readonly draft: string;
}

interface Chat {
  readonly conversations: readonly Conversation[];
  readonly selected: number;
}

const LONGEST_TITLE = 40;
const LONGEST_ANNOUNCED = 400;

// One for the page, outside of all components: what it does goes on, whoever watches.
const session = new Session({ providers: [chosen], tools });

let ids = 0;
const first = fresh();
let chat: Chat = { conversations: [first], selected: first.id };
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of [...listeners]) listener();
}

/** Answers arrive faster than anybody sees. */
const tellSoon = oncePerFrame(tell);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A component that reads a part draws again only when that part is another one. */
export const useChat = <Part>(select: (chat: Chat) => Part): Part =>
  useSyncExternalStore(subscribe, () => select(chat));

export const useSelected = (): Conversation => useChat(selectedOf);

/** Once a frame at most while an answer arrives. */
export const useMessages = (worker: AgentWorker): readonly Message[] =>
  useSyncExternalStore(subscribe, () => worker.messages);

const selectedOf = ({ conversations, selected }: Chat): Conversation =>
  conversations.find(({ id }) => id === selected) ?? first;

const find = (id: number): Conversation | undefined => chat.conversations.find((one) => one.id === id);

function fresh(): Conversation {
  const id = ++ids;
  const title = `Conversation ${id}`;
  return {
    id,
    worker: session.createWorker({ name: title }),
    title,
    state: "inactive",
    busy: false,
    stopping: false,
    question: undefined,
    end: undefined,
    unread: false,
    draft: "",
  };
}

function change(id: number, part: Partial<Conversation>): void {
  chat = { ...chat, conversations: chat.conversations.map((one) => (one.id === id ? { ...one, ...part } : one)) };
  tell();
}

export function open(): void {
  const conversation = fresh();
  chat = { conversations: [...chat.conversations, conversation], selected: conversation.id };
  tell();
}

export function select(id: number): void {
  chat = { ...chat, selected: id };
  change(id, { unread: false });
}

/** Its job is stopped; what it said is gone. There is always a conversation. */
export function remove(id: number): void {
  const at = chat.conversations.findIndex((one) => one.id === id);
  const gone = chat.conversations[at];
  if (!gone) return;
  const left = chat.conversations.filter((one) => one !== gone);
  if (left.length === 0) left.push(fresh());
  const selected = chat.selected === id ? (left[Math.min(at, left.length - 1)]?.id ?? id) : chat.selected;
  chat = { conversations: left, selected };
  tell();
  void session.removeWorker(gone.worker.id);
}

export const draft = (id: number, text: string): void => change(id, { draft: text });

/** What is typed stays typed unless it was taken. */
export function send(id: number, prompt: string): void {
  const conversation = find(id);
  if (!conversation || prompt.trim() === "") return;
  if (conversation.busy) {
    announce("The last answer is still arriving. What you typed is kept.");
    return;
  }
  const untitled = !conversation.worker.messages.some(({ role }) => role === "user");
  if (run(id, prompt)) change(id, { draft: "", ...(untitled && { title: titleOf(prompt) }) });
}

/** The last prompt once more, in place of what came of it: after a failure, or for another answer. */
export function again(id: number): void {
  const conversation = find(id);
  const messages = conversation?.worker.messages ?? [];
  const at = messages.findLastIndex(({ role }) => role === "user");
  const prompt = messages[at];
  if (!conversation || conversation.busy || !prompt) return;
  const { worker, title } = conversation;
  change(id, { worker: session.createWorker({ name: title, messages: messages.slice(0, at) }) });
  void session.removeWorker(worker.id);
  run(id, prompt.content);
}

export function stop(id: number): void {
  const conversation = find(id);
  if (!conversation?.busy || conversation.stopping) return;
  change(id, { stopping: true });
  jobOf(conversation)?.cancel("stopped by the visitor");
}

const jobOf = ({ worker }: Conversation) => session.jobs.find((job) => job.worker === worker);

function run(id: number, prompt: string): boolean {
  const worker = find(id)?.worker;
  if (!worker) return false;
  const host = {
    workerStateChange: (_: string, state: WorkerState) => change(id, { state }),
    responseChunkReceived: tellSoon,
    getToolConfirmation: (_: string, call: ToolCall, signal: AbortSignal) => ask(id, call, signal),
  };
  const { type, job } = session.run(worker, { prompt }, host);
  if (type !== "JOB_CREATED") return false;
  change(id, { busy: true, stopping: false, end: undefined });
  job.continuations.addOrRunNow("conversation", (_, end) => {
    change(id, { busy: false, stopping: false, question: undefined, end, unread: chat.selected !== id });
    sayEnd(id, end);
  });
  return true;
}

function ask(id: number, call: ToolCall, signal: AbortSignal): Promise<"approve" | "deny"> {
  return new Promise((resolve) => {
    const answer = (word: "approve" | "deny") => {
      signal.removeEventListener("abort", withdraw);
      change(id, { question: undefined });
      resolve(word);
    };
    const withdraw = () => answer("deny");
    signal.addEventListener("abort", withdraw, { once: true });
    change(id, { question: { call, answer } });
    say(id, `The model asks to use ${call.name}. Approve or deny it, above the message field.`);
  });
}

/** Once, when there is something to know: not each word that arrives. */
function sayEnd(id: number, end: Completion<unknown>): void {
  if (end.type === "Cancelled") say(id, "Stopped.");
  else if (end.type === "Failed") say(id, `The answer failed. ${errorText(end.error)}`);
  else say(id, `Answer: ${shortened(find(id)?.worker.messages.at(-1)?.content ?? "")}`);
}

const shortened = (answer: string): string =>
  answer.length > LONGEST_ANNOUNCED
    ? `${answer.slice(0, LONGEST_ANNOUNCED)}… The whole answer is in the conversation.`
    : answer;

function say(id: number, line: string): void {
  const conversation = find(id);
  if (conversation) announce(chat.selected === id ? line : `${conversation.title}: ${line}`);
}

function titleOf(prompt: string): string {
  const line = prompt.trim().replace(/\s+/g, " ");
  return line.length > LONGEST_TITLE ? `${line.slice(0, LONGEST_TITLE).trimEnd()}…` : line;
}

addEventListener("beforeunload", (event) => {
  if (chat.conversations.some(({ draft, busy }) => busy || draft.trim() !== "")) event.preventDefault();
});
