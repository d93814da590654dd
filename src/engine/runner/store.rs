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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// In line for a slot.
    Ready,
    /// Its delay, or its wait for a retry, is not over.
    Delayed,
    Finished,
}

#[derive(Debug)]
struct Entry {
    phase: Phase,
    priority: f64,
    /// Since when it is in line, or when it will be.
    ready_at: f64,
    /// When it came to where it is, counted in changes.
    place: u64,
    changes: Changes,
}

/// The jobs of one runner, by number.
#[derive(Debug)]
pub struct Store {
    entries: BTreeMap<u32, Entry>,
    /// In the order in which their ends were told.
    finished: VecDeque<u32>,
    retain: f64,
    serial: u64,
    /// How many others there are.
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

    /// A new job, pending, that may start in `delay` milliseconds at the earliest.
    pub fn add(&mut self, job: u32, priority: f64, now: f64, delay: f64) {
        let place = self.next();
        let changes = Changes { status: place, progress: None, end: None };
        let (phase, ready_at) = if delay > 0.0 { (Phase::Delayed, now + delay) } else { (Phase::Ready, now) };
        self.entries.insert(job, Entry { phase, priority, ready_at, place, changes });
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
        self.enter(job, Phase::Delayed, Some(ready_at));
    }

    /// Another priority; a job in line goes to the back of that level.
    pub fn set_priority(&mut self, job: u32, priority: f64, now: f64) {
        let Some(entry) = self.entries.get_mut(&job) else { return };
        entry.priority = priority;
        if entry.phase == Phase::Ready {
            self.enter(job, Phase::Ready, Some(now));
        }
    }

    /// Of a job that has to wait first: until when.
    #[must_use]
    pub fn ready_at(&self, job: u32) -> Option<f64> {
        self.entries.get(&job).filter(|entry| entry.phase == Phase::Delayed).map(|entry| entry.ready_at)
    }

    /// Puts those in line whose wait is over. False if there are none.
    pub fn ripen(&mut self, now: f64) -> bool {
        let mut any = false;
        for entry in self.entries.values_mut() {
            if entry.phase == Phase::Delayed && entry.ready_at <= now {
                entry.phase = Phase::Ready;
                any = true;
            }
        }
        any
    }

    /// When the next wait is over; infinite: nobody has to wait.
    #[must_use]
    pub fn next_ready(&self) -> f64 {
        let waiting = self.entries.values().filter(|entry| entry.phase == Phase::Delayed);
        waiting.map(|entry| entry.ready_at).fold(f64::INFINITY, f64::min)
    }

    /// Has ended, which has yet to be told. False if it had before.
    pub fn finish(&mut self, job: u32) -> bool {
        let Some(entry) = self.entries.get_mut(&job).filter(|entry| entry.phase != Phase::Finished) else {
            return false;
        };
        entry.phase = Phase::Finished;
        true
    }

    /// Numbers an event that is being told. Of ended jobs the order is that in which their ends are told.
    pub fn note(&mut self, job: u32, change: Change) -> u64 {
        let number = self.next();
        let Some(Entry { phase, changes, .. }) = self.entries.get_mut(&job) else { return number };
        match change {
            Change::Status => changes.status = number,
            Change::Progress => changes.progress = Some(number),
            Change::End if changes.end.is_some() => {}
            Change::End => {
                *phase = Phase::Finished;
                changes.end = Some(number);
                self.finished.push_back(job);
                self.active -= 1;
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

    /// Lets go of all finished jobs whose ends have been told; says which, the oldest first.
    pub fn clear(&mut self) -> Vec<u32> {
        let gone: Vec<u32> = self.finished.drain(..).collect();
        for job in &gone {
            self.entries.remove(job);
        }
        gone
    }

    /// Lets go of one job, whatever it is at.
    pub fn forget(&mut self, job: u32) {
        let Some(entry) = self.entries.remove(&job) else { return };
        if entry.changes.end.is_some() {
            self.finished.retain(|finished| *finished != job);
        } else {
            self.active -= 1;
        }
    }

    /// Running, in the order of their starts.
    #[must_use]
    pub fn running(&self) -> Vec<u32> {
        self.sorted(|Entry { phase, place, .. }| (*phase == Phase::Running).then_some([0.0, 0.0, 0.0, *place as f64]))
    }

    /// Pending: those in line, the highest priority first, then who came first; then those that have to wait first,
    /// by the ends of their waits.
    #[must_use]
    pub fn pending(&self) -> Vec<u32> {
        self.sorted(|&Entry { phase, priority, ready_at, place, .. }| match phase {
            Phase::Ready => Some([0.0, 0.0 - priority, ready_at, place as f64]),
            Phase::Delayed => Some([1.0, ready_at, 0.0 - priority, place as f64]),
            _ => None,
        })
    }

    /// All: running, pending, then finished, newest first. Those whose ends have yet to be told are the newest.
    #[must_use]
    pub fn order(&self) -> Vec<u32> {
        let mut order = self.running();
        order.extend(self.pending());
        order.extend(self.sorted(|Entry { phase, place, changes, .. }| {
            let untold = *phase == Phase::Finished && changes.end.is_none();
            untold.then_some([0.0, 0.0, 0.0, 0.0 - *place as f64])
        }));
        order.extend(self.finished.iter().rev());
        order
    }

    /// The jobs that have a rank, the lowest first. One sort for all lists: each has its price in bytes.
    fn sorted(&self, rank: fn(&Entry) -> Option<[f64; 4]>) -> Vec<u32> {
        if self.active == 0 {
            return Vec::new();
        }
        let mut found: Vec<([f64; 4], u32)> =
            self.entries.iter().filter_map(|(job, entry)| Some((rank(entry)?, *job))).collect();
        found.sort_unstable_by(|(one, _), (other, _)| {
            let mut pairs = one.iter().zip(other).map(|(one, other)| one.total_cmp(other));
            pairs.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        found.into_iter().map(|(_, job)| job).collect()
    }
}
