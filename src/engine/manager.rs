//! One manager's record: limits, the ready queue, statistics, rate window.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use std::rc::Rc;

use super::deadlines::TimerHandle;
use super::group::{Fnv, Group};
use super::job::Job;
use super::lazy_heap::LazyHeap;
use super::options::{Limits, Plan};
use super::queue::ReadyQueue;
use super::rate::{Limit, RateLimit};
use super::slab::{NONE, Slab};
use super::time::Time;

/// Counts of a manager's jobs. The last four count since the manager was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Stats {
    /// Not running, not ended.
    pub pending: u32,
    /// In a slot, also while stopping.
    pub running: u32,
    /// Ended normal.
    pub completed: u32,
    /// Ended failed.
    pub failed: u32,
    /// Ended cancelled.
    pub cancelled: u32,
    /// All that were ever created.
    pub total: u32,
}

#[derive(Debug)]
pub(crate) struct Manager {
    pub(crate) concurrency: u32,
    pub(crate) group_concurrency: u32,
    pub(crate) group_rate: Limit,
    pub(crate) rate: RateLimit,
    /// While that alone holds jobs back: until when.
    pub(crate) limited_until: Option<Time>,
    /// The one that watchers know of, in whole milliseconds.
    pub(crate) told_limit: Option<u64>,
    pub(crate) max_pending: u32,
    pub(crate) retain: usize,
    /// Of jobs that do not say.
    pub(crate) plan: Rc<Plan>,
    pub(crate) paused: bool,
    pub(crate) closed: bool,
    /// Nobody holds it any more: goes with its last job.
    pub(crate) orphaned: bool,
    pub(crate) stats: Stats,
    pub(crate) version: u32,
    /// Among those that the command in hand has marked dirty.
    pub(crate) dirty: bool,
    /// Something that its watchers can see has changed.
    pub(crate) has_changed: bool,
    /// As its watchers know them; means nothing before the first.
    pub(crate) told: Stats,
    pub(crate) awaits_idle: bool,
    /// Someone waits for fewer pending ones than this; 0: nobody does.
    pub(crate) awaits_below: u32,
    pub(crate) emitter: u32,
    /// All its jobs, oldest to newest: an intrusive linked list.
    pub(crate) oldest: u32,
    pub(crate) newest: u32,
    /// Ended jobs that are kept, first to last that ended: linked through the fields of the ready queue, which they have
    /// left.
    pub(super) first_retained: u32,
    pub(super) last_retained: u32,
    pub(super) retained: usize,
    pub(crate) rate_window: TimerHandle,
    /// When that falls due.
    pub(crate) rate_window_at: Time,
    /// The latest moment at which a delay or a retry's wait of its jobs was over.
    pub(crate) lined_up_at: Time,
    /// Jobs that hold a slot and whose bodies the driver has not begun to call.
    pub(crate) granted: u32,
    pub(super) line: ReadyQueue,
    pub(super) groups: Slab<Group, 8>,
    pub(super) group_names: HashMap<Rc<str>, u32, BuildHasherDefault<Fnv>>,
    /// The firsts of the groups that have room.
    pub(super) heads: LazyHeap,
    /// When the rate limits of groups let their firsts start.
    pub(super) openings: LazyHeap,
    pub(super) dirty_groups: Vec<u32>,
    /// When the starts of groups count no longer, for groups that nobody is in any more.
    pub(super) group_starts: VecDeque<(Time, u32)>,
}

impl Manager {
    pub(crate) fn new(limits: &Limits, plan: Plan, paused: bool) -> Self {
        let mut manager = Self {
            concurrency: limits.concurrency,
            group_concurrency: limits.group_concurrency,
            group_rate: limits.group_rate,
            rate: RateLimit::new(None),
            limited_until: None,
            told_limit: None,
            max_pending: limits.max_pending,
            retain: limits.retain,
            plan: Rc::new(plan),
            paused,
            closed: false,
            orphaned: false,
            stats: Stats::default(),
            version: 0,
            dirty: false,
            has_changed: false,
            told: Stats::default(),
            awaits_idle: false,
            awaits_below: 0,
            emitter: NONE,
            oldest: NONE,
            newest: NONE,
            first_retained: NONE,
            last_retained: NONE,
            retained: 0,
            rate_window: TimerHandle::NONE,
            rate_window_at: Time::default(),
            lined_up_at: Time::default(),
            granted: 0,
            line: ReadyQueue::default(),
            groups: Slab::new(),
            group_names: HashMap::default(),
            heads: LazyHeap::default(),
            openings: LazyHeap::default(),
            dirty_groups: Vec::new(),
            group_starts: VecDeque::new(),
        };
        manager.rate.change(limits.rate);
        if limits.counts_starts {
            manager.rate.remember();
        }
        manager
    }

    // ── what the end of the command sees to ─────────────────────────────────────────────────────

    /// Its watchers are told.
    pub(crate) fn changed(&mut self, index: u32, dirty: &mut Vec<u32>) {
        self.has_changed = true;
        self.mark_dirty(index, dirty);
    }

    /// Its slots are filled.
    pub(crate) fn mark_dirty(&mut self, index: u32, dirty: &mut Vec<u32>) {
        if !std::mem::replace(&mut self.dirty, true) {
            dirty.push(index);
        }
    }

    // ── the list of all jobs ────────────────────────────────────────────────────────────────────

    /// A new record, behind all others. Returns its index.
    pub(crate) fn append(&mut self, jobs: &mut Slab<Job>, mut job: Job) -> u32 {
        job.older = self.newest;
        let index = jobs.insert(job);
        let older = std::mem::replace(&mut self.newest, index);
        match jobs.get_mut(older) {
            Some(job) => job.newer = index,
            None => self.oldest = index,
        }
        index
    }

    pub(crate) fn unlink(&mut self, jobs: &mut Slab<Job>, older: u32, newer: u32) {
        match jobs.get_mut(older) {
            Some(job) => job.newer = newer,
            None => self.oldest = newer,
        }
        match jobs.get_mut(newer) {
            Some(job) => job.older = older,
            None => self.newest = older,
        }
    }

    // ── retained jobs ───────────────────────────────────────────────────────────────────────────

    /// Links one that has ended as the latest of those retained. Returns the oldest if that is one too many: the caller drops it.
    pub(crate) fn push_retained(&mut self, jobs: &mut Slab<Job>, index: u32) -> Option<u32> {
        let ahead = std::mem::replace(&mut self.last_retained, index);
        if let Some(job) = jobs.get_mut(index) {
            (job.ahead, job.behind, job.is_retained) = (ahead, NONE, true);
        }
        match jobs.get_mut(ahead) {
            Some(job) => job.behind = index,
            None => self.first_retained = index,
        }
        self.retained += 1;
        (self.retained > self.retain).then_some(self.first_retained)
    }

    /// Takes it out of those retained, wherever it stands.
    pub(crate) fn drop_retained(&mut self, jobs: &mut Slab<Job>, index: u32) {
        let Some(job) = jobs.get_mut(index).filter(|job| job.is_retained) else { return };
        job.is_retained = false;
        let (ahead, behind) = (job.ahead, job.behind);
        match jobs.get_mut(ahead) {
            Some(job) => job.behind = behind,
            None => self.first_retained = behind,
        }
        match jobs.get_mut(behind) {
            Some(job) => job.ahead = ahead,
            None => self.last_retained = ahead,
        }
        self.retained -= 1;
    }

    pub(crate) fn first_retained(&self) -> Option<u32> {
        Some(self.first_retained).filter(|job| *job != NONE)
    }
}
