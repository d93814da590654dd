/**
 * Jobs that wait for a slot: highest priority first, first in first out among equals.
 * A binary heap of levels, and a doubly linked chain of jobs (`job.before`, `job.after`) per level,
 * so that adding to a known level, taking the next and removing any job cost O(1).
 */
export class ReadyQueue {
  constructor() {
    this.levels = new Map();
    this.heap = [];
    this.size = 0;
  }

  push(job) {
    const level = this.levels.get(job.priority) ?? this.addLevel(job.priority);
    const last = level.last;
    job.before = last;
    if (last === null) level.first = job;
    else last.after = job;
    level.last = job;
    this.size++;
  }

  shift() {
    let level = this.heap[0];
    while (level.first === null) {
      this.dropTopLevel();
      level = this.heap[0];
    }
    const job = level.first;
    this.unlink(level, job);
    return job;
  }

  /** False if the job is not in the queue. */
  remove(job) {
    const level = this.levels.get(job.priority);
    if (level === undefined || (job.before === null && level.first !== job)) return false;
    this.unlink(level, job);
    return true;
  }

  unlink(level, job) {
    const { before, after } = job;
    if (before === null) level.first = after;
    else before.after = after;
    if (after === null) level.last = before;
    else after.before = before;
    job.before = job.after = null;
    this.size--;
  }

  addLevel(priority) {
    const level = { priority, first: null, last: null };
    this.levels.set(priority, level);
    const heap = this.heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent].priority >= priority) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = level;
    return level;
  }

  dropTopLevel() {
    const heap = this.heap;
    this.levels.delete(heap[0].priority);
    const moved = heap.pop();
    const length = heap.length;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && heap[child + 1].priority > heap[child].priority) child++;
      if (heap[child].priority <= moved.priority) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = moved;
  }
}
