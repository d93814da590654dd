//! A heap with lazy deletion, behind deadlines, priorities and groups.
//!
//! What is removed stays where it is, a tombstone. Invariant: tombstones never outnumber the living by more than a fixed
//! handful, so a million cancelled timeouts take no memory.

use std::cmp::Reverse;

use dary_heap::QuaternaryHeap;

/// Ordered by `key`, then by `serial`, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) key: u64,
    pub(crate) serial: u64,
    pub(crate) index: u32,
}

#[derive(Debug, Default)]
pub(crate) struct LazyHeap {
    heap: QuaternaryHeap<Reverse<Entry>>,
    tombstones: usize,
}

const SLACK: usize = 64;

impl LazyHeap {
    pub(crate) fn push(&mut self, entry: Entry) {
        self.heap.push(Reverse(entry));
    }

    /// The first; it has to be alive, see [`LazyHeap::note_removed`].
    pub(crate) fn first(&self) -> Option<Entry> {
        self.heap.peek().map(|Reverse(entry)| *entry)
    }

    pub(crate) fn pop(&mut self) -> Option<Entry> {
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// One has been removed. Clears the tombstones at the front, and compacts when they are many.
    pub(crate) fn note_removed(&mut self, is_alive: &dyn Fn(Entry) -> bool) {
        self.tombstones += 1;
        self.clear_front(is_alive);
        if self.tombstones > self.heap.len() / 2 + SLACK {
            self.heap.retain(|Reverse(entry)| is_alive(*entry));
            self.heap.shrink_to_fit();
            self.tombstones = 0;
        }
    }

    /// After a pop: the next one may have been removed long ago.
    pub(crate) fn clear_front(&mut self, is_alive: &dyn Fn(Entry) -> bool) {
        while let Some(entry) = self.first()
            && !is_alive(entry)
        {
            self.heap.pop();
            self.tombstones = self.tombstones.saturating_sub(1);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: u64, serial: u64) -> Entry {
        Entry { key, serial, index: 0 }
    }

    #[test]
    fn the_removed_never_outnumber_the_others_by_much_and_never_stand_first() {
        let mut heap = LazyHeap::default();
        for serial in 0..10_000 {
            heap.push(entry(serial % 7, serial));
        }
        // Every one but each hundredth, last to come first to go.
        for gone in (0..10_000).rev().filter(|serial| serial % 100 > 0) {
            let is_alive = |entry: Entry| entry.serial < gone || entry.serial.is_multiple_of(100);
            heap.note_removed(&is_alive);
            assert!(heap.first().is_some_and(is_alive));
        }
        assert!(heap.len() <= 2 * (100 + SLACK), "{} for a hundred", heap.len());
    }

    /// Each time it looks at all of them: not for every one that goes.
    #[test]
    fn the_removed_are_cleared_away_once_they_are_more_than_half_and_a_handful() {
        let mut heap = LazyHeap::default();
        for serial in 0..1000 {
            heap.push(entry(0, serial));
        }
        let mut remove_last = |gone: u64| {
            heap.note_removed(&|entry: Entry| entry.serial < 1000 - gone);
            heap.len()
        };
        let many = 500 + SLACK as u64;
        for gone in 1..=many {
            assert_eq!(remove_last(gone), 1000, "{gone} are gone");
        }
        assert_eq!(remove_last(many + 1), 1000 - many as usize - 1);
    }
}
