import { gate, type Job, subject } from "jobgate";

export type CompletionState =
  | { readonly type: "idle" }
  | { readonly type: "streaming"; readonly text: string }
  | { readonly type: "done"; readonly text: string }
  | { readonly type: "failed"; readonly text: string; readonly error: unknown };

export type CompletionAction = { readonly type: "capitals" };

/** A job made by hand: one subject for its states, one gate for its end. A manager adopts what this returns. */
export function completion(url: string): Job<CompletionState, CompletionAction> {
  const stopGate = gate();
  const stateSubject = subject<CompletionState>();
  const abortController = new AbortController();
  let state: CompletionState = { type: "idle" };
  let text = "";
  let capitals = false;

  const set = (next: CompletionState) => {
    state = next;
    stateSubject.next(state);
  };

  const shown = () => (capitals ? text.toUpperCase() : text);

  // The work starts at once.
  (async () => {
    const response = await fetch(url, { signal: abortController.signal });
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += value;
      set({ type: "streaming", text: shown() });
    }
    set({ type: "done", text: shown() });
  })()
    .catch((error) => {
      if (!abortController.signal.aborted) set({ type: "failed", text: shown(), error });
    })
    .finally(stopGate.open);

  return {
    get state() {
      return state;
    },
    dispatch(action) {
      capitals = action.type === "capitals";
    },
    onStateChange: stateSubject.listen,
    stop: async () => {
      abortController.abort();
      await stopGate.wait();
    },
    onStopped: stopGate.listen,
  };
}
