// biome-ignore-all format: kept to the letter
// biome-ignore-all lint: kept to the letter
/** An app's own job, made of a gate and a subject: the package has to run this form as it stands. */
import { gate, type Job, JobManager, subject } from "jobgate";

export type Message = { role: string; content: string };

type CompletionState = { type: "idle" } | { type: "streaming" };
type CompletionAction = { type?: never };

export const completionJobManager = new JobManager<
  string,  // Job key (pageId)
  CompletionState,
  CompletionAction
>();

export const simpleCompletion = (
  input: string,
  messages: Message[],
  jobKey: string
): Job<CompletionState, CompletionAction> => {
  const stopGate = gate();
  const stateSubject = subject<CompletionState>();
  let currentState: CompletionState = { type: "idle" };
  let abortController = new AbortController();

  // Start async work immediately
  (async function () {
    // ... perform work ...
    currentState = { type: "streaming" };
    stateSubject.next(currentState);
    // ... complete work ...
    stopGate.open();
  })();

  return {
    get state() { return currentState; },
    dispatch(_action) { /* handle actions */ },
    onStateChange: stateSubject.listen,
    stop: async () => {
      abortController.abort();
      stopGate.open();
    },
    onStopped: stopGate.listen,
  };
};
