use std::collections::VecDeque;

use super::command::TaskId;

/// Tasks without a worker, in the order they came. Each operation costs the same however many there are, taken together.
///
/// Invariants: numbers ascend; the first entry is no tombstone; tombstones are never more than half.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    entries: VecDeque<Entry>,
    tombstones: usize,
}

#[derive(Debug)]
struct Entry {
    task: TaskId,
    /// It was taken out of the middle.
    removed: bool,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.tombstones
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn push(&mut self, task: TaskId) {
        self.entries.push_back(Entry { task, removed: false });
    }

    /// The one that came first.
    pub(super) fn pop(&mut self) -> Option<TaskId> {
        let first = self.entries.pop_front()?;
        self.trim();
        Some(first.task)
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, task: TaskId) -> bool {
        let place = self.entries.binary_search_by_key(&task, |entry| entry.task);
        let Some(entry) = place.ok().and_then(|place| self.entries.get_mut(place)) else { return false };
        if entry.removed {
            return false;
        }
        entry.removed = true;
        self.tombstones += 1;
        if self.tombstones * 2 > self.entries.len() {
            self.entries.retain(|entry| !entry.removed);
            self.tombstones = 0;
        }
        self.trim();
        true
    }

    fn trim(&mut self) {
        while self.entries.front().is_some_and(|entry| entry.removed) {
            self.entries.pop_front();
            self.tombstones -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: u32) -> Waiting {
        let mut waiting = Waiting::default();
        for number in 0..count {
            waiting.push(TaskId(number));
        }
        waiting
    }

    #[test]
    fn what_was_removed_is_neither_counted_nor_popped_nor_removed_again() {
        let mut waiting = filled(6);
        for number in [3, 0, 1] {
            assert!(waiting.remove(TaskId(number)));
            assert!(!waiting.remove(TaskId(number)), "{number} again");
        }
        assert!(!waiting.remove(TaskId(9)), "never there");
        assert_eq!(waiting.len(), 3);
        let order: Vec<u32> = std::iter::from_fn(|| waiting.pop()).map(|task| task.0).collect();
        assert_eq!(order, [2, 4, 5]);
        assert!(waiting.is_empty() && waiting.pop().is_none());
    }

    #[test]
    fn tombstones_are_never_more_than_half() {
        let mut waiting = filled(1000);
        for number in (1..1000).rev() {
            waiting.remove(TaskId(number));
            assert!(waiting.entries.len() <= 2 * waiting.len());
        }
        assert_eq!(waiting.pop(), Some(TaskId(0)));
        assert!(waiting.is_empty());
    }
}
