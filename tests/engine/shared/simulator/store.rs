//! The store: every transaction happens whole, one after the other. What must hold of it is checked where it is written.

use std::collections::{BTreeMap, BTreeSet};

use jobgate::engine::OnDuplicate;
use jobgate::engine::shared::transactions::{self, Found};
use jobgate::engine::shared::{Claim, Create, Lock, Outcome, Row, SharedJobId, SlotRow, Status};

pub const MAX_INTERRUPTIONS: u32 = 3;

#[derive(Debug, Clone)]
pub struct Stored {
    pub row: Row,
    pub kind: usize,
    pub key: Option<u64>,
    pub steps: BTreeSet<u32>,
    /// The store's counter when it was written last.
    pub changed: u64,
}

/// What a tab asks of the store.
#[derive(Debug, Clone)]
pub enum Transaction {
    Read { held: Vec<Lock> },
    Enter { lock: Lock, claim: Option<(SharedJobId, Claim)> },
    Retire { lock: Lock, beat: u32 },
    Settle { job: SharedJobId, epoch: u32, lock: Lock, outcome: Outcome },
    Mark { job: SharedJobId, epoch: u32, lock: Lock },
    Acknowledge { job: SharedJobId, epoch: u32, number: u32 },
    Step { job: SharedJobId, epoch: u32, step: u32 },
    Create { job: SharedJobId, kind: usize, key: Option<u64>, on_duplicate: OnDuplicate, row: Row },
    Stop(SharedJobId),
    Prioritize(SharedJobId, f64),
    Send(SharedJobId),
}

#[derive(Debug, Default)]
pub struct Store {
    pub jobs: BTreeMap<SharedJobId, Stored>,
    pub slots: Vec<(SlotRow, Option<SharedJobId>)>,
    pub counter: u64,
    /// By slot: runs that were left by pages that went.
    marks: BTreeMap<u32, (SharedJobId, u32)>,
    /// Those that were found and heeded.
    pub handed_over: u64,
    /// Who has claimed which epoch.
    recorders: BTreeMap<(SharedJobId, u32), usize>,
    /// Jobs for which a stop was recorded before they had ended.
    pub stops: BTreeSet<SharedJobId>,
}

impl Store {
    pub fn new(slots: u32) -> Self {
        Self { slots: vec![Default::default(); slots as usize], ..Self::default() }
    }

    fn row(&self, job: SharedJobId) -> Option<&Row> {
        self.jobs.get(&job).map(|stored| &stored.row)
    }

    fn put(&mut self, job: SharedJobId, row: Row) {
        self.counter += 1;
        let stored = self.jobs.get_mut(&job).unwrap();
        assert!(!stored.row.status.is_end(), "{job:?} has ended, and is written");
        assert!(row.epoch >= stored.row.epoch && row.handled >= stored.row.handled && row.sent >= stored.row.sent);
        stored.row = row;
        stored.changed = self.counter;
        if row.status.is_end() {
            stored.steps.clear();
            let key = stored.key;
            let behind = self.jobs.iter().find(|(_, other)| key.is_some() && other.key == key && other.row.behind);
            if let Some((&next, promoted)) =
                behind.and_then(|(id, other)| Some((id, transactions::promote(&other.row)?)))
            {
                self.put(next, promoted);
            }
        }
    }

    fn within(&self, lock: Lock) -> Option<(SharedJobId, Row)> {
        let job = self.slots[lock.slot as usize].1?;
        Some((job, *self.row(job)?))
    }

    /// Who writes for a run is who has claimed it.
    fn check_recorder(&self, tab: usize, job: SharedJobId, epoch: u32) {
        assert_eq!(self.recorders.get(&(job, epoch)), Some(&tab), "{job:?}, epoch {epoch}: another recorder");
    }

    fn check(&self) {
        let running: Vec<_> = self.jobs.iter().filter(|(_, stored)| stored.row.status == Status::Running).collect();
        assert!(running.len() <= self.slots.len(), "more run than may");
        for (id, stored) in running {
            let (slot, job) = self.slots[stored.row.slot as usize];
            assert!(slot.generation == stored.row.generation && job == Some(*id), "{id:?} runs in a slot of another");
        }
        let mut standing = BTreeSet::new();
        for stored in self.jobs.values().filter(|stored| !stored.row.status.is_end() && stored.key.is_some()) {
            assert!(standing.insert((stored.key, stored.row.behind)), "two stand under {:?}", stored.key);
        }
    }

    /// Whether anything was written of what was asked for.
    pub fn commit(&mut self, tab: usize, wall: f64, random: f64, transaction: &Transaction) -> bool {
        let written = self.write(tab, wall, random, transaction);
        self.check();
        written
    }

    fn write(&mut self, tab: usize, wall: f64, random: f64, transaction: &Transaction) -> bool {
        match *transaction {
            Transaction::Read { ref held } => {
                for lock in held {
                    let (slot, _) = &mut self.slots[lock.slot as usize];
                    *slot = slot.beaten(lock.generation).unwrap_or(*slot);
                }
                true
            }
            Transaction::Enter { lock, claim } => self.enter(tab, wall, lock, claim),
            Transaction::Mark { job, epoch, lock } => {
                self.marks.insert(lock.slot, (job, epoch));
                true
            }
            Transaction::Retire { lock, beat } => {
                let (place, within) = ((lock.slot, lock.generation), self.within(lock));
                let stored = self.slots[lock.slot as usize].0;
                let row = within.as_ref().map(|(_, row)| row);
                let Some((slot, recovered)) = transactions::retire(place, beat, stored, row, wall, MAX_INTERRUPTIONS)
                else {
                    return false;
                };
                self.slots[lock.slot as usize] = (slot, None);
                if let (Some((id, _)), Some((row, _))) = (within, recovered) {
                    self.put(id, row);
                }
                true
            }
            Transaction::Settle { job, epoch, lock, outcome } => {
                let settled = self.row(job).and_then(|row| transactions::settle(row, epoch, outcome, wall, random));
                let Some(row) = settled else { return false };
                self.check_recorder(tab, job, epoch);
                self.slots[lock.slot as usize].1 = None;
                self.put(job, row);
                true
            }
            Transaction::Acknowledge { job, epoch, number } => {
                let next = self.row(job).and_then(|row| transactions::acknowledge(row, epoch, number));
                next.is_some_and(|row| {
                    self.check_recorder(tab, job, epoch);
                    self.put(job, row);
                    true
                })
            }
            Transaction::Step { job, epoch, step } => {
                let owned = self.row(job).is_some_and(|row| row.is_owned(epoch));
                if owned {
                    self.check_recorder(tab, job, epoch);
                    assert!(self.jobs.get_mut(&job).unwrap().steps.insert(step), "{job:?}: step {step} recorded twice");
                }
                owned
            }
            Transaction::Create { job, kind, key, on_duplicate, row } => {
                self.create(job, kind, key, on_duplicate, wall, row)
            }
            Transaction::Stop(job) => {
                let stopped = self.row(job).and_then(|row| transactions::stop(row, wall));
                if let Some(row) = stopped {
                    self.stops.insert(job);
                    self.put(job, row);
                }
                stopped.is_some()
            }
            Transaction::Prioritize(job, priority) => {
                let place = self.counter as f64;
                let changed = self.row(job).and_then(|row| transactions::prioritize(row, priority, place));
                changed.is_some_and(|row| {
                    self.put(job, row);
                    true
                })
            }
            Transaction::Send(job) => {
                let changed = self.row(job).and_then(transactions::send);
                changed.is_some_and(|row| {
                    self.put(job, row);
                    true
                })
            }
        }
    }

    /// What was left in the slot by a page that said so has been handed over.
    fn heed(&mut self, slot: u32, wall: f64) {
        let Some((job, epoch)) = self.marks.remove(&slot) else { return };
        if self.slots[slot as usize].1 != Some(job) {
            return;
        }
        let settled = self.row(job).and_then(|row| transactions::settle(row, epoch, Outcome::Released, wall, 0.0));
        if let Some(row) = settled {
            self.handed_over += 1;
            self.slots[slot as usize].1 = None;
            self.put(job, row);
        }
    }

    fn enter(&mut self, tab: usize, wall: f64, lock: Lock, claim: Option<(SharedJobId, Claim)>) -> bool {
        self.heed(lock.slot, wall);
        let (place, within) = ((lock.slot, lock.generation), self.within(lock));
        let target = claim.and_then(|(id, claim)| Some((*self.row(id)?, claim)));
        let entered = transactions::enter(
            place,
            self.slots[lock.slot as usize].0,
            within.as_ref().map(|(_, row)| row),
            target.as_ref().map(|(row, claim)| (row, *claim)),
            wall,
            MAX_INTERRUPTIONS,
        );
        let Some(entered) = entered else { return false };
        self.slots[lock.slot as usize] = (entered.slot, None);
        if let (Some((id, _)), Some((row, _))) = (within, entered.recovered) {
            self.put(id, row);
        }
        let Some(((id, claim), row)) = claim.zip(entered.claimed) else { return claim.is_none() };
        assert!(!row.stop, "{id:?} was asked to stop, and is run");
        assert_eq!(row.epoch, claim.epoch + 1);
        assert!(self.recorders.insert((id, row.epoch), tab).is_none(), "{id:?}: epoch {} claimed twice", row.epoch);
        self.slots[lock.slot as usize].1 = Some(id);
        self.put(id, row);
        true
    }

    fn create(
        &mut self,
        job: SharedJobId,
        kind: usize,
        key: Option<u64>,
        on_duplicate: OnDuplicate,
        wall: f64,
        row: Row,
    ) -> bool {
        let under_key = |behind: bool| {
            let is_it = |stored: &Stored| {
                key.is_some() && stored.key == key && !stored.row.status.is_end() && stored.row.behind == behind
            };
            self.jobs.iter().find(|(_, stored)| is_it(stored)).map(|(id, stored)| (*id, stored.row))
        };
        let (standing, waiting) = (under_key(false), under_key(true));
        let found = Found {
            same: self.row(job),
            standing: standing.as_ref().map(|(_, row)| row),
            waiting: waiting.as_ref().map(|(_, row)| row),
            pending: 0.0,
        };
        let Create::Insert { behind, stops_standing, stops_waiting } =
            transactions::create(found, on_duplicate, f64::INFINITY)
        else {
            return false;
        };
        for (id, row) in [waiting.filter(|_| stops_waiting), standing.filter(|_| stops_standing)].into_iter().flatten()
        {
            if let Some(row) = transactions::stop(&row, wall) {
                self.stops.insert(id);
                self.put(id, row);
            }
        }
        self.counter += 1;
        let row = Row { place: self.counter as f64, behind, ..row };
        self.jobs.insert(job, Stored { row, kind, key, steps: BTreeSet::new(), changed: self.counter });
        true
    }
}
