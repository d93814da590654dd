//! The rules, as a deterministic state machine: a command in, effects out, time passed in.
//!
//! No clock, no random numbers, no JavaScript, no globals: the same history of commands always gives the same effects.
//! A driver (`browser`, or the npm facade through `bindings`) feeds it and applies what it wants done:
//!
//! 1. call [`Engine::handle`];
//! 2. apply the effects in order, without holding the engine; whatever user code they run may call `handle` again, and
//!    those effects go to the back of the same queue;
//! 3. when that queue is empty, send [`Command::Recycle`].
//!
//! ```
//! use jobgate::engine::{Command, CompletionType, Effect, Effects, Engine, KeyId, ManagerOptions, Outcome, Reply, Time};
//!
//! let (mut engine, mut effects) = (Engine::new(), Effects::new());
//! let now = Time::from_millis(0.0);
//! let Ok(Reply::Manager(manager)) = engine.handle(now, Command::CreateManager(&ManagerOptions::default()), &mut effects)
//! else { panic!("the defaults are within their bounds") };
//!
//! let run = Command::Run { manager, key: KeyId(0), options: None };
//! let Ok(Reply::Created { job, started: true, .. }) = engine.handle(now, run, &mut effects)
//! else { panic!("a slot is free: the body is to run now") };
//! assert_eq!(engine.handle(now, run, &mut effects), Ok(Reply::AlreadyRunning(job)));
//!
//! // Asked to stop, it is still there until its body has settled; then it counts as cancelled.
//! engine.handle(now, Command::Stop(job), &mut effects)?;
//! assert!(engine.is_stopping(job));
//! effects.clear();
//! engine.handle(now, Command::Settle { job, attempt: 1, outcome: Outcome::Resolved }, &mut effects)?;
//! assert!(matches!(effects.as_slice(), [Effect::Ended { completion: CompletionType::Cancelled, .. }]));
//! # Ok::<(), jobgate::engine::Refusal>(())
//! ```
//!
//! Invariants, checked after every command by `tests/engine`: running jobs never exceed `concurrency`, nor those of a
//! group `group_concurrency`; a job holds its slot and its key from start until its body has settled; no job starts
//! while a better one that may start waits; every job ends exactly once; statistics add up; an ended job that is not
//! retained is in no table after the next recycle.

mod accept;
pub mod agents;
mod command;
mod deadlines;
mod effect;
mod emitters;
mod group;
mod groups;
mod housekeeping;
mod ids;
mod job;
mod lazy_heap;
mod lifecycle;
mod listening;
mod manager;
mod options;
mod order;
pub mod pool;
mod queue;
pub(crate) mod rate;
pub mod runner;
pub mod shared;
mod slab;
mod time;

pub use command::{Command, Outcome, Refusal, Reply};
pub use effect::{Effect, EffectSink, Effects, Event, Targets};
pub use ids::{Channel, EmitterId, JobId, KeyId, ListenerId, ManagerId, Source, ValueId, WaiterId};
pub use job::{AbortCause, CompletionType, JobStatus};
pub use manager::Stats;
pub use options::{Backoff, ManagerOptions, OnDuplicate, OutOfBounds, RetryOptions, RunOptions};
pub use order::Rank;
pub use time::{Span, Time};

use deadlines::{Deadlines, TimerHandle};
use emitters::Emitters;
use job::{ColdData, Job};
use manager::Manager;
use slab::{Chunks, NONE, Slab};

/// Who stands under a key, who waits behind it, who watches it.
#[derive(Debug, Clone, Copy)]
struct KeyEntry {
    standing: u32,
    waiting: u32,
    emitter: u32,
}

impl KeyEntry {
    const VACANT: Self = Self { standing: NONE, waiting: NONE, emitter: NONE };
}

/// One wait that ends with a job or after a time, in the linked list of its job's waits.
#[derive(Debug)]
struct Waiter {
    job: u32,
    older: u32,
    newer: u32,
    deadline: TimerHandle,
    /// Of a body, which wakes when it is asked to end.
    is_sleep: bool,
}

/// All managers, jobs and listeners of one page or worker.
#[derive(Debug)]
pub struct Engine {
    managers: Slab<Manager, 4>,
    jobs: Slab<Job>,
    cold: Slab<ColdData>,
    keys: Chunks<KeyEntry, 64>,
    emitters: Emitters,
    deadlines: Deadlines,
    waiters: Slab<Waiter>,
    /// Ended and forgotten; readable until the effects under way, which name them, have been applied.
    retired: Vec<u32>,
    /// Managers whose slots the command in hand has to look at again.
    dirty: Vec<u32>,
    /// The job that the command in hand creates, and whether it has started.
    created_now: u32,
    created_started: bool,
    serial: u64,
    entries: u64,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// With nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            managers: Slab::new(),
            jobs: Slab::new(),
            cold: Slab::new(),
            keys: Chunks::new(),
            emitters: Emitters::new(),
            deadlines: Deadlines::new(),
            waiters: Slab::new(),
            retired: Vec::new(),
            dirty: Vec::new(),
            created_now: NONE,
            created_started: false,
            serial: 0,
            entries: 0,
        }
    }

    /// Takes in one command at the moment `now` and appends what is to be done to `effects`.
    ///
    /// `now` must not run backwards. The cost is O(log n) in pending jobs and deadlines, O(listeners told).
    ///
    /// # Errors
    ///
    /// A [`Refusal`] says why the command was not taken; then nothing has changed and nothing was appended.
    #[inline(always)] // A driver that names the command pays for that one only.
    #[allow(clippy::inline_always)]
    pub fn handle(&mut self, now: Time, command: Command<'_>, effects: &mut impl EffectSink) -> Result<Reply, Refusal> {
        let reply = match command {
            // What is said and heard changes nothing about who runs.
            Command::SetState { job, attempt, value } => return Ok(self.set_state(job.0, attempt, value, effects)),
            Command::Progress { job, attempt, percent, value } => {
                return self.progress(job.0, attempt, percent, value, effects);
            }
            Command::Log { job, attempt, value } => return Ok(self.log(job.0, attempt, value, effects)),
            Command::Dispatch { job, value } => return Ok(self.dispatch(job.0, value, effects)),
            Command::CreateEmitter => return Ok(Reply::Emitter(EmitterId(self.emitters.create()))),
            Command::DropEmitter(EmitterId(emitter)) => return Ok(self.drop_emitter(emitter)),
            Command::Listen { source, channel, kept } => return Ok(self.listen(source, channel, kept, effects)),
            Command::Unlisten(listener) => return Ok(self.unlisten(listener)),
            Command::Emit { emitter, value } => return Ok(self.emit(emitter.0, value, effects)),
            Command::Open { emitter, value } => return Ok(self.open(emitter.0, value, effects)),
            Command::AwaitPendingBelow { manager, size } => return self.await_pending_below(manager.0, size),
            Command::AwaitIdle(ManagerId(manager)) => return Ok(self.await_idle(manager)),
            Command::Recycle => return Ok(self.recycle()),

            Command::CreateManager(options) => self.create_manager(options)?,
            Command::DropManager(ManagerId(manager)) => self.drop_manager(manager),
            Command::Run { manager, key, options } => self.run(now, manager.0, key.0, options, effects)?,
            Command::Begin(JobId(job)) => self.begin(now, job, effects),
            Command::Called(JobId(job)) => self.called(now, job),
            Command::Settle { job, attempt, outcome } => self.settle(job.0, attempt, outcome, effects),
            Command::Retry { job, again, wait, random } => self.retry(now, job.0, again, wait, random, effects),
            Command::Stop(JobId(job)) => self.stop(now, job, AbortCause::Stop, effects),
            Command::StopKey(KeyId(key)) => self.stop_key(now, key, effects),
            Command::StopAll(ManagerId(manager)) => self.stop_all(now, manager, effects),
            Command::StopPending(ManagerId(manager)) => self.stop_pending(now, manager, effects),
            Command::Forget(JobId(job)) => self.forget_retained(job, effects),
            Command::Close(ManagerId(manager)) => self.close(now, manager, effects),
            Command::SetPriority { job, priority } => self.set_priority(job.0, priority, effects)?,
            Command::SetConcurrency { manager, concurrency } => self.set_concurrency(manager.0, concurrency)?,
            Command::SetRateLimit { manager, rate_limit } => self.set_rate_limit(manager.0, rate_limit)?,
            Command::NoteStart { manager, at } => self.note_start(manager.0, at),
            Command::Pause(ManagerId(manager)) => self.set_paused(manager, true),
            Command::Resume(ManagerId(manager)) => self.set_paused(manager, false),
            Command::AwaitStop { job, timeout } => self.await_stop(now, job.0, timeout)?,
            Command::Sleep { job, time } => self.sleep(now, job.0, time)?,
            Command::Tick => self.tick(now, effects),
        };
        if !self.dirty.is_empty() || self.deadlines.has_moved() {
            self.finish(now, effects);
        }
        match reply {
            Reply::Created { job, serial, .. } => {
                Ok(Reply::Created { job, serial, started: std::mem::take(&mut self.created_started) })
            }
            reply => Ok(reply),
        }
    }

    // ── what can be asked ───────────────────────────────────────────────────────────────────────

    /// `None` once it is forgotten and the effects that told so are recycled.
    #[must_use]
    pub fn status(&self, JobId(job): JobId) -> Option<JobStatus> {
        self.jobs.get(job).map(Job::status)
    }

    /// Asked to end, by stop or timeout, and its body has not settled yet.
    #[must_use]
    pub fn is_stopping(&self, JobId(job): JobId) -> bool {
        self.jobs.get(job).is_some_and(Job::is_stopping)
    }

    /// Why the attempt was asked to end, if it was; of a job that has ended, as [`Effect::Ended`] says.
    #[must_use]
    pub fn cause(&self, JobId(job): JobId) -> Option<AbortCause> {
        self.jobs.get(job).and_then(Job::cause)
    }

    /// 0 before the first start.
    #[must_use]
    pub fn attempt(&self, JobId(job): JobId) -> u32 {
        self.jobs.get(job).map_or(0, |job| job.attempt)
    }

    /// Higher runs first.
    #[must_use]
    pub fn priority(&self, JobId(job): JobId) -> f64 {
        self.jobs.get(job).map_or(0.0, |job| job.priority)
    }

    /// Until when it waits for a delay or for its next attempt.
    #[must_use]
    pub fn ready_at(&self, JobId(job): JobId) -> Option<Time> {
        let job = self.jobs.get(job).filter(|job| job.delayed && !job.has_ended())?;
        self.cold.get(job.cold).map(|cold| cold.ready_at)
    }

    /// Whether a job of the manager may be run so; nothing is done.
    ///
    /// # Errors
    ///
    /// [`OutOfBounds`] as [`Command::Run`] would refuse it.
    pub fn check(&self, ManagerId(manager): ManagerId, options: &RunOptions) -> Result<(), OutOfBounds> {
        self.managers.get(manager).map_or(Ok(()), |manager| options.plan(&manager.plan).map(|_| ()))
    }

    /// Pending or running under the key; not one that waits behind it.
    #[must_use]
    pub fn standing(&self, KeyId(key): KeyId) -> Option<JobId> {
        self.key(key).map(|entry| entry.standing).filter(|job| *job != NONE).map(JobId)
    }

    /// The one that waits for the standing one to end.
    #[must_use]
    pub fn waiting(&self, KeyId(key): KeyId) -> Option<JobId> {
        self.key(key).map(|entry| entry.waiting).filter(|job| *job != NONE).map(JobId)
    }

    /// Neither a job nor a listener is under the key: its number may be given to another key.
    #[must_use]
    pub fn is_vacant(&self, KeyId(key): KeyId) -> bool {
        self.key(key).is_none_or(|entry| entry.standing == NONE && entry.emitter == NONE)
    }

    /// `None` once it is dropped.
    #[must_use]
    pub fn stats(&self, ManagerId(manager): ManagerId) -> Option<Stats> {
        self.managers.get(manager).map(|manager| manager.stats)
    }

    /// Counts changes: jobs created, changed in status, forgotten.
    #[must_use]
    pub fn version(&self, ManagerId(manager): ManagerId) -> u32 {
        self.managers.get(manager).map_or(0, |manager| manager.version)
    }

    /// While the manager's rate limit alone holds jobs back: until when.
    #[must_use]
    pub fn rate_limited_until(&self, ManagerId(manager): ManagerId) -> Option<Time> {
        self.managers.get(manager)?.limited_until
    }

    /// Starts nothing until resumed.
    #[must_use]
    pub fn is_paused(&self, ManagerId(manager): ManagerId) -> bool {
        self.managers.get(manager).is_some_and(|manager| manager.paused)
    }

    /// All jobs of a manager, oldest first, retained ones too.
    pub fn jobs(&self, ManagerId(manager): ManagerId) -> impl Iterator<Item = JobId> {
        let oldest = self.managers.get(manager).map_or(NONE, |manager| manager.oldest);
        let next = move |job: &u32| self.jobs.get(*job).map(|job| job.newer).filter(|job| *job != NONE);
        std::iter::successors(Some(oldest).filter(|job| *job != NONE), next).map(JobId)
    }

    /// Listeners on a channel of an emitter.
    #[must_use]
    pub fn listener_count(&self, EmitterId(emitter): EmitterId) -> u32 {
        self.emitters.count_on(emitter, Channel::Value)
    }

    /// Whether a gate has opened.
    #[must_use]
    pub fn is_open(&self, EmitterId(emitter): EmitterId) -> bool {
        self.emitters.is_open(emitter)
    }

    /// Everything that is in any table now: managers, their groups, jobs, listeners, waits, keys in use. For tests and
    /// leak hunting; it looks at every record.
    #[must_use]
    pub fn live_records(&self) -> usize {
        let in_use = |entry: &&KeyEntry| entry.standing != NONE || entry.waiting != NONE || entry.emitter != NONE;
        self.managers.iter().map(|(_, manager)| 1 + manager.live_groups()).sum::<usize>()
            + self.jobs.iter().count()
            + self.cold.iter().count()
            + self.waiters.iter().count()
            + self.emitters.live()
            + self.deadlines.count()
            + self.keys.iter().filter(in_use).count()
    }

    fn key(&self, key: u32) -> Option<&KeyEntry> {
        self.keys.get(key)
    }

    fn key_mut(&mut self, key: u32) -> Option<&mut KeyEntry> {
        self.keys.get_mut(key)
    }

    fn ensure_key(&mut self, key: u32) {
        self.keys.grow_to(key, || KeyEntry::VACANT);
    }
}
