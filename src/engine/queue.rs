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

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(queue: &mut ReadyQueue, jobs: &mut Slab<Job>) -> Vec<u32> {
        let mut order = Vec::new();
        while let Some(first) = queue.first(jobs) {
            jobs.get_mut(first).unwrap().phase = Phase::Running;
            queue.remove(jobs, first);
            order.push(first);
        }
        order
    }

    fn line(priorities: &[f64]) -> (ReadyQueue, Slab<Job>) {
        let (mut queue, mut jobs) = (ReadyQueue::default(), Slab::new());
        for (entered, priority) in (0..).zip(priorities) {
            let job = Job { entered, phase: Phase::Ready, ..Job::new(0, 0, *priority) };
            let index = jobs.insert(job);
            queue.push(&mut jobs, index);
        }
        (queue, jobs)
    }

    #[test]
    fn ranks_order_as_priorities_do_upside_down() {
        let ascending = [f64::MIN, -1.5, -f64::MIN_POSITIVE, 0.0, f64::MIN_POSITIVE, 1.0, 100.0, f64::MAX];
        assert!(ascending.windows(2).all(|pair| rank(pair[0]) > rank(pair[1])));
        assert_eq!(rank(-0.0), rank(0.0));
    }

    #[test]
    fn those_of_one_priority_are_chained_and_the_others_stand_beside_them() {
        let (mut queue, mut jobs) = line(&[0.0, 3.0, 0.0, -1.0, 3.0, 0.0]);
        let chained: Vec<bool> = jobs.iter().map(|(_, job)| job.chained).collect();
        assert_eq!(chained, [true, false, true, false, false, true]);
        assert_eq!(drain(&mut queue, &mut jobs), [1, 4, 0, 2, 5, 3]);
        assert_eq!((queue.head, queue.tail, queue.others.len()), (NONE, NONE, 0));
    }

    #[test]
    fn an_empty_chain_takes_any_priority_while_the_heap_is_not_empty() {
        let (mut queue, mut jobs) = line(&[0.0, 5.0, 7.0]);
        jobs.get_mut(0).unwrap().phase = Phase::Running;
        queue.remove(&mut jobs, 0);
        let job = Job { entered: 3, phase: Phase::Ready, ..Job::new(0, 0, 6.0) };
        let index = jobs.insert(job);
        queue.push(&mut jobs, index);
        assert!(jobs.get(index).unwrap().chained);
        assert_eq!(drain(&mut queue, &mut jobs), [2, index, 1]);
    }

    #[test]
    fn whoever_leaves_from_anywhere_leaves_the_others_in_order() {
        let (mut queue, mut jobs) = line(&[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        for index in [1, 5, 3, 0] {
            jobs.get_mut(index).unwrap().phase = Phase::Waiting;
            queue.remove(&mut jobs, index);
        }
        assert_eq!(drain(&mut queue, &mut jobs), [4, 6, 2]);
    }
}
