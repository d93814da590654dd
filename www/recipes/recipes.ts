import type { FunctionComponent } from "preact";
import answerCode from "./answer.ts?raw";
import autosaveCode from "./autosave.ts?raw";
import checksumCode from "./checksum.ts?raw";
import { Answer } from "./demos/Answer.tsx";
import { Autosave } from "./demos/Autosave.tsx";
import { Checksum } from "./demos/Checksum.tsx";
import { Import } from "./demos/Import.tsx";
import { LastingUpload } from "./demos/LastingUpload.tsx";
import { PerHost } from "./demos/PerHost.tsx";
import { Poll } from "./demos/Poll.tsx";
import { Rest } from "./demos/Rest.tsx";
import { SaveOnce } from "./demos/SaveOnce.tsx";
import { Search } from "./demos/Search.tsx";
import { Undo } from "./demos/Undo.tsx";
import { Upload } from "./demos/Upload.tsx";
import { Wizard } from "./demos/Wizard.tsx";
import importCode from "./import.ts?raw";
import lastingUploadCode from "./lasting-upload.ts?raw";
import perHostCode from "./per-host.ts?raw";
import pollCode from "./poll.ts?raw";
import restCode from "./rest.ts?raw";
import saveOnceCode from "./save-once.ts?raw";
import searchCode from "./search.ts?raw";
import undoCode from "./undo.ts?raw";
import uploadCode from "./upload.ts?raw";
import wizardCode from "./wizard.ts?raw";

/** `code` is the text of the very file that `Demo` runs. */
interface Recipe {
  readonly file: string;
  readonly title: string;
  readonly what: string;
  readonly code: string;
  readonly Demo: FunctionComponent;
}

export const recipes: readonly Recipe[] = [
  {
    file: "search.ts",
    title: "Search as you type",
    what: "onDuplicate: “replace” stops the search before; with a delay, what is typed fast sends nothing at all.",
    code: searchCode,
    Demo: Search,
  },
  {
    file: "save-once.ts",
    title: "Save once",
    what: "A taken key is joined, which is the default: three presses, one request, one order.",
    code: saveOnceCode,
    Demo: SaveOnce,
  },
  {
    file: "autosave.ts",
    title: "Save as you type",
    what: "A delay is the debounce, “queue” lets a running save end before the newest text is sent, stopPending empties the queue when the page is left.",
    code: autosaveCode,
    Demo: Autosave,
  },
  {
    file: "upload.ts",
    title: "Upload with retry, and wait while offline",
    what: "retry.delay takes the server's Retry-After; each retry asks where to go on. A gate, opened by the browser's online event, holds the body meanwhile.",
    code: uploadCode,
    Demo: Upload,
  },
  {
    file: "lasting-upload.ts",
    title: "Upload that survives the tab",
    what: "A SharedRunner's jobs belong to the origin: the tab may close, reload, crash or go offline. The idempotency key is the same in every tab, so the server has each file once.",
    code: lastingUploadCode,
    Demo: LastingUpload,
  },
  {
    file: "import.ts",
    title: "Import in steps",
    what: "What a step gave is recorded; whoever goes on after a reload, a crash or in another tab begins with the first that is missing.",
    code: importCode,
    Demo: Import,
  },
  {
    file: "poll.ts",
    title: "Poll with backoff",
    what: "“Not ready” is an error that is retried, later each time; a NonRetriableError gives up; a signal bounds it all.",
    code: pollCode,
    Demo: Poll,
  },
  {
    file: "per-host.ts",
    title: "Limit per host",
    what: "groupConcurrency counts by group: two at a time to each host, all hosts at the same time.",
    code: perHostCode,
    Demo: PerHost,
  },
  {
    file: "undo.ts",
    title: "Undo by cancelling",
    what: "A delayed job is pending; stopping it in time means that its body never starts.",
    code: undoCode,
    Demo: Undo,
  },
  {
    file: "wizard.ts",
    title: "A wizard that is left cleanly",
    what: "The promise of stopAll is the stop barrier: it opens when every body has really returned, its finally too.",
    code: wizardCode,
    Demo: Wizard,
  },
  {
    file: "checksum.ts",
    title: "Read a large file in a worker",
    what: "A pool runs it under the same manager: piece by piece, with progress, and a stop between two pieces. A File is a new object each time it is picked; its key would be name:size:lastModified.",
    code: checksumCode,
    Demo: Checksum,
  },
  {
    file: "rest.ts",
    title: "REST in the page",
    what: "jobHandler answers REST and server-sent events for a queue; jobFetch asks it as fetch would, and nothing leaves the page.",
    code: restCode,
    Demo: Rest,
  },
  {
    file: "answer.ts",
    title: "A stream that outlives its page",
    what: "A job lives in its manager, not in a component: leave the chat, come back, and read on.",
    code: answerCode,
    Demo: Answer,
  },
];
