//! Every wait of every kind in one heap: delays, retry waits, timeouts, rate windows, stop timeouts.
//!
//! Invariants: a deadline is live while its ticket is held by what waits for it; cancelling drops the ticket and
//! leaves a dead entry behind; dead entries never outnumber the live ones by more than a fixed handful, so a million
//! cancelled timeouts take no memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::slab::{NONE, Slab};
use super::time::Time;

/// Names a pending deadline; worthless once it has fallen due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    index: u32,
    serial: u32,
}

impl Ticket {
    pub(crate) const NONE: Self = Self { index: NONE, serial: 0 };
}

/// What a deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A delay or a retry's wait is over.
    Eligible(u32),
    /// The running attempt has used up its time.
    Timeout(u32),
    /// A manager's rate limit admits a start again.
    RateWindow(u32),
    /// Someone's patience with a stop barrier is over.
    StopTimeout(u32),
}

#[derive(Debug)]
struct Entry {
    due: Due,
    serial: u32,
}

#[derive(Debug)]
pub(crate) struct Deadlines {
    heap: BinaryHeap<Reverse<(Time, u32, u32)>>,
    entries: Slab<Entry>,
    live: usize,
    serial: u32,
}

const SLACK: usize = 64;

impl Deadlines {
    pub(crate) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), entries: Slab::new(), live: 0, serial: 0 }
    }

    /// Equal moments fall due in the order they were set.
    pub(crate) fn set(&mut self, at: Time, due: Due) -> Ticket {
        self.serial = self.serial.wrapping_add(1);
        let index = self.entries.insert(Entry { due, serial: self.serial });
        self.heap.push(Reverse((at, self.serial, index)));
        self.live += 1;
        Ticket { index, serial: self.serial }
    }

    /// Cancels it and leaves [`Ticket::NONE`]; no effect on one that has fallen due.
    pub(crate) fn cancel(&mut self, ticket: &mut Ticket) {
        let Ticket { index, serial } = std::mem::replace(ticket, Ticket::NONE);
        if !Self::is_live(&self.entries, index, serial) {
            return;
        }
        self.entries.remove(index);
        self.live -= 1;
        if self.heap.len() > 2 * self.live + SLACK {
            let entries = &self.entries;
            self.heap.retain(|Reverse((_, serial, index))| Self::is_live(entries, *index, *serial));
            self.heap.shrink_to(2 * self.heap.len() + SLACK);
        }
    }

    /// The earliest moment that something waits for.
    pub(crate) fn next(&mut self) -> Option<Time> {
        while let Some(Reverse((at, serial, index))) = self.heap.peek() {
            if Self::is_live(&self.entries, *index, *serial) {
                return Some(*at);
            }
            self.heap.pop();
        }
        None
    }

    /// Takes out the first that is due by `now`.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<Due> {
        if self.next()? > now {
            return None;
        }
        let Reverse((_, _, index)) = self.heap.pop()?;
        self.live -= 1;
        self.entries.remove(index).map(|entry| entry.due)
    }

    /// How many are waited for.
    pub(crate) const fn count(&self) -> usize {
        self.live
    }

    fn is_live(entries: &Slab<Entry>, index: u32, serial: u32) -> bool {
        entries.get(index).is_some_and(|entry| entry.serial == serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fall_due_by_time_then_by_order() {
        let mut deadlines = Deadlines::new();
        let at = Time::from_millis;
        deadlines.set(at(5.0), Due::Eligible(1));
        deadlines.set(at(3.0), Due::Timeout(2));
        deadlines.set(at(5.0), Due::RateWindow(3));
        let mut cancelled = deadlines.set(at(1.0), Due::StopTimeout(4));
        deadlines.cancel(&mut cancelled);
        assert_eq!(deadlines.next(), Some(at(3.0)));
        assert_eq!(deadlines.pop_due(at(2.9)), None);
        assert_eq!(deadlines.pop_due(at(9.0)), Some(Due::Timeout(2)));
        assert_eq!(deadlines.pop_due(at(9.0)), Some(Due::Eligible(1)));
        assert_eq!(deadlines.pop_due(at(9.0)), Some(Due::RateWindow(3)));
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn a_million_cancelled_ones_leave_nothing() {
        let mut deadlines = Deadlines::new();
        deadlines.set(Time::from_millis(1e9), Due::Eligible(0));
        for n in 0..1_000_000 {
            let mut ticket = deadlines.set(Time::from_millis(f64::from(n)), Due::Timeout(n));
            deadlines.cancel(&mut ticket);
        }
        assert!(deadlines.heap.len() <= 2 + SLACK);
    }
}
