//! Which jobs there are, in which order they are listed, and which finished ones are let go of.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

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

/// In the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    /// In the ready queue.
    Ready,
    /// Its delay, or its wait for a retry, is not over.
    Delayed,
    Finished,
}

/// Where a job is listed: by its phase, then by what counts in that phase.
type Rank = (Phase, [u64; 3]);

#[derive(Debug)]
struct Entry {
    phase: Phase,
    priority: f64,
    /// Since when it is in the ready queue, or when it will be.
    ready_at: f64,
    /// When it came to where it is, counted in changes.
    place: u64,
    changes: Changes,
}

impl Entry {
    fn rank(&self) -> Rank {
        let (first, at) = (ascending(0.0 - self.priority), ascending(self.ready_at));
        let key = match self.phase {
            Phase::Running => [self.place, 0, 0],
            Phase::Ready => [first, at, self.place],
            Phase::Delayed => [at, first, self.place],
            // The newest first.
            Phase::Finished => [u64::MAX - self.place, 0, 0],
        };
        (self.phase, key)
    }
}

/// A number that sorts as the given one does.
fn ascending(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// The jobs of one runner, by number. Each change costs the logarithm of how many there are.
#[derive(Debug)]
pub struct Store {
    entries: BTreeMap<u32, Entry>,
    /// All but those in `finished`, as they are listed.
    listed: BTreeSet<(Rank, u32)>,
    /// In the order in which their ends were told.
    finished: VecDeque<u32>,
    retain: f64,
    serial: u64,
}

impl Store {
    /// Keeps the latest `retain` finished jobs; infinite: all.
    #[must_use]
    pub fn new(retain: f64) -> Self {
        let (entries, listed, finished) = (BTreeMap::new(), BTreeSet::new(), VecDeque::new());
        Self { entries, listed, finished, retain, serial: 0 }
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
        let entry = Entry { phase, priority, ready_at, place, changes };
        self.listed.insert((entry.rank(), job));
        self.entries.insert(job, entry);
    }

    /// Changes a job that has not finished, and where it is listed. False: there is none.
    fn change(&mut self, job: u32, change: impl FnOnce(&mut Entry)) -> bool {
        let Some(entry) = self.entries.get_mut(&job).filter(|entry| entry.phase != Phase::Finished) else {
            return false;
        };
        self.listed.remove(&(entry.rank(), job));
        change(entry);
        self.listed.insert((entry.rank(), job));
        true
    }

    fn enter(&mut self, job: u32, phase: Phase, ready_at: Option<f64>) {
        let place = self.next();
        self.change(job, |entry| {
            entry.phase = phase;
            entry.place = place;
            entry.ready_at = ready_at.unwrap_or(entry.ready_at);
        });
    }

    /// Its attempt has started.
    pub fn start(&mut self, job: u32) {
        self.enter(job, Phase::Running, None);
    }

    /// Waits for its next attempt.
    pub fn wait(&mut self, job: u32, ready_at: f64) {
        self.enter(job, Phase::Delayed, Some(ready_at));
    }

    /// Another priority; a job in the ready queue goes to the back of that level.
    pub fn set_priority(&mut self, job: u32, priority: f64, now: f64) {
        let place = self.next();
        self.change(job, |entry| {
            entry.priority = priority;
            if entry.phase == Phase::Ready {
                entry.place = place;
                entry.ready_at = now;
            }
        });
    }

    /// Puts those in the ready queue whose wait is over; says which.
    pub fn promote_due(&mut self, now: f64) -> Vec<u32> {
        let due: Vec<u32> = self.delayed().take_while(|(_, at)| *at <= now).map(|(job, _)| job).collect();
        for job in &due {
            self.change(*job, |entry| entry.phase = Phase::Ready);
        }
        due
    }

    /// When the next wait is over; infinite: nobody has to wait.
    #[must_use]
    pub fn next_ready(&self) -> f64 {
        self.delayed().next().map_or(f64::INFINITY, |(_, at)| at)
    }

    fn delayed(&self) -> impl Iterator<Item = (u32, f64)> {
        let delayed = self.listed.range((from(Phase::Delayed), 0)..(from(Phase::Finished), 0));
        delayed.filter_map(|(_, job)| Some((*job, self.entries.get(job)?.ready_at)))
    }

    /// Has ended, which has yet to be told. False if it had before.
    pub fn finish(&mut self, job: u32) -> bool {
        self.change(job, |entry| entry.phase = Phase::Finished)
    }

    /// Numbers an event that is being told. Of ended jobs the order is that in which their ends are told.
    pub fn note(&mut self, job: u32, change: Change) -> u64 {
        let number = self.next();
        let Some(entry) = self.entries.get_mut(&job) else { return number };
        match change {
            Change::Status => entry.changes.status = number,
            Change::Progress => entry.changes.progress = Some(number),
            Change::End if entry.changes.end.is_some() => {}
            Change::End => {
                self.listed.remove(&(entry.rank(), job));
                entry.phase = Phase::Finished;
                entry.changes.end = Some(number);
                self.finished.push_back(job);
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
            self.listed.remove(&(entry.rank(), job));
        }
    }

    /// Running, in the order of their starts.
    #[must_use]
    pub fn running(&self) -> Vec<u32> {
        self.between(Phase::Running, Phase::Ready)
    }

    /// Pending: those in the ready queue, the highest priority first, then who came first; then those that have to wait
    /// first, by the ends of their waits.
    #[must_use]
    pub fn pending(&self) -> Vec<u32> {
        self.between(Phase::Ready, Phase::Finished)
    }

    fn between(&self, first: Phase, end: Phase) -> Vec<u32> {
        self.listed.range((from(first), 0)..(from(end), 0)).map(|(_, job)| *job).collect()
    }

    /// All whose ends have not been told: running, pending, then those that have ended, newest first.
    #[must_use]
    pub fn untold(&self) -> Vec<u32> {
        self.listed.iter().map(|(_, job)| *job).collect()
    }

    /// All: running, pending, then finished, newest first. Those whose ends have yet to be told are the newest.
    #[must_use]
    pub fn order(&self) -> Vec<u32> {
        let mut order = self.untold();
        order.extend(self.finished.iter().rev());
        order
    }
}

/// The first rank of a phase.
fn from(phase: Phase) -> Rank {
    (phase, [0; 3])
}
