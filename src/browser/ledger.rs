//! The engine, its effects, and what belongs to them.
//!
//! Everything here is done under one borrow, so nothing here runs, wakes or drops what belongs to a caller.

use std::collections::HashMap;
use std::rc::Rc;

use super::erased_job::ErasedJob;
use super::notify::Notify;
use crate::engine::{
    Command, Effect, Effects, Engine, JobId, ListenerId, ManagerId, ManagerOptions, OutOfBounds, Refusal, Reply,
    Targets, Time, ValueId, WaiterId,
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
            lines: Vec::new(),
        };
        if let Reply::Manager(manager) = ledger.handle(now, Command::CreateManager(options))? {
            ledger.manager = manager;
        }
        Ok(ledger)
    }

    /// A number for the line of a log, good until the effects under way have been given out.
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
        self.engine.handle(now, command, &mut self.effects).map_err(in_rust)
    }

    /// Takes down what the last command has decided.
    pub(crate) fn commit(&mut self) {
        while let Some(effect) = self.effects.as_slice().get(self.noted).copied() {
            self.noted += 1;
            if let Effect::Ended { job, cause, .. } = effect
                && let Some(job) = self.jobs.get(&job)
            {
                job.note_end(cause);
            }
        }
    }

    /// Opens in time, unless the job has ended by then.
    pub(crate) fn add_waiter(&mut self, waiter: WaiterId, job: JobId, notify: Rc<Notify>) {
        self.waiters.insert(waiter, (job, notify));
        self.waiters_of.entry(job).or_default().push(waiter);
    }

    pub(crate) fn take_waiter(&mut self, waiter: WaiterId) -> Option<Rc<Notify>> {
        self.waiters.remove(&waiter).map(|(_, notify)| notify)
    }

    /// It has ended.
    pub(crate) fn drop_waiters(&mut self, job: JobId) {
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

    /// What opens now that fewer are pending. Who was told before may have started more: then the wait goes on.
    pub(crate) fn take_below(&mut self) -> Vec<Rc<Notify>> {
        let Self { engine, effects, below, manager, now, .. } = self;
        let is_below = |(size, _): &mut (u32, _)| {
            let command = Command::AwaitPendingBelow { manager: *manager, size: f64::from(*size) };
            engine.handle(*now, command, effects) == Ok(Reply::Done)
        };
        below.extract_if(.., is_below).map(|(_, notify)| notify).collect()
    }

    /// The same of nothing being pending or running.
    pub(crate) fn take_idle(&mut self) -> Option<Rc<Notify>> {
        let is_idle = self.handle(self.now, Command::AwaitIdle(self.manager)) == Ok(Reply::Done);
        is_idle.then(|| std::mem::take(&mut self.idle))
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
            + self.lines.len()
            + self.effects.as_slice().len()
    }
}

/// The rules name options as TypeScript does.
fn in_rust(refusal: Refusal) -> Refusal {
    let Refusal::OutOfBounds(OutOfBounds { field, bound }) = refusal else { return refusal };
    let field = match field {
        "groupConcurrency" => "group_concurrency",
        "rateLimit.limit" => "rate_limit.0",
        "rateLimit.interval" => "rate_limit.1",
        "groupRateLimit.limit" => "group_rate_limit.0",
        "groupRateLimit.interval" => "group_rate_limit.1",
        "maxPending" => "max_pending",
        "abandonAfter" => "abandon_after",
        "retry.maxDelay" => "retry.max_delay",
        same => same,
    };
    OutOfBounds { field, bound }.into()
}
