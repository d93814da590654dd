/** What the workers of every contender do. */
export const nothing = () => 0;

export const small = (number) => {
  let sum = 0;
  for (let i = 0; i < 1000; i++) sum += i ^ number;
  return sum;
};

export const bytes = (buffer) => buffer;

/** Says that it runs, and never ends; the lock of that name is free once its thread is gone. */
export const spin = (name) =>
  navigator.locks.request(name, () => {
    new BroadcastChannel(name).postMessage("running");
    // What is posted leaves before the thread is taken.
    return new Promise(() => {
      setTimeout(() => {
        for (;;);
      });
    });
  });
