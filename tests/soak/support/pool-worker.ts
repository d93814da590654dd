import { exposeJobs } from "jobgate/worker";

exposeJobs({
  sum(numbers: number[], { progress }) {
    progress(50);
    return numbers.reduce((sum, number) => sum + number, 0);
  },
  fail(): never {
    throw new RangeError("broken");
  },
  /** Never heeds its signal. */
  deaf: () => new Promise(() => {}),
});
