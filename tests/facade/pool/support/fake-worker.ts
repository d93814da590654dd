// A worker that is no thread: what it answers, and when, is the test's.

interface Order {
  readonly jobgate: string;
  readonly task: number;
  readonly params: unknown;
}

export class FakeWorker extends EventTarget {
  readonly orders: Order[] = [];
  private readonly answer: (order: Order, worker: FakeWorker) => void;

  /** `answer` is called while the page posts. `loads`: soon by itself, or when the test says so. */
  constructor(answer: (order: Order, worker: FakeWorker) => void = () => {}, loads = true) {
    super();
    this.answer = answer;
    if (loads) queueMicrotask(() => this.load());
  }

  load(): void {
    this.say({ jobgate: "ready", needsModule: false, lock: "" });
  }

  postMessage(order: Order): void {
    this.orders.push(order);
    this.answer(order, this);
  }

  say(data: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  terminate(): void {}
}

export const asWorker = (worker: FakeWorker) => worker as unknown as Worker;

/** Echoes at once, within the call that gives it the task. */
export const echoAtOnce = ({ jobgate, task, params }: Order, worker: FakeWorker) => {
  if (jobgate === "run") worker.say({ jobgate: "done", task, result: params });
};
