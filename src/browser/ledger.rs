//! The engine, its effects, and what belongs to them.
//!
//! Everything here is done under one borrow, so nothing here runs, wakes or drops what belongs to a caller.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::erased_job::ErasedJob;
use super::notify::Notify;
use crate::engine::{
    Command, Effect, Effects, Engine, JobId, ListenerId, ManagerId, ManagerOptions, Refusal, Reply, Targets, Time,
    ValueId, WaiterId,
};

pub(crate) struct Ledger {
    pub(crate) engine: Engine,
    pub(crate) manager: ManagerId,
    now: Time,
    effects: Effects,
    /// How many of the effects are noted, and how many are given out.
    noted: usize,
    given: usize,
    pub(crate) jobs: HashMap<JobId, Rc<dyn ErasedJob>>,
    waiters: HashMap<WaiterId, (JobId, Rc<Notify>)>,
    /// Those of a job, and some whose time was up.
    waiters_of: HashMap<JobId, Vec<WaiterId>>,
    /// Each opens when fewer are pending.
    below: Vec<(u32, Rc<Notify>)>,
    pub(crate) idle: Rc<Notify>,
    /// For the effects still to be given out that open some.
    pub(crate) due: VecDeque<Vec<Rc<Notify>>>,
    /// Lines of logs that effects still to be given out carry, by their numbers.
    lines: Vec<Rc<str>>,
}

impl Ledger {
    pub(crate) fn new(now: Time, options: &ManagerOptions) -> Result<Self, Refusal> {
        let mut ledger = Self {
            engine: Engine::new(),
            manager: ManagerId(0),
            now,
            effects: Effects::new(),
            noted: 0,
            given: 0,
            jobs: HashMap::new(),
            waiters: HashMap::new(),
            waiters_of: HashMap::new(),
            below: Vec::new(),
            idle: Rc::default(),
            due: VecDeque::new(),
            lines: Vec::new(),
        };
        if let Reply::Manager(manager) = ledger.handle(now, Command::CreateManager(options))? {
            ledger.manager = manager;
        }
        Ok(ledger)
    }

    /// A number for the line, good until the effects under way have been given out.
    pub(crate) fn keep_line(&mut self, line: Rc<str>) -> ValueId {
        self.lines.push(line);
        ValueId(self.lines.len() as u32 - 1)
    }

    pub(crate) fn line(&self, ValueId(number): ValueId) -> Option<Rc<str>> {
        self.lines.get(number as usize).cloned()
    }

    /// What it decides has to be noted before anything else is done.
    pub(crate) fn handle(&mut self, now: Time, command: Command<'_>) -> Result<Reply, Refusal> {
        self.now = now;
        self.engine.handle(now, command, &mut self.effects)
    }

    /// Takes down what the last command has decided.
    pub(crate) fn commit(&mut self) {
        while let Some(effect) = self.effects.as_slice().get(self.noted).copied() {
            self.noted += 1;
            match effect {
                Effect::Ended { job, completion, cause, .. } => {
                    self.drop_waiters(job);
                    if let Some(job) = self.jobs.get(&job) {
                        job.note_end(completion, cause);
                    }
                }
                // Whoever begins to wait from here on waits for the next time.
                Effect::PendingBelow { .. } => self.note_below(),
                Effect::Idle { .. } => self.due.push_back(vec![std::mem::take(&mut self.idle)]),
                Effect::WaitOver { waiter } => {
                    self.due.push_back(self.waiters.remove(&waiter).map(|(_, notify)| notify).into_iter().collect());
                }
                _ => {}
            }
        }
    }

    /// Opens in time, unless the job has ended by then.
    pub(crate) fn add_waiter(&mut self, waiter: WaiterId, job: JobId, notify: Rc<Notify>) {
        self.waiters.insert(waiter, (job, notify));
        self.waiters_of.entry(job).or_default().push(waiter);
    }

    fn drop_waiters(&mut self, job: JobId) {
        for waiter in self.waiters_of.remove(&job).unwrap_or_default() {
            if self.waiters.get(&waiter).is_some_and(|(of, _)| *of == job) {
                self.waiters.remove(&waiter);
            }
        }
    }

    /// What opens when fewer than `size` are pending.
    pub(crate) fn below(&mut self, size: u32) -> Rc<Notify> {
        if let Some((_, notify)) = self.below.iter().find(|(of, _)| *of == size) {
            return notify.clone();
        }
        let notify = Rc::<Notify>::default();
        self.below.push((size, notify.clone()));
        notify
    }

    fn note_below(&mut self) {
        let pending = self.engine.stats(self.manager).map_or(0, |stats| stats.pending);
        let (due, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.below).into_iter().partition(|(size, _)| pending < *size);
        self.due.push_back(due.into_iter().map(|(_, notify)| notify).collect());
        self.below = waiting;
        if let Some(size) = self.below.iter().map(|(size, _)| f64::from(*size)).reduce(f64::max) {
            // Refused are only sizes that were refused before.
            let _ = self.handle(self.now, Command::AwaitPendingBelow { manager: self.manager, size });
        }
    }

    /// What is to be done next. When there is nothing left, numbers of what is gone may be used again.
    pub(crate) fn next_effect(&mut self) -> Option<Effect> {
        if let Some(effect) = self.effects.as_slice().get(self.given) {
            self.given += 1;
            return Some(*effect);
        }
        self.effects.clear();
        self.lines.clear();
        (self.noted, self.given) = (0, 0);
        // Recycling is never refused and causes nothing.
        let _ = self.handle(self.now, Command::Recycle);
        None
    }

    pub(crate) fn targets(&self, to: Targets) -> Vec<ListenerId> {
        self.effects.targets(to).to_vec()
    }

    /// Without the manager's own.
    pub(crate) fn live_records(&self) -> usize {
        self.engine.live_records().saturating_sub(1)
            + self.jobs.len()
            + self.waiters.len()
            + self.due.len()
            + self.lines.len()
            + self.effects.as_slice().len()
    }
}
