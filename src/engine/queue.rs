//! The line of jobs that could start: higher priority first, first in first out among equals.
//!
//! Most lines are of one priority: those stand in a chain woven through the job records, where entering, leaving and
//! taking the first cost a few instructions. Whoever comes with another priority stands in a heap beside it, O(log n).
//! The first of the line is the better of the two firsts.

use super::agenda::{Agenda, Entry};
use super::job::{Job, Phase};
use super::slab::{NONE, Slab};

/// A place in line: lower is earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) rank: u64,
    pub(crate) entered: u64,
}

impl Place {
    pub(crate) fn of(job: &Job) -> Self {
        Self { rank: rank(job.priority), entered: job.entered }
    }
}

/// Priorities as numbers that order the same way, upside down: the bits of a positive float grow with it, those of a
/// negative one fall.
pub(crate) fn rank(priority: f64) -> u64 {
    let bits = (priority + 0.0).to_bits(); // -0 is 0
    let ascending = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    !ascending
}

#[derive(Debug)]
pub(crate) struct ReadyQueue {
    /// Of the chain; means nothing while that is empty.
    rank: u64,
    head: u32,
    tail: u32,
    others: Agenda,
}

impl Default for ReadyQueue {
    fn default() -> Self {
        Self { rank: 0, head: NONE, tail: NONE, others: Agenda::default() }
    }
}

impl ReadyQueue {
    /// At the back of its priority. `entered` grows from job to job.
    pub(crate) fn push(&mut self, jobs: &mut Slab<Job>, index: u32) {
        let Some(job) = jobs.get_mut(index) else { return };
        let Place { rank, entered } = Place::of(job);
        job.chained = self.head == NONE || self.rank == rank;
        if !job.chained {
            self.others.push(Entry { key: rank, serial: entered, index });
            return;
        }
        self.rank = rank;
        job.ahead = std::mem::replace(&mut self.tail, index);
        job.behind = NONE;
        let ahead = job.ahead;
        match jobs.get_mut(ahead) {
            Some(ahead) => ahead.behind = index,
            None => self.head = index,
        }
    }

    pub(crate) fn first(&self, jobs: &Slab<Job>) -> Option<u32> {
        let Some(Entry { key, serial, index }) = self.others.first() else {
            return Some(self.head).filter(|head| *head != NONE);
        };
        let other = Place { rank: key, entered: serial };
        let chained = jobs.get(self.head).map(Place::of).is_some_and(|place| place < other);
        Some(if chained { self.head } else { index })
    }

    /// The job is no longer [`Phase::Ready`].
    pub(crate) fn remove(&mut self, jobs: &mut Slab<Job>, index: u32) {
        let Some(job) = jobs.get(index) else { return };
        if !job.chained {
            let is_alive = |entry: Entry| {
                jobs.get(entry.index).is_some_and(|job| job.phase == Phase::Ready && job.entered == entry.serial)
            };
            self.others.bury(&is_alive);
            return;
        }
        let (ahead, behind) = (job.ahead, job.behind);
        match jobs.get_mut(ahead) {
            Some(job) => job.behind = behind,
            None => self.head = behind,
        }
        match jobs.get_mut(behind) {
            Some(job) => job.ahead = ahead,
            None => self.tail = ahead,
        }
    }
}
