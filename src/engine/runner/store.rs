//! Which finished jobs are kept, and what watchers of one job have been told of it.

use crate::engine::slab::{NONE, Slab};

/// Something that a watcher of one job is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Started, or waiting for its next attempt.
    Status,
    /// Made progress.
    Progress,
    /// Ended. From here on it can be let go of, for whoever hears of that has heard of the end.
    End,
}

/// The numbers of a job's latest events. Numbers rise over all jobs of a store, so none comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changes {
    /// Of its present status.
    pub status: u64,
    /// Of its latest progress.
    pub progress: Option<u64>,
    /// Of its end.
    pub end: Option<u64>,
}

impl Changes {
    pub(super) fn newest(&self) -> u64 {
        self.status.max(self.progress.unwrap_or(0)).max(self.end.unwrap_or(0))
    }
}

/// Once its end has been told, an entry is linked with those whose ends were told before and after it.
#[derive(Debug)]
struct Entry {
    changes: Changes,
    older: u32,
    newer: u32,
}

/// The jobs of one runner, by number. Each change costs the same however many there are.
#[derive(Debug)]
pub struct Store {
    entries: Slab<Entry>,
    /// Of those that have finished.
    oldest: u32,
    newest: u32,
    finished: u32,
    retain: f64,
    serial: u64,
}

impl Store {
    /// Keeps the latest `retain` finished jobs; infinite: all.
    #[must_use]
    pub fn new(retain: f64) -> Self {
        Self { entries: Slab::new(), oldest: NONE, newest: NONE, finished: 0, retain, serial: 0 }
    }

    fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// A new job. Its number is used again once it is let go of.
    pub fn add(&mut self) -> u32 {
        let changes = Changes { status: self.next(), progress: None, end: None };
        self.entries.insert(Entry { changes, older: NONE, newer: NONE })
    }

    /// Numbers an event that is being told. A job's end is told once.
    pub fn note(&mut self, job: u32, change: Change) -> u64 {
        let number = self.next();
        let Some(entry) = self.entries.get_mut(job) else { return number };
        match change {
            Change::Status => entry.changes.status = number,
            Change::Progress => entry.changes.progress = Some(number),
            Change::End => {
                if entry.changes.end.replace(number).is_none() {
                    self.keep(job);
                }
            }
        }
        number
    }

    /// The newest of those that have finished.
    fn keep(&mut self, job: u32) {
        let older = std::mem::replace(&mut self.newest, job);
        if let Some(entry) = self.entries.get_mut(job) {
            entry.older = older;
        }
        match self.entries.get_mut(older) {
            Some(entry) => entry.newer = job,
            None => self.oldest = job,
        }
        self.finished += 1;
    }

    /// The numbers of a job's latest events.
    #[must_use]
    pub fn changes(&self, job: u32) -> Option<Changes> {
        self.entries.get(job).map(|entry| entry.changes)
    }

    /// Lets go of finished jobs beyond those it keeps, the oldest first; says which.
    pub fn retire(&mut self) -> Vec<u32> {
        self.drop_beyond(self.retain)
    }

    /// Lets go of all finished jobs; says which, the oldest first.
    pub fn clear(&mut self) -> Vec<u32> {
        self.drop_beyond(0.0)
    }

    fn drop_beyond(&mut self, kept: f64) -> Vec<u32> {
        let mut gone = Vec::new();
        while f64::from(self.finished) > kept && self.oldest != NONE {
            let job = self.oldest;
            self.forget(job);
            gone.push(job);
        }
        gone
    }

    /// Lets go of one job: a finished one in whose place another comes, or one that never came to be.
    pub fn forget(&mut self, job: u32) {
        let Some(Entry { changes, older, newer }) = self.entries.remove(job) else { return };
        if changes.end.is_none() {
            return;
        }
        match self.entries.get_mut(older) {
            Some(entry) => entry.newer = newer,
            None => self.oldest = newer,
        }
        match self.entries.get_mut(newer) {
            Some(entry) => entry.older = older,
            None => self.newest = older,
        }
        self.finished -= 1;
    }
}
