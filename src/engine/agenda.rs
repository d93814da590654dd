//! Things in order, of which any may be crossed out: the one heap behind deadlines, priorities and groups.
//!
//! Crossing out leaves the entry where it is, dead. Invariant: the dead never outnumber the living by more than a fixed
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
pub(crate) struct Agenda {
    heap: QuaternaryHeap<Reverse<Entry>>,
    dead: usize,
}

const SLACK: usize = 64;

impl Agenda {
    pub(crate) fn push(&mut self, entry: Entry) {
        self.heap.push(Reverse(entry));
    }

    /// The first; it has to be alive, see [`Agenda::bury`].
    pub(crate) fn first(&self) -> Option<Entry> {
        self.heap.peek().map(|Reverse(entry)| *entry)
    }

    pub(crate) fn pop(&mut self) -> Option<Entry> {
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// One has been crossed out. Clears away the dead at the front, and all of them when they are many.
    pub(crate) fn bury(&mut self, is_alive: &dyn Fn(Entry) -> bool) {
        self.dead += 1;
        self.clear_front(is_alive);
        if self.dead > self.heap.len() / 2 + SLACK {
            self.heap.retain(|Reverse(entry)| is_alive(*entry));
            self.heap.shrink_to_fit();
            self.dead = 0;
        }
    }

    /// After a pop: the next one may have been crossed out long ago.
    pub(crate) fn clear_front(&mut self, is_alive: &dyn Fn(Entry) -> bool) {
        while let Some(entry) = self.first()
            && !is_alive(entry)
        {
            self.heap.pop();
            self.dead = self.dead.saturating_sub(1);
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
    fn the_crossed_out_never_outnumber_the_others_by_much_and_never_stand_first() {
        let mut agenda = Agenda::default();
        for serial in 0..10_000 {
            agenda.push(entry(serial % 7, serial));
        }
        // Every one but each hundredth, last to come first to go.
        for gone in (0..10_000).rev().filter(|serial| serial % 100 > 0) {
            let is_alive = |entry: Entry| entry.serial < gone || entry.serial.is_multiple_of(100);
            agenda.bury(&is_alive);
            assert!(agenda.first().is_some_and(is_alive));
        }
        assert!(agenda.len() <= 2 * (100 + SLACK), "{} for a hundred", agenda.len());
    }
}
