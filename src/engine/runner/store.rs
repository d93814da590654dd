//! Which jobs there are, in which order they are listed, and which finished ones are let go of.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};

/// Something that a watcher of one job is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Started, or waiting for its next attempt.
    Status,
    /// Made progress.
    Progress,
    /// Ended.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Pending,
    Finished,
}

#[derive(Debug)]
struct Entry {
    phase: Phase,
    priority: f64,
    ready_at: f64,
    /// When it came to where it is, counted in changes.
    place: u64,
    changes: Changes,
}

/// The jobs of one runner, by number.
#[derive(Debug)]
pub struct Store {
    entries: BTreeMap<u32, Entry>,
    /// In the order in which they ended.
    finished: VecDeque<u32>,
    retain: f64,
    serial: u64,
    active: usize,
}

impl Store {
    /// Keeps the latest `retain` finished jobs; infinite: all.
    #[must_use]
    pub fn new(retain: f64) -> Self {
        Self { entries: BTreeMap::new(), finished: VecDeque::new(), retain, serial: 0, active: 0 }
    }

    fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// A new job, pending. `ready_at`: when it may start at the earliest, in milliseconds.
    pub fn add(&mut self, job: u32, priority: f64, ready_at: f64) {
        let place = self.next();
        let changes = Changes { status: place, progress: None, end: None };
        self.entries.insert(job, Entry { phase: Phase::Pending, priority, ready_at, place, changes });
        self.active += 1;
    }

    fn enter(&mut self, job: u32, phase: Phase, ready_at: Option<f64>) {
        let place = self.next();
        let Some(entry) = self.entries.get_mut(&job).filter(|entry| entry.phase != Phase::Finished) else { return };
        entry.phase = phase;
        entry.place = place;
        entry.ready_at = ready_at.unwrap_or(entry.ready_at);
    }

    /// Its attempt has started.
    pub fn start(&mut self, job: u32) {
        self.enter(job, Phase::Running, None);
    }

    /// Waits for its next attempt.
    pub fn wait(&mut self, job: u32, ready_at: f64) {
        self.enter(job, Phase::Pending, Some(ready_at));
    }

    /// Another priority; a job that waits goes to the back of that level.
    pub fn set_priority(&mut self, job: u32, priority: f64, now: f64) {
        let Some(entry) = self.entries.get_mut(&job) else { return };
        entry.priority = priority;
        if entry.phase == Phase::Pending {
            let ready_at = entry.ready_at.max(now);
            self.enter(job, Phase::Pending, Some(ready_at));
        }
    }

    /// When it may start at the earliest.
    #[must_use]
    pub fn ready_at(&self, job: u32) -> Option<f64> {
        self.entries.get(&job).map(|entry| entry.ready_at)
    }

    /// Has ended. False if it had before.
    pub fn finish(&mut self, job: u32) -> bool {
        let Some(entry) = self.entries.get_mut(&job).filter(|entry| entry.phase != Phase::Finished) else {
            return false;
        };
        entry.phase = Phase::Finished;
        self.finished.push_back(job);
        self.active -= 1;
        true
    }

    /// Numbers an event.
    pub fn note(&mut self, job: u32, change: Change) -> u64 {
        let number = self.next();
        if let Some(Entry { changes, .. }) = self.entries.get_mut(&job) {
            match change {
                Change::Status => changes.status = number,
                Change::Progress => changes.progress = Some(number),
                Change::End => changes.end = Some(number),
            }
        }
        number
    }

    /// The numbers of a job's latest events.
    #[must_use]
    pub fn changes(&self, job: u32) -> Option<Changes> {
        self.entries.get(&job).map(|entry| entry.changes)
    }

    /// Lets go of finished jobs beyond those it keeps, the oldest first; says which.
    pub fn retire(&mut self) -> Vec<u32> {
        let mut gone = Vec::new();
        while self.finished.len() as f64 > self.retain
            && let Some(job) = self.finished.pop_front()
        {
            self.entries.remove(&job);
            gone.push(job);
        }
        gone
    }

    /// Lets go of all finished jobs; says which, the oldest first.
    pub fn clear(&mut self) -> Vec<u32> {
        let gone: Vec<u32> = self.finished.drain(..).collect();
        for job in &gone {
            self.entries.remove(job);
        }
        gone
    }

    /// Lets go of one finished job.
    pub fn forget(&mut self, job: u32) {
        self.finished.retain(|finished| *finished != job);
        self.entries.remove(&job);
    }

    /// Running, in the order of their starts.
    #[must_use]
    pub fn running(&self) -> Vec<u32> {
        self.in_phase(Phase::Running, |one, other| one.place.cmp(&other.place))
    }

    /// Pending: the highest priority first, then who may start earlier, then who came first.
    #[must_use]
    pub fn pending(&self) -> Vec<u32> {
        self.in_phase(Phase::Pending, |one, other| {
            let by_priority = other.priority.total_cmp(&one.priority);
            by_priority.then(one.ready_at.total_cmp(&other.ready_at)).then(one.place.cmp(&other.place))
        })
    }

    /// All: running, pending, then finished, newest first.
    #[must_use]
    pub fn order(&self) -> Vec<u32> {
        let mut order = self.running();
        order.extend(self.pending());
        order.extend(self.finished.iter().rev());
        order
    }

    fn in_phase(&self, phase: Phase, compare: impl Fn(&Entry, &Entry) -> Ordering) -> Vec<u32> {
        if self.active == 0 {
            return Vec::new();
        }
        let mut found: Vec<(&u32, &Entry)> = self.entries.iter().filter(|(_, entry)| entry.phase == phase).collect();
        found.sort_by(|(_, one), (_, other)| compare(one, other));
        found.into_iter().map(|(job, _)| *job).collect()
    }
}
