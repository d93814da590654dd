import { type SharedJobType, type SharedRecord, SharedRunner, type SharedTaskContext } from "jobgate/shared";

const PART_BYTES = 128 * 1024;

/** Where files wait: the browser's cache outlives the tab, as the job does. */
const shelf = () => caches.open("files to upload");

const upload: SharedJobType<{ name: string; file: string }, string> = {
  name: "upload",
  description: "Sends a file in parts",
  params: [
    { name: "name", type: "string" },
    { name: "file", type: "string", description: "Its address on the shelf" },
  ],
  requires: { online: true },
  async execute({ name, file }, context) {
    // A tab that dies after this has sent the file: the next one knows.
    const size = await context.step("send", () => send(name, file, context));
    await (await shelf()).delete(file);
    return `${size} bytes`;
  },
};

/** The key is the same in every tab that takes over, so the server goes on where it was, and has the file once. */
async function send(name: string, file: string, { idempotencyKey, signal, progress }: SharedTaskContext) {
  const bytes = await (await (await shelf()).match(file))!.blob();
  const address = `/api/deliveries/${idempotencyKey}?name=${encodeURIComponent(name)}&size=${bytes.size}`;
  let { received } = await answer(fetch(address, { signal }));
  while (received < bytes.size) {
    const body = bytes.slice(received, received + PART_BYTES);
    ({ received } = await answer(fetch(`${address}&offset=${received}`, { method: "PUT", body, signal })));
    progress((received / bytes.size) * 100, `sent ${received} of ${bytes.size} bytes`);
  }
  return bytes.size;
}

async function answer(sent: Promise<Response>): Promise<{ received: number }> {
  const response = await sent;
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.json();
}

/** Every tab of the app makes one, with the same name and types: whichever lives runs what is there to do. */
export const uploads = new SharedRunner({ name: "uploads", types: [upload], builtins: false });

/** Resolves once the file and the job are on the disk: from here on the tab may close. */
export async function add(name: string, bytes: Blob) {
  const file = `/shelf/${crypto.randomUUID()}`;
  await (await shelf()).put(file, new Response(bytes));
  return uploads.createJob("upload", { name, file }, { retry: { limit: 20, maxDelay: 5000 } });
}

export async function remove({ id, params }: SharedRecord) {
  await uploads.cancelJob(id, "removed");
  await (await shelf()).delete((params as { file: string }).file);
}
