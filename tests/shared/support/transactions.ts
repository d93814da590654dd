// When a page may stand still: one that does amid a transaction keeps all others from writing, which is the browser's
// rule and not what is tested.

declare global {
  /** Calls it as soon as none of this page's transactions is open. */
  var betweenTransactions: (call: () => void) => void;
}

/** Of what is opened from now on. Stands alone, so that it can be an initial script. */
export function countTransactions(): void {
  let open = 0;
  const waiting: (() => void)[] = [];
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...parts) {
    const made = transaction.apply(this, parts);
    open += 1;
    const over = () => {
      open -= 1;
      // What hears of the same end may open the next.
      setTimeout(callWhenNoneIsOpen);
    };
    made.addEventListener("complete", over);
    made.addEventListener("abort", over);
    return made;
  };
  const callWhenNoneIsOpen = () => {
    if (open === 0) for (const call of waiting.splice(0)) call();
  };
  globalThis.betweenTransactions = (call) => {
    waiting.push(call);
    callWhenNoneIsOpen();
  };
}
