// The waits on a gate that are under way.

import { whenEngineFails } from "../wasm/engine.js";

type Reject = (error: unknown) => void;

/** Of gates that anyone can still open: whoever waits on one that nobody holds goes with it. */
const gatesWaitedOn = new Set<WeakRef<Waits>>();
const dropped = new FinalizationRegistry<WeakRef<Waits>>((reference) => gatesWaitedOn.delete(reference));

whenEngineFails((error) => {
  for (const reference of gatesWaitedOn) reference.deref()?.breakOff(error);
  gatesWaitedOn.clear();
});

/** One gate's; to be held by the gate. */
export class Waits {
  private readonly rejects = new Set<Reject>();
  private readonly reference = new WeakRef(this);

  constructor() {
    dropped.register(this, this.reference);
  }

  add(reject: Reject): void {
    this.rejects.add(reject);
    gatesWaitedOn.add(this.reference);
  }

  delete(reject: Reject): void {
    this.rejects.delete(reject);
    if (this.rejects.size === 0) gatesWaitedOn.delete(this.reference);
  }

  /** The engine has broken. */
  breakOff(error: unknown): void {
    for (const reject of this.rejects) reject(error);
    this.rejects.clear();
  }
}
