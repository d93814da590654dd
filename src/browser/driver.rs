//! The engine on the event loop: commands go in, and what they cause is done, one thing after another.
//!
//! Invariants:
//!
//! 1. Neither a caller's code (callbacks, wakers, `Drop`) nor JavaScript runs while the ledger is borrowed.
//! 2. One queue of effects for everything: what a callback causes is done after what had been caused before it.
//! 3. What a command decides is noted at once, so whoever asks is told the truth; those who wait for it are told in
//!    the order of that queue.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::clock;
use super::erased_job::ErasedJob;
use super::guard::drop_guarded;
use super::ledger::Ledger;
use super::listeners::{ChangeListener, EventListener, JobEvent, Listeners};
use super::notify::Notify;
use super::timer::Alarm;
use crate::engine::{
    Channel, Command, Effect, Engine, JobId, KeyId, ListenerId, ManagerId, ManagerOptions, Refusal, Reply, RunOptions,
    Source, Time, ValueId,
};

/// What became of a request to run a job.
pub(crate) enum Ran {
    Created(Rc<dyn ErasedJob>),
    AlreadyRunning(Rc<dyn ErasedJob>),
}

pub(crate) struct Driver {
    ledger: RefCell<Ledger>,
    listeners: Listeners,
    pub(crate) alarm: Alarm,
    applying: Cell<bool>,
    me: Weak<Self>,
}

fn now() -> Time {
    Time::from_millis(clock::now())
}

impl Driver {
    pub(crate) fn new(options: &ManagerOptions) -> Result<Rc<Self>, Refusal> {
        let ledger = Ledger::new(now(), options)?;
        Ok(Rc::new_cyclic(|me| Self {
            ledger: RefCell::new(ledger),
            listeners: Listeners::default(),
            alarm: Alarm::default(),
            applying: Cell::new(false),
            me: me.clone(),
        }))
    }

    // ── commands ────────────────────────────────────────────────────────────────────────────────

    /// Gives the engine a command about its one manager and does what follows.
    pub(crate) fn command(&self, command: impl FnOnce(ManagerId) -> Command<'static>) -> Result<Reply, Refusal> {
        self.command_then(command, |_| ())
    }

    /// `then` takes down what belongs to the answer, before anyone is told.
    pub(crate) fn command_then(
        &self,
        command: impl FnOnce(ManagerId) -> Command<'static>,
        then: impl FnOnce(Reply),
    ) -> Result<Reply, Refusal> {
        let reply = self.decide(command)?;
        then(reply);
        self.apply_all();
        Ok(reply)
    }

    /// For commands that are never refused.
    pub(crate) fn tell(&self, command: impl FnOnce(ManagerId) -> Command<'static>) {
        let _ = self.command(command);
    }

    fn decide(&self, command: impl FnOnce(ManagerId) -> Command<'static>) -> Result<Reply, Refusal> {
        let now = now();
        let ledger = &mut *self.ledger.borrow_mut();
        let reply = ledger.handle(now, command(ledger.manager))?;
        ledger.commit();
        Ok(reply)
    }

    /// Runs a job, or answers with the one under its key. `make` only moves values together.
    pub(crate) fn run(
        &self,
        key: KeyId,
        options: &RunOptions,
        make: impl FnOnce(JobId, u64) -> Rc<dyn ErasedJob>,
    ) -> Result<Ran, Refusal> {
        let (now, manager) = (now(), self.ledger.borrow().manager);
        let reply = self.ledger.borrow_mut().handle(now, Command::Run { manager, key, options: Some(options) })?;
        let ran = match reply {
            Reply::Created { job: id, serial, started } => {
                let job = make(id, serial);
                self.ledger.borrow_mut().jobs.insert(id, job.clone());
                if started {
                    job.note_start(1);
                    job.clone().start();
                }
                Some(Ran::Created(job))
            }
            Reply::AlreadyRunning(id) => self.job(id).map(Ran::AlreadyRunning),
            _ => None,
        };
        self.ledger.borrow_mut().commit();
        self.apply_all();
        // The engine gives no other answer and knows no other jobs.
        ran.ok_or(Refusal::Closed)
    }

    /// Opens in `millis`, unless the job has ended by then.
    pub(crate) fn stop_limit(&self, job: JobId, millis: f64) -> Rc<Notify> {
        let limit = Rc::<Notify>::default();
        let take_down = |reply| {
            if let Reply::Waiter(waiter) = reply {
                self.ledger.borrow_mut().add_waiter(waiter, job, limit.clone());
            }
        };
        // No length of time is refused.
        let _ = self.command_then(|_| Command::AwaitStop { job, timeout: millis }, take_down);
        limit
    }

    /// Opens when fewer than `size` are pending; `None` if that is so now.
    pub(crate) fn pending_below(&self, size: u32) -> Result<Option<Rc<Notify>>, Refusal> {
        let reply = self.command(|manager| Command::AwaitPendingBelow { manager, size: f64::from(size) })?;
        Ok((reply == Reply::Ignored).then(|| self.ledger.borrow_mut().below(size)))
    }

    /// Opens when nothing is pending and nothing is running; `None` if that is so now.
    pub(crate) fn idle(&self) -> Option<Rc<Notify>> {
        let waits = self.command(Command::AwaitIdle) == Ok(Reply::Ignored);
        waits.then(|| self.ledger.borrow().idle.clone())
    }

    pub(crate) fn log(&self, job: JobId, attempt: u32, message: Rc<str>) {
        let value = self.ledger.borrow_mut().keep_line(message);
        self.tell(|_| Command::Log { job, attempt, value });
    }

    pub(crate) fn on_change(&self, listener: ChangeListener) -> Option<ListenerId> {
        let id = self.listen(Channel::Change)?;
        self.listeners.on_change(id, listener);
        Some(id)
    }

    pub(crate) fn on_event(&self, listener: EventListener) -> Option<ListenerId> {
        let id = self.listen(Channel::Event)?;
        self.listeners.on_event(id, listener);
        Some(id)
    }

    /// `None`: it has ended, which is no reason not to call.
    pub(crate) fn on_end(&self, job: JobId) -> Option<ListenerId> {
        self.listen_to(Source::Job(job), Channel::Continuation)
    }

    fn listen(&self, channel: Channel) -> Option<ListenerId> {
        let manager = self.ledger.borrow().manager;
        self.listen_to(Source::Manager(manager), channel)
    }

    fn listen_to(&self, source: Source, channel: Channel) -> Option<ListenerId> {
        match self.command(|_| Command::Listen { source, channel, kept: ValueId::NONE }) {
            Ok(Reply::Listener { listener, .. }) => Some(listener),
            _ => None,
        }
    }

    pub(crate) fn unlisten(&self, listener: ListenerId) {
        self.listeners.remove(listener);
        self.tell(|_| Command::Unlisten(listener));
    }

    // ── questions ───────────────────────────────────────────────────────────────────────────────

    pub(crate) fn ask<T>(&self, read: impl FnOnce(&Engine, ManagerId) -> T) -> T {
        let ledger = self.ledger.borrow();
        read(&ledger.engine, ledger.manager)
    }

    pub(crate) fn job(&self, id: JobId) -> Option<Rc<dyn ErasedJob>> {
        self.ledger.borrow().jobs.get(&id).cloned()
    }

    /// Everything that is kept and could be forgotten to be dropped.
    pub(crate) fn live_records(&self) -> usize {
        self.ledger.borrow().live_records() + self.listeners.len()
    }

    pub(crate) fn me(&self) -> Weak<Self> {
        self.me.clone()
    }

    // ── the queue of effects ────────────────────────────────────────────────────────────────────

    fn apply_all(&self) {
        if self.applying.replace(true) {
            return;
        }
        while let Some(effect) = self.next_effect() {
            self.apply(effect);
        }
        self.applying.set(false);
    }

    fn next_effect(&self) -> Option<Effect> {
        self.ledger.borrow_mut().next_effect()
    }

    fn apply(&self, effect: Effect) {
        match effect {
            Effect::Start { job: id, attempt } => {
                if self.command(|_| Command::Begin(id)) == Ok(Reply::Done)
                    && let Some(job) = self.job(id)
                {
                    job.note_start(attempt);
                    job.start();
                }
            }
            Effect::Abort { job, cause, .. } => {
                if let Some(job) = self.job(job) {
                    job.abort(cause);
                }
            }
            Effect::AskRetry { job: id, .. } => {
                let random = clock::random();
                self.tell(|_| Command::Retry { job: id, again: true, wait: None, random });
            }
            Effect::Ended { job, forgotten, continuations, .. } => {
                self.ledger.borrow_mut().drop_waiters(job);
                let ended = if forgotten { self.forget(job) } else { self.job(job) };
                if let Some(job) = ended {
                    let continuations = self.ledger.borrow().targets(continuations);
                    job.end(&continuations);
                }
            }
            Effect::Forgotten { job, .. } => {
                if let Some(job) = self.forget(job) {
                    drop_guarded(job);
                }
            }
            Effect::Deliver { to, .. } => {
                let listeners = self.ledger.borrow().targets(to);
                self.listeners.tell_change(&listeners);
            }
            Effect::Event { event, job, value, to, .. } => {
                let event = JobEvent::new(event, || self.ledger.borrow().line(value));
                if let (Some(event), Some(job)) = (event, job.and_then(|job| self.job(job))) {
                    let listeners = self.ledger.borrow().targets(to);
                    self.listeners.tell_event(&listeners, &job, &event);
                }
            }
            Effect::PendingBelow { .. } => self.open(Ledger::take_below),
            Effect::Idle { .. } => self.open(Ledger::take_idle),
            Effect::WaitOver { waiter } => self.open(|ledger| ledger.take_waiter(waiter)),
            Effect::Wake { at } => {
                let me = self.me();
                self.alarm.set(at.map(Time::as_millis), move || {
                    if let Some(driver) = me.upgrade() {
                        driver.tell(|_| Command::Tick);
                    }
                });
            }
        }
    }

    fn open<I: IntoIterator<Item = Rc<Notify>>>(&self, take: impl FnOnce(&mut Ledger) -> I) {
        let notifies = take(&mut self.ledger.borrow_mut());
        for notify in notifies {
            notify.open();
        }
    }

    fn forget(&self, job: JobId) -> Option<Rc<dyn ErasedJob>> {
        self.ledger.borrow_mut().jobs.remove(&job)
    }
}
