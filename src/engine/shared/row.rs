//! What the store knows of a job and of a slot: the numbers that the rules look at. Params, results, errors and reasons
//! lie beside them, and no rule reads them.

use crate::engine::options::{OutOfBounds, Plan, RetryOptions, RunOptions};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Status {
    /// Waits, for whatever it is.
    #[default]
    Pending,
    /// Some tab has claimed it, and has not recorded what came of it.
    Running,
    /// Ended well.
    Completed,
    /// Ended with an error.
    Failed,
    /// A stop was asked for before it had ended.
    Cancelled,
}

impl Status {
    /// For good.
    #[must_use]
    pub fn is_end(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// One job. Moments are milliseconds since the epoch, by the clock of whoever wrote them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Where it stands.
    pub status: Status,
    /// Rises with every claim and with every recovery, once where both are one. Whoever writes for a run names the run's.
    pub epoch: u32,
    /// Of the latest run; 0 before the first. A run that died with its tab is repeated under the same.
    pub attempt: u32,
    /// Attempts that have failed.
    pub failures: u32,
    /// Runs that died with their tab, or hung with it.
    pub interruptions: u32,
    /// Of the job type that its params were written for.
    pub version: u32,
    /// Higher runs first.
    pub priority: f64,
    /// Among those of the same priority the lowest runs first. From the store's counter.
    pub place: f64,
    /// When it was created.
    pub created_at: f64,
    /// When the latest run began; 0 before the first.
    pub started_at: f64,
    /// 0 before.
    pub ended_at: f64,
    /// Before that moment it does not start; 0: it may.
    pub ready_at: f64,
    /// How long it was to wait for that, at most, by any clock.
    pub wait: f64,
    /// It is to end. A pending one ends at once, so this is of one that runs, or ran.
    pub stop: bool,
    /// Waits for the job that stands under its key to end.
    pub behind: bool,
    /// While it runs: in which slot.
    pub slot: u32,
    /// While it runs: of which generation of that slot.
    pub generation: u32,
    /// Only one that is surely gone is replaced. Of the type, as whoever claimed the job knew it.
    pub strict: bool,
    /// An interruption fails it. Likewise.
    pub fail_interrupted: bool,
    /// Actions that were recorded for it.
    pub sent: u32,
    /// Actions that were acknowledged, the first ones.
    pub handled: u32,
    /// Of one run; may be infinite.
    pub timeout: f64,
    /// Its retries.
    pub retry: RetryOptions,
}

impl Default for Row {
    fn default() -> Self {
        Self {
            status: Status::Pending,
            epoch: 0,
            attempt: 0,
            failures: 0,
            interruptions: 0,
            version: 1,
            priority: 0.0,
            place: 0.0,
            created_at: 0.0,
            started_at: 0.0,
            ended_at: 0.0,
            ready_at: 0.0,
            wait: 0.0,
            stop: false,
            behind: false,
            slot: 0,
            generation: 0,
            strict: false,
            fail_interrupted: false,
            sent: 0,
            handled: 0,
            timeout: f64::INFINITY,
            retry: RetryOptions::default(),
        }
    }
}

impl Row {
    /// A new job's, but for its place and what it meets under its key. What the options leave out is as in every queue.
    ///
    /// # Errors
    ///
    /// Names the option that is out of its bounds.
    pub fn new(options: &RunOptions, version: u32, wall: f64) -> Result<Self, OutOfBounds> {
        let plan = options.plan(&Plan::default())?;
        let wait = plan.delay.as_millis();
        Ok(Self {
            version,
            priority: plan.priority,
            created_at: wall,
            ready_at: if wait > 0.0 { wall + wait } else { 0.0 },
            wait,
            timeout: options.timeout.unwrap_or(f64::INFINITY),
            retry: options.retry.unwrap_or_default(),
            ..Self::default()
        })
    }
}

impl Row {
    /// A new job's with the same options, but for its delay.
    #[must_use]
    pub fn again(&self, version: u32, wall: f64) -> Self {
        let Self { priority, timeout, retry, .. } = *self;
        Self { version, priority, timeout, retry, created_at: wall, ..Self::default() }
    }
}

/// One slot: as many jobs run in all tabs as there are. Who holds its lock, under the name of its generation, may run one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SlotRow {
    /// Rises when a silent holder is given up: the lock that it holds is one that nobody asks for any more.
    pub generation: u32,
    /// Rises while its holder is alive.
    pub beat: u32,
}

impl SlotRow {
    /// A sign of life of whoever holds the slot's lock of that generation.
    #[must_use]
    pub fn beaten(self, generation: u32) -> Option<Self> {
        (self.generation == generation).then(|| Self { beat: self.beat.wrapping_add(1), ..self })
    }
}

/// How long is left until `until`, by a clock that says `wall`: never longer than the whole was to take, so that a clock
/// that was set back keeps nobody waiting.
#[must_use]
pub fn remaining(until: f64, whole: f64, wall: f64) -> f64 {
    // `clamp` would bring with it what panics print of floats.
    (until - wall).min(whole).max(0.0)
}

impl Row {
    /// Whether the run of that epoch may still write.
    #[must_use]
    pub fn is_owned(&self, epoch: u32) -> bool {
        self.status == Status::Running && self.epoch == epoch
    }

    /// Whether it runs in that slot.
    #[must_use]
    pub fn is_in(&self, slot: u32, generation: u32) -> bool {
        self.status == Status::Running && self.slot == slot && self.generation == generation
    }

    pub(super) fn ended(self, status: Status, wall: f64) -> Self {
        Self { status, ended_at: wall, ready_at: 0.0, wait: 0.0, behind: false, ..self }
    }

    /// The wait before the next attempt, if there is to be one.
    pub(super) fn next_wait(&self, asked: Option<f64>, random: f64) -> Option<f64> {
        let options = RunOptions { retry: Some(self.retry), ..RunOptions::default() };
        let plan = options.plan(&Plan::default()).ok()?.retry;
        let failed = self.failures + 1;
        plan.allows(failed).then(|| plan.wait(failed, asked, random).as_millis())
    }
}
