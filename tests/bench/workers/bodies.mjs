/** What the workers of every contender do. */
export const nothing = () => 0;

export const small = (number) => {
  let sum = 0;
  for (let i = 0; i < 1000; i++) sum += i ^ number;
  return sum;
};

export const bytes = (buffer) => buffer;

/** Never ends: the lock of that name is held while its thread lives. */
export const spin = (name) =>
  navigator.locks.request(name, () => {
    // The lock is seen to be held before the thread is taken.
    return new Promise(() => {
      setTimeout(() => {
        for (;;);
      });
    });
  });
