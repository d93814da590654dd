// What the jobs do. Runs in worker threads: a loop that computes for a minute costs its worker nothing.

export const bodies = {
  async countdown({ seconds }, { progress, signal }) {
    for (let left = seconds; left > 0; left -= 1) {
      progress(((seconds - left) / seconds) * 100, `${left} s left`);
      await new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, 1000);
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      });
    }
    return "lift-off";
  },

  async primes({ below }, { progress, checkpoint }) {
    let count = 0;
    for (let number = 2; number < below; number += 1) {
      let divisor = 2;
      while (divisor * divisor <= number && number % divisor !== 0) divisor += 1;
      if (divisor * divisor > number) count += 1;
      if (number % 1000 === 0) {
        progress((number / below) * 100, `${count} so far`);
        await checkpoint();
      }
    }
    return count;
  },
};
