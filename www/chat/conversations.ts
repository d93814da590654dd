import { type AgentWorker, Session, type WorkerJob } from "jobgate/agents";
import { type UseConversation, useConversation } from "jobgate/react";
import { useSyncExternalStore } from "preact/compat";
import { announce } from "../shared/announce.tsx";
import { errorText } from "../shared/format.ts";
import { chosen } from "./model/chosen.ts";
import { tools } from "./model/tools.ts";

/** What the page knows of a conversation besides what was said in it. */
export interface Conversation {
  readonly id: number;
  readonly worker: AgentWorker;
  readonly title: string;
  /** Asked to stop, and not at rest yet. */
  readonly stopping: boolean;
  /** How the last answer ended, where it did not fail. */
  readonly end: "none" | "answered" | "stopped";
  /** It ended while another conversation was looked at. */
  readonly unread: boolean;
  /** What is typed and not sent. */
  readonly draft: string;
  /** Messages that are being edited, by their place in what was said. */
  readonly edits: ReadonlyMap<number, Edit>;
}

/** Another message may come to the place of the one that was edited: then it is nobody's. */
interface Edit {
  /** What the message says. */
  readonly of: string;
  /** What is typed in its place and not sent. */
  readonly text: string;
}

interface Chat {
  readonly conversations: readonly Conversation[];
  readonly selected: number;
}

const LONGEST_TITLE = 40;
const LONGEST_ANNOUNCED = 400;

// One for the page, outside of all components: what it does goes on, whoever watches.
const session = new Session({ providers: [chosen], tools });

/** What each job was asked, until it begins. */
const prompts = new WeakMap<WorkerJob, string>();

let ids = 0;
const first = fresh();
let chat: Chat = { conversations: [first], selected: first.id };
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A component that reads a part draws again only when that part is another one. */
export const useChat = <Part>(select: (chat: Chat) => Part): Part =>
  useSyncExternalStore(subscribe, () => select(chat));

export const useSelected = (): Conversation => useChat(selectedOf);

/** What is said, as it streams, and what can be done about it. Each component is drawn for what it reads of it. */
export type Talk = UseConversation;
export const useTalk = ({ worker }: Conversation): Talk => useConversation(session, worker);

export const isBusy = ({ state, queued }: Pick<Talk, "state" | "queued">): boolean =>
  (state !== "inactive" && state !== "failed") || queued.length > 0;

const selectedOf = ({ conversations, selected }: Chat): Conversation =>
  conversations.find(({ id }) => id === selected) ?? first;

/** What a talk tells is as old as the last frame: these are those that have not ended by now. */
const jobsOf = (worker: AgentWorker): readonly WorkerJob[] => session.jobs.filter((job) => job.worker === worker);

const find = (id: number): Conversation | undefined => chat.conversations.find((one) => one.id === id);

function fresh(): Conversation {
  const id = ++ids;
  const title = `Conversation ${id}`;
  const worker = session.createWorker({ name: title });
  worker.onStateChange((state) => {
    if (state === "inactive" || state === "failed") ended(id);
  });
  return { id, worker, title, stopping: false, end: "none", unread: false, draft: "", edits: new Map() };
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

/** While an answer arrives, it waits for its turn. */
export function send({ id, worker }: Conversation, talk: Talk, prompt: string): void {
  if (prompt.trim() === "") return;
  const busy = jobsOf(worker).length > 0;
  const untitled = !busy && !worker.messages.some(({ role }) => role === "user");
  if (busy) announce("The message waits for its turn.");
  talk.send(prompt);
  const job = jobsOf(worker).at(-1);
  if (job) prompts.set(job, prompt);
  change(id, { draft: "", stopping: false, end: "none", ...(untitled && { title: titleOf(prompt) }) });
}

/** The last prompt once more, in place of what came of it: after a failure, or for another answer. */
export function again({ id }: Conversation, { regenerate }: Talk): void {
  regenerate();
  change(id, { end: "none" });
}

/** Another prompt in place of that one, and of all that was said after it. */
export function edit({ id, worker, edits }: Conversation, talk: Talk, index: number, prompt: string): void {
  if (jobsOf(worker).length > 0 || prompt.trim() === "") return;
  talk.edit(index, prompt);
  const before = new Map([...edits].filter(([at]) => at < index));
  change(id, { end: "none", edits: before, ...(index === 0 && { title: titleOf(prompt) }) });
}

/** What is typed in the place of that prompt; undefined: it stays as it was. */
export function keepEdit({ id }: Conversation, index: number, text: string | undefined): void {
  const conversation = find(id);
  const of = conversation?.worker.messages[index]?.content;
  const kept = new Map(conversation?.edits);
  if (text === undefined || of === undefined) kept.delete(index);
  else kept.set(index, { of, text });
  change(id, { edits: kept });
}

/** What is typed in the place of the message that says so now; undefined: it is not edited. */
export function editOf(edits: Conversation["edits"], index: number, content: string): string | undefined {
  const edit = edits.get(index);
  return edit?.of === content ? edit.text : undefined;
}

/** The prompts that wait are typed and not sent again. */
export async function stop({ id, worker }: Conversation, talk: Talk): Promise<void> {
  const jobs = jobsOf(worker);
  const conversation = find(id);
  if (!conversation || conversation.stopping || jobs.length === 0) return;
  const waiting = jobs.filter(({ status }) => status === "pending").map((job) => prompts.get(job) ?? "");
  const unsent = [...waiting, conversation.draft].filter((text) => text.trim() !== "");
  change(id, { stopping: true, draft: unsent.join("\n\n") });
  await talk.stop("stopped by the visitor");
  change(id, { stopping: false });
}

/** Once, when there is something to know: not each word that arrives. */
function ended(id: number): void {
  const conversation = find(id);
  if (!conversation) return;
  const { worker, stopping } = conversation;
  change(id, { end: stopping ? "stopped" : "answered", unread: chat.selected !== id });
  if (worker.state === "failed") say(id, `The answer failed. ${errorText(worker.lastFailure)}`);
  else if (stopping) say(id, "Stopped.");
  else say(id, `Answer: ${shortened(worker.messages.at(-1)?.content ?? "")}`);
}

const shortened = (answer: string): string =>
  answer.length > LONGEST_ANNOUNCED
    ? `${answer.slice(0, LONGEST_ANNOUNCED)}… The whole answer is in the conversation.`
    : answer;

/** To assistive technology. */
export function say(id: number, line: string): void {
  const conversation = find(id);
  if (conversation) announce(chat.selected === id ? line : `${conversation.title}: ${line}`);
}

function titleOf(prompt: string): string {
  const line = prompt.trim().replace(/\s+/g, " ");
  return line.length > LONGEST_TITLE ? `${line.slice(0, LONGEST_TITLE).trimEnd()}…` : line;
}

const isUnsaid = ({ worker, draft, edits }: Conversation): boolean =>
  draft.trim() !== "" || [...edits].some(([at, { of, text }]) => of === worker.messages[at]?.content && text !== of);

addEventListener("beforeunload", (event) => {
  if (chat.conversations.some(isUnsaid) || session.jobs.length > 0) event.preventDefault();
});
