//! Every wait of every kind in one heap: delays, retry waits, timeouts, rate windows, stop timeouts.

use super::lazy_heap::{Entry, LazyHeap};
use super::slab::{NONE, Slab};
use super::time::Time;

/// Names a pending deadline; worthless once it has fallen due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimerHandle {
    index: u32,
    serial: u64,
}

impl TimerHandle {
    pub(crate) const NONE: Self = Self { index: NONE, serial: 0 };

    /// Of equal moments, the lower falls due first.
    pub(crate) const fn turn(self) -> u64 {
        self.serial
    }
}

/// What a deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A delay or a retry's wait is over.
    Eligible(u32),
    /// The running attempt has used up its time.
    Timeout(u32),
    /// The running attempt was asked to end and has used up the time that it was given for that.
    Abandon(u32),
    /// A manager's rate limit admits a start again.
    RateWindow(u32),
    /// The time of a wait is up.
    Wait(u32),
}

#[derive(Debug)]
struct Wait {
    due: Due,
    serial: u64,
}

#[derive(Debug)]
pub(crate) struct Deadlines {
    heap: LazyHeap,
    waits: Slab<Wait>,
    serial: u64,
    /// The earliest may be another one now.
    moved: bool,
    announced: Option<Time>,
}

impl Deadlines {
    pub(crate) fn new() -> Self {
        Self { heap: LazyHeap::default(), waits: Slab::new(), serial: 0, moved: false, announced: None }
    }

    /// Equal moments fall due in the order they were set.
    pub(crate) fn set(&mut self, at: Time, due: Due) -> TimerHandle {
        self.moved = true;
        self.serial += 1;
        let serial = self.serial;
        let index = self.waits.insert(Wait { due, serial });
        self.heap.push(Entry { key: at.as_micros(), serial, index });
        TimerHandle { index, serial }
    }

    /// Cancels it and leaves [`TimerHandle::NONE`]; no effect on one that has fallen due.
    pub(crate) fn cancel(&mut self, handle: &mut TimerHandle) {
        if *handle == TimerHandle::NONE {
            return;
        }
        let TimerHandle { index, serial } = std::mem::replace(handle, TimerHandle::NONE);
        if !is_pending(&self.waits, index, serial) {
            return;
        }
        self.moved = true;
        self.waits.remove(index);
        let waits = &self.waits;
        self.heap.note_removed(&|entry| is_pending(waits, entry.index, entry.serial));
    }

    pub(crate) fn count(&self) -> usize {
        self.waits.iter().count()
    }

    /// The earliest moment that something waits for.
    pub(crate) fn next(&self) -> Option<Time> {
        self.heap.first().map(|entry| Time::from_micros(entry.key))
    }

    /// The timer has fired, as announced.
    pub(crate) fn timer_fired(&mut self) {
        self.announced = None;
        self.moved = true;
    }

    pub(crate) fn has_moved(&self) -> bool {
        self.moved
    }

    /// Whether the driver has to be told of the earliest moment: it is earlier than it knows, or it waits in vain.
    pub(crate) fn take_wakeup_changed(&mut self) -> bool {
        if !std::mem::take(&mut self.moved) {
            return false;
        }
        let next = self.next();
        let has_changed = match (next, self.announced) {
            (Some(next), Some(announced)) => next < announced,
            (next, announced) => next.is_some() != announced.is_some(),
        };
        if has_changed {
            self.announced = next;
        }
        has_changed
    }

    /// Takes out the first that is due by `now`, with its moment.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<(Time, Due)> {
        let at = self.next().filter(|at| *at <= now)?;
        let entry = self.heap.pop()?;
        let due = self.waits.remove(entry.index).map(|wait| wait.due);
        let waits = &self.waits;
        self.heap.clear_front(&|entry| is_pending(waits, entry.index, entry.serial));
        Some((at, due?))
    }
}

fn is_pending(waits: &Slab<Wait>, index: u32, serial: u64) -> bool {
    waits.get(index).is_some_and(|wait| wait.serial == serial)
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
        let mut cancelled = deadlines.set(at(1.0), Due::Wait(4));
        deadlines.cancel(&mut cancelled);
        assert_eq!(deadlines.next(), Some(at(3.0)));
        assert_eq!(deadlines.pop_due(at(2.9)), None);
        assert_eq!(deadlines.pop_due(at(9.0)), Some((at(3.0), Due::Timeout(2))));
        assert_eq!(deadlines.pop_due(at(9.0)), Some((at(5.0), Due::Eligible(1))));
        assert_eq!(deadlines.pop_due(at(9.0)), Some((at(5.0), Due::RateWindow(3))));
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn a_million_cancelled_ones_leave_nothing() {
        let mut deadlines = Deadlines::new();
        deadlines.set(Time::from_millis(1e9), Due::Eligible(0));
        for n in 0..1_000_000 {
            let mut handle = deadlines.set(Time::from_millis(f64::from(n)), Due::Timeout(n));
            deadlines.cancel(&mut handle);
        }
        assert!(deadlines.heap.len() < 200);
    }
}
