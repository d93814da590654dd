//! The line of jobs that could start: higher priority first, first in first out among equals.
//!
//! A chain per priority level, woven through the job records, and an ordered map of the levels: entering, leaving
//! from anywhere and taking the first cost O(log levels), whatever the number of jobs.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::job::Job;
use super::slab::{NONE, Slab};

/// A priority with a total order. Higher is first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level(f64);

impl Level {
    pub(crate) fn new(priority: f64) -> Self {
        Self(priority + 0.0) // -0 is 0
    }
}

impl Ord for Level {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
impl PartialOrd for Level {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Level {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Level {}

#[derive(Debug, Clone, Copy)]
struct Chain {
    head: u32,
    tail: u32,
}

#[derive(Debug, Default)]
pub(crate) struct ReadyQueue {
    levels: BTreeMap<Level, Chain>,
}

impl ReadyQueue {
    /// At the back of its level.
    pub(crate) fn push(&mut self, jobs: &mut Slab<Job>, index: u32) {
        let Some(job) = jobs.get_mut(index) else { return };
        let chain = self.levels.entry(Level::new(job.priority)).or_insert(Chain { head: NONE, tail: NONE });
        job.ahead = chain.tail;
        job.behind = NONE;
        let ahead = std::mem::replace(&mut chain.tail, index);
        match jobs.get_mut(ahead) {
            Some(ahead) => ahead.behind = index,
            None => chain.head = index,
        }
    }

    pub(crate) fn first(&self) -> Option<u32> {
        self.levels.last_key_value().map(|(_, chain)| chain.head)
    }

    pub(crate) fn remove(&mut self, jobs: &mut Slab<Job>, index: u32) {
        let Some(job) = jobs.get_mut(index) else { return };
        let (ahead, behind) = (job.ahead, job.behind);
        let level = Level::new(job.priority);
        (job.ahead, job.behind) = (NONE, NONE);
        if let Some(job) = jobs.get_mut(ahead) {
            job.behind = behind;
        }
        if let Some(job) = jobs.get_mut(behind) {
            job.ahead = ahead;
        }
        if ahead != NONE && behind != NONE {
            return;
        }
        let Some(chain) = self.levels.get_mut(&level) else { return };
        if ahead == NONE {
            chain.head = behind;
        }
        if behind == NONE {
            chain.tail = ahead;
        }
        if chain.head == NONE {
            self.levels.remove(&level);
        }
    }
}
