//! The rules of the worker pool: which worker gets which task, when one is started, ended for want of work, or killed
//! because its task did not end when it was asked to.
//!
//! Pure, like all of `engine`: a [`Command`] in, [`Effect`]s out, time passed in. A task is one attempt of a job.
//!
//! ```
//! use jobgate::engine::Time;
//! use jobgate::engine::pool::{Command, Effect, End, Pool, PoolOptions, TaskId, WorkerId};
//!
//! let mut pool = Pool::new(&PoolOptions { size: 2.0, idle_timeout: 30_000.0, grace: 250.0 })?;
//! let at = Time::from_millis;
//! let (task, worker) = (TaskId(1), WorkerId(0));
//! assert_eq!(pool.handle(at(0.0), Command::Submit(task)), [Effect::Spawn(worker)]);
//! assert_eq!(pool.handle(at(15.0), Command::Loaded(worker)), [Effect::Post { worker, task }]);
//!
//! // Asked to stop it does not settle: it ends when the grace is over, and another worker is there for the next.
//! assert_eq!(pool.handle(at(20.0), Command::Stop(task)), [Effect::Abort { worker, task }, Effect::Wake]);
//! assert_eq!(pool.wake_at(), Some(at(270.0)));
//! let killed = [Effect::End { task, how: End::Killed }, Effect::Terminate(worker), Effect::Spawn(WorkerId(1))];
//! assert_eq!(pool.handle(at(270.0), Command::Tick), killed);
//! # Ok::<(), jobgate::engine::OutOfBounds>(())
//! ```
//!
//! Invariants, checked after every command by `tests/engine/pool`: at most `size` workers are there; each task ends
//! exactly once; a worker has one task at most; no task waits while a worker is idle, or while fewer than `size` are
//! there and none is being loaded for it, unless one could not be loaded and others are being loaded; nothing waits without a deadline or a worker that is busy or being loaded.

mod command;
mod options;
mod waiting;
mod worker;

pub use command::{Command, Effect, End, TaskId, WorkerId};
pub use options::{LARGEST_SIZE, LOAD_TIMEOUT, PoolOptions};

use self::options::Limits;
use self::waiting::Waiting;
use self::worker::{Phase, Worker};
use super::options::OutOfBounds;
use super::time::Time;

/// How many workers there are and have been.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolStats {
    /// There may be.
    pub size: u32,
    /// Have a task.
    pub busy: u32,
    /// Have none; those being loaded, too.
    pub idle: u32,
    /// Were ever started.
    pub spawned: u32,
    /// Were ended by force: their task did not end in time, or they broke.
    pub killed: u32,
}

/// One pool of workers.
#[derive(Debug)]
pub struct Pool {
    limits: Limits,
    workers: Vec<Worker>,
    waiting: Waiting,
    spawned: u32,
    killed: u32,
    /// One could not be loaded. Whether the others that were being loaded then can will show whether to start more.
    doubtful: bool,
    closing: bool,
    /// When the next tick was asked for; `None`: none is to come.
    alarm: Option<Time>,
}

impl Pool {
    /// No worker is started yet.
    ///
    /// # Errors
    ///
    /// Names the option that is out of its bounds.
    pub fn new(options: &PoolOptions) -> Result<Self, OutOfBounds> {
        Ok(Self {
            limits: options.limits()?,
            workers: Vec::new(),
            waiting: Waiting::default(),
            spawned: 0,
            killed: 0,
            doubtful: false,
            closing: false,
            alarm: None,
        })
    }

    /// Takes in what has happened at the moment `now`; returns what is to be done, in order.
    ///
    /// What names a task or worker that is gone changes nothing: messages cross.
    pub fn handle(&mut self, now: Time, command: Command) -> Vec<Effect> {
        let mut effects = Vec::new();
        match command {
            Command::Submit(task) => {
                if self.closing {
                    effects.push(Effect::End { task, how: End::Closed });
                } else {
                    self.waiting.push(task);
                }
            }
            Command::Stop(task) => self.stop(now, task, &mut effects),
            Command::Loaded(worker) => self.loaded(now, worker),
            Command::Settled { worker, task } => self.settled(now, worker, task, &mut effects),
            Command::Lost(worker) => self.lost(worker, &mut effects),
            Command::Tick => {
                self.alarm = None;
                self.tick(now, &mut effects);
            }
            Command::Close => self.close(now, &mut effects),
        }
        self.assign(&mut effects);
        if self.closing && self.workers.is_empty() {
            effects.push(Effect::Closed);
        }
        self.arm(&mut effects);
        effects
    }

    /// Whether the worker has the task now: what it says of another's, or of one that has ended, counts for nothing.
    #[must_use]
    pub fn has_task(&self, worker: WorkerId, task: TaskId) -> bool {
        self.workers.iter().any(|one| one.id == worker && one.task() == Some(task))
    }

    /// When to send [`Command::Tick`]: [`Effect::Wake`] says when to ask for it.
    #[must_use]
    pub fn wake_at(&self) -> Option<Time> {
        self.workers.iter().filter_map(|worker| worker.deadline(&self.limits)).min()
    }

    /// As it stands.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        let busy = self.workers.iter().filter(|worker| worker.task().is_some()).count() as u32;
        PoolStats {
            size: self.limits.size,
            busy,
            idle: self.workers.len() as u32 - busy,
            spawned: self.spawned,
            killed: self.killed,
        }
    }

    /// One that comes too early does no harm: a tick asks for the next.
    fn arm(&mut self, effects: &mut Vec<Effect>) {
        let Some(at) = self.wake_at() else { return };
        if self.alarm.is_none_or(|alarm| at < alarm) {
            self.alarm = Some(at);
            effects.push(Effect::Wake);
        }
    }

    // ── tasks ───────────────────────────────────────────────────────────────────────────────────

    fn stop(&mut self, now: Time, task: TaskId, effects: &mut Vec<Effect>) {
        if self.waiting.remove(task) {
            effects.push(Effect::End { task, how: End::Stopped });
        } else if let Some(worker) = self.workers.iter_mut().find(|worker| worker.phase == Phase::Running { task }) {
            worker.phase = Phase::Stopping { task, until: now.after(self.limits.grace) };
            effects.push(Effect::Abort { worker: worker.id, task });
        }
    }

    fn settled(&mut self, now: Time, id: WorkerId, task: TaskId, effects: &mut Vec<Effect>) {
        let has_it = |worker: &&mut Worker| worker.id == id && worker.task() == Some(task);
        let Some(worker) = self.workers.iter_mut().find(has_it) else { return };
        worker.phase = Phase::Idle { since: now };
        effects.push(self.end(task, End::Settled));
        if self.closing {
            self.remove(id);
            effects.push(Effect::Terminate(id));
        }
    }

    /// Gives waiting tasks to idle workers, the one used last first, so that those not needed end; starts more workers.
    fn assign(&mut self, effects: &mut Vec<Effect>) {
        while !self.waiting.is_empty() {
            let idle = self.workers.iter_mut().filter_map(|worker| Some((worker.idle_since()?, worker)));
            let Some((_, worker)) = idle.max_by_key(|(since, _)| *since) else { break };
            let Some(task) = self.waiting.pop() else { break };
            worker.phase = Phase::Running { task };
            effects.push(Effect::Post { worker: worker.id, task });
        }
        if self.doubtful {
            return;
        }
        let loading = self.workers.iter().filter(|worker| worker.is_loading()).count();
        let room = (self.limits.size as usize).saturating_sub(self.workers.len());
        for _ in 0..self.waiting.len().saturating_sub(loading).min(room) {
            self.spawn(effects);
        }
    }

    // ── workers ─────────────────────────────────────────────────────────────────────────────────

    fn spawn(&mut self, effects: &mut Vec<Effect>) {
        let id = WorkerId(self.spawned);
        self.spawned += 1;
        self.workers.push(Worker { id, phase: Phase::Loading });
        effects.push(Effect::Spawn(id));
    }

    fn loaded(&mut self, now: Time, id: WorkerId) {
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.id == id && worker.is_loading()) {
            worker.phase = Phase::Idle { since: now };
            self.doubtful = false;
        }
    }

    fn lost(&mut self, id: WorkerId, effects: &mut Vec<Effect>) {
        let Some(worker) = self.remove(id) else { return };
        if worker.is_loading() {
            self.not_loaded(id, effects);
        } else {
            self.killed += 1;
        }
        effects.extend(worker.task().map(|task| self.end(task, End::Lost(id))));
        effects.push(Effect::Terminate(id));
    }

    /// The next would hardly fare better: the task that has waited longest fails, and where no other worker is there
    /// to take the rest, they all do. While others are being loaded none is started in its place: one of them may come up
    /// and take the rest, or none does. So nothing waits for ever, and no worker is loaded again and again for the same.
    fn not_loaded(&mut self, id: WorkerId, effects: &mut Vec<Effect>) {
        self.doubtful = self.workers.iter().any(Worker::is_loading);
        let failed = if self.workers.is_empty() { self.waiting.len() } else { self.waiting.len().min(1) };
        let tasks = std::iter::from_fn(|| self.waiting.pop()).take(failed);
        effects.extend(tasks.map(|task| Effect::End { task, how: End::NotLoaded(id) }));
    }

    fn tick(&mut self, now: Time, effects: &mut Vec<Effect>) {
        let limits = &self.limits;
        let is_due = |worker: &Worker| worker.deadline(limits).is_some_and(|deadline| deadline <= now);
        let due: Vec<Worker> = self.workers.iter().copied().filter(is_due).collect();
        for worker in due {
            if let Phase::Stopping { task, .. } = worker.phase {
                self.kill(worker.id, task, effects);
            } else {
                self.remove(worker.id);
                effects.push(Effect::Terminate(worker.id));
            }
        }
    }

    /// The browser may take seconds to end it. Nobody waits for that: task and worker count as gone from here on.
    fn kill(&mut self, worker: WorkerId, task: TaskId, effects: &mut Vec<Effect>) {
        self.remove(worker);
        self.killed += 1;
        effects.push(self.end(task, End::Killed));
        effects.push(Effect::Terminate(worker));
        if !self.closing {
            self.spawn(effects);
        }
    }

    fn close(&mut self, now: Time, effects: &mut Vec<Effect>) {
        self.closing = true;
        let tasks = std::iter::from_fn(|| self.waiting.pop());
        effects.extend(tasks.map(|task| Effect::End { task, how: End::Closed }));
        let tasks: Vec<TaskId> = self.workers.iter().filter_map(Worker::task).collect();
        self.workers.retain(|worker| {
            if worker.task().is_none() {
                effects.push(Effect::Terminate(worker.id));
            }
            worker.task().is_some()
        });
        for task in tasks {
            self.stop(now, task, effects);
        }
    }

    /// Whatever comes of a task once the pool is closing counts for nothing.
    fn end(&self, task: TaskId, how: End) -> Effect {
        Effect::End { task, how: if self.closing { End::Closed } else { how } }
    }

    fn remove(&mut self, id: WorkerId) -> Option<Worker> {
        let place = self.workers.iter().position(|worker| worker.id == id)?;
        Some(self.workers.remove(place))
    }
}
