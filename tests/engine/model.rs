//! The contract said a second time, in the plainest way: lists and linear scans, nothing counted that can be looked up.
//!
//! It was written from the contract and the documentation of commands and effects, not from the engine's code. Ids are
//! indices and never used again; whoever drives both translates. Time is in whole microseconds.

mod accept;
mod bounds;
mod commands;
mod life;
mod watching;

use std::collections::BTreeMap;
use std::rc::Rc;

use jobgate::engine::{
    AbortCause, Channel, Command, CompletionType, EmitterId, Event, JobId, JobStatus, KeyId, ListenerId, ManagerId,
    ManagerOptions, Refusal, Reply, RetryOptions, Source, Stats, ValueId, WaiterId,
};

/// A moment, and its place among those that were set for the same moment.
pub type Alarm = (u64, u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Pending,
    /// Has a slot; its body has not been called yet.
    Granted,
    Running,
    /// Settled with a failure; whether to retry has been asked and not been answered.
    Deciding,
    Ended(CompletionType),
}

#[derive(Debug, Clone)]
pub struct Job {
    pub manager: ManagerId,
    pub key: KeyId,
    pub priority: f64,
    pub group: Option<Rc<str>>,
    pub timeout: Option<u64>,
    pub abandon_after: Option<u64>,
    pub retry: RetryOptions,
    pub phase: Phase,
    pub attempt: u32,
    /// Which of its manager's starts the latest was.
    pub start: usize,
    /// And which of its group's.
    pub group_start: usize,
    /// In a delay or a retry's wait, until then.
    pub wait: Option<Alarm>,
    /// When the running attempt's time is up.
    pub limit: Option<Alarm>,
    /// Its turn among those that were given a slot.
    pub granted: u64,
    /// When it is no longer waited for, asked to end as it is.
    pub abandon: Option<Alarm>,
    /// Its place in the line for a slot.
    pub in_line: Option<u64>,
    pub stands: bool,
    pub behind_key: bool,
    pub stop: Option<AbortCause>,
    pub timed_out: bool,
    pub kept: u32,
    pub forgotten: bool,
}

impl Job {
    /// Why it was asked to end: a stop counts more than a timeout.
    pub fn cause(&self) -> Option<AbortCause> {
        self.stop.or(self.timed_out.then_some(AbortCause::Timeout))
    }
}

#[derive(Debug, Clone)]
pub struct Manager {
    pub options: ManagerOptions,
    pub concurrency: f64,
    pub paused: bool,
    pub closed: bool,
    pub orphaned: bool,
    pub gone: bool,
    pub rate_limit: Option<(f64, f64)>,
    /// It has had a rate limit.
    pub counts: bool,
    pub starts: Vec<u64>,
    pub group_starts: BTreeMap<Rc<str>, Vec<u64>>,
    /// While the rate limit alone holds jobs back.
    pub limited_until: Option<u64>,
    pub retained: Vec<JobId>,
    pub awaits_below: f64,
    pub awaits_idle: bool,
    /// The latest moment at which one of its jobs had waited long enough.
    pub lined_up_at: u64,
}

#[derive(Debug, Clone)]
pub struct Waiter {
    pub job: JobId,
    /// None for one who waits as long as it takes.
    pub alarm: Option<Alarm>,
    /// A body sleeps: until it is asked to end.
    pub is_sleep: bool,
    pub over: bool,
}

#[derive(Debug, Clone)]
pub struct Listener {
    pub source: Source,
    pub channel: Channel,
    pub left: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Emitter {
    pub open: bool,
    pub dropped: bool,
}

/// What is to be done, in terms of the model's ids.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Act {
    Start(JobId, u32),
    /// Whether no attempt can follow.
    Abort(JobId, AbortCause, bool),
    AskRetry(JobId, Option<AbortCause>),
    Ended {
        job: JobId,
        completion: CompletionType,
        cause: Option<AbortCause>,
        forgotten: bool,
        abandoned: bool,
    },
    Forgotten(JobId),
    PendingBelow(ManagerId),
    Idle(ManagerId),
    WaitOver(WaiterId),
}

/// What one listener hears.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum News {
    Call(Source, Channel, Option<JobId>, ValueId),
    Event(Source, Event, Option<JobId>, ValueId),
}

#[derive(Debug, Clone, Default)]
pub struct Model {
    pub now: u64,
    pub managers: Vec<Manager>,
    pub jobs: Vec<Job>,
    pub listeners: Vec<Listener>,
    pub emitters: Vec<Emitter>,
    pub waiters: Vec<Waiter>,
    /// What the command in hand leads to.
    pub acts: Vec<Act>,
    pub told: Vec<(ListenerId, News)>,
    /// Managers whose visible state has changed by it.
    pub changed: Vec<ManagerId>,
    /// Managers that look for jobs to start although nothing visible has changed.
    stirred: Vec<ManagerId>,
    newborn: Option<JobId>,
    counter: u64,
}

/// What a watcher of a manager can see.
type View = (Stats, Vec<(JobId, JobStatus, bool, u32, f64)>, Option<u64>);

impl Model {
    /// As `Engine::handle`; a refusal changes nothing.
    pub fn handle(&mut self, now: u64, command: &Command<'_>) -> Result<Reply, Refusal> {
        self.now = now;
        self.acts.clear();
        self.told.clear();
        self.changed.clear();
        self.stirred.clear();
        self.newborn = None;
        let before: Vec<View> = self.manager_ids().map(|manager| self.view(manager)).collect();
        let reply = self.obey(command)?;
        let managers: Vec<ManagerId> = self.manager_ids().filter(|manager| !self.manager(*manager).gone).collect();
        for manager in managers {
            let old = before.get(manager.0 as usize);
            if self.stirred.contains(&manager) || old.is_some_and(|old| *old != self.view(manager)) {
                while let Some(job) = self.best_that_may_start(manager) {
                    self.grant(job);
                }
                self.manager_mut(manager).limited_until = self.limited_until(manager);
                if let Some(old) = old {
                    self.tell_of_changes(manager, old);
                }
            }
        }
        Ok(match reply {
            Reply::Created { job, serial, .. } => {
                Reply::Created { job, serial, started: self.job(job).phase == Phase::Running }
            }
            reply => reply,
        })
    }

    fn tell_of_changes(&mut self, manager: ManagerId, old: &View) {
        let view = self.view(manager);
        if view != *old {
            self.changed.push(manager);
            self.tell(Source::Manager(manager), Channel::Change);
        }
        if view.0 != old.0 {
            self.tell_event(Source::Manager(manager), Event::Stats, None, ValueId::NONE);
        }
        let Stats { pending, running, .. } = view.0;
        let record = self.manager_mut(manager);
        let is_below = f64::from(pending) < record.awaits_below;
        if is_below {
            record.awaits_below = 0.0;
        }
        let is_idle = pending + running == 0 && std::mem::take(&mut record.awaits_idle);
        let is_gone = pending + running == 0 && record.orphaned;
        self.acts.extend(is_below.then_some(Act::PendingBelow(manager)));
        self.acts.extend(is_idle.then_some(Act::Idle(manager)));
        if is_gone {
            self.manager_mut(manager).gone = true;
            self.leave_all(Source::Manager(manager), None);
            for job in std::mem::take(&mut self.manager_mut(manager).retained) {
                self.job_mut(job).forgotten = true;
                self.acts.push(Act::Forgotten(job));
            }
        }
    }

    // ── what can be asked ───────────────────────────────────────────────────────────────────────

    pub fn manager_ids(&self) -> impl Iterator<Item = ManagerId> + use<> {
        (0..self.managers.len() as u32).map(ManagerId)
    }

    pub fn job_ids(&self) -> impl Iterator<Item = JobId> + use<> {
        (0..self.jobs.len() as u32).map(JobId)
    }

    pub fn job(&self, JobId(job): JobId) -> &Job {
        &self.jobs[job as usize]
    }

    pub fn manager(&self, ManagerId(manager): ManagerId) -> &Manager {
        &self.managers[manager as usize]
    }

    fn job_mut(&mut self, JobId(job): JobId) -> &mut Job {
        &mut self.jobs[job as usize]
    }

    fn manager_mut(&mut self, ManagerId(manager): ManagerId) -> &mut Manager {
        &mut self.managers[manager as usize]
    }

    /// All of a manager that are not forgotten, oldest first.
    pub fn jobs_of(&self, manager: ManagerId) -> impl Iterator<Item = JobId> {
        self.job_ids().filter(move |job| self.job(*job).manager == manager && !self.job(*job).forgotten)
    }

    pub fn status(&self, job: JobId) -> JobStatus {
        match self.job(job).phase {
            Phase::Pending => JobStatus::Pending,
            Phase::Granted | Phase::Running | Phase::Deciding => JobStatus::Running,
            Phase::Ended(CompletionType::Normal) => JobStatus::Completed,
            Phase::Ended(CompletionType::Failed) => JobStatus::Failed,
            Phase::Ended(CompletionType::Cancelled) => JobStatus::Cancelled,
        }
    }

    /// Asked to end, body not yet settled.
    pub fn is_stopping(&self, job: JobId) -> bool {
        let job = self.job(job);
        job.phase == Phase::Running && (job.stop.is_some() || job.timed_out)
    }

    pub fn has_ended(&self, job: JobId) -> bool {
        matches!(self.job(job).phase, Phase::Ended(_))
    }

    pub fn stats(&self, manager: ManagerId) -> Stats {
        let mut stats = Stats::default();
        for job in self.job_ids().filter(|job| self.job(*job).manager == manager) {
            stats.total += 1;
            *match self.status(job) {
                JobStatus::Pending => &mut stats.pending,
                JobStatus::Running => &mut stats.running,
                JobStatus::Completed => &mut stats.completed,
                JobStatus::Failed => &mut stats.failed,
                JobStatus::Cancelled => &mut stats.cancelled,
            } += 1;
        }
        stats
    }

    /// Those that have not ended: by the start, then by who starts next, then by who may line up next, then the others.
    pub fn order(&self, manager: ManagerId) -> Vec<JobId> {
        let mut jobs: Vec<JobId> = self.jobs_of(manager).filter(|job| !self.has_ended(*job)).collect();
        jobs.sort_by(|one, other| {
            let stage = |job: &Job| match (job.phase, job.in_line, job.wait) {
                (Phase::Pending, Some(_), _) => 1,
                (Phase::Pending, None, Some(_)) => 2,
                (Phase::Pending, None, None) => 3,
                _ => 0,
            };
            let (one, other) = (self.job(*one), self.job(*other));
            let priority = other.priority.partial_cmp(&one.priority).unwrap();
            stage(one).cmp(&stage(other)).then_with(|| match stage(one) {
                0 => one.granted.cmp(&other.granted),
                1 => priority.then(one.in_line.cmp(&other.in_line)),
                2 => {
                    let ((at, turn), (other_at, other_turn)) = (one.wait.unwrap(), other.wait.unwrap());
                    at.cmp(&other_at).then(priority).then(turn.cmp(&other_turn))
                }
                _ => std::cmp::Ordering::Equal,
            })
        });
        jobs
    }

    fn view(&self, manager: ManagerId) -> View {
        let line = |job| (job, self.status(job), self.is_stopping(job), self.job(job).attempt, self.job(job).priority);
        let until = self.manager(manager).limited_until.map(|until| until / 1000);
        (self.stats(manager), self.jobs_of(manager).map(line).collect(), until)
    }

    pub fn standing(&self, key: KeyId) -> Option<JobId> {
        self.job_ids().find(|job| self.job(*job).key == key && self.job(*job).stands)
    }

    pub fn waiting(&self, key: KeyId) -> Option<JobId> {
        self.job_ids().find(|job| self.job(*job).key == key && self.job(*job).behind_key)
    }

    pub fn is_vacant(&self, key: KeyId) -> bool {
        self.standing(key).is_none() && self.present(Source::Key(key), Channel::Key).is_empty()
    }

    pub fn listener_count(&self, emitter: EmitterId) -> u32 {
        self.present(Source::Emitter(emitter), Channel::Value).len() as u32
    }

    /// The earliest moment at which something happens by itself.
    pub fn next_deadline(&self) -> Option<u64> {
        let of_jobs = self.jobs.iter().flat_map(|job| [job.wait, job.limit, job.abandon]).flatten();
        let of_waiters = self.waiters.iter().filter(|waiter| !waiter.over).filter_map(|waiter| waiter.alarm);
        let of_rates = self.manager_ids().filter_map(|manager| self.rate_window(manager));
        of_jobs.chain(of_waiters).map(|(at, _)| at).chain(of_rates).min()
    }

    fn alarm(&mut self, after: u64) -> Alarm {
        self.counter += 1;
        (self.now.saturating_add(after), self.counter)
    }
}
