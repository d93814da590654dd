//! What the world tells the engine, and what it answers at once.
use super::ids::{Channel, EmitterId, JobId, KeyId, ListenerId, ManagerId, Source, ValueId, WaiterId};
use super::options::{ManagerOptions, OutOfBounds, RunOptions};
use super::time::{Span, Time};

/// How a body settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It returned.
    Resolved,
    /// It failed.
    Rejected,
    /// It failed, and says that no other attempt can end better: the retries that are left are not made. That its time
    /// was up before counts more.
    NotRetriable,
}

/// One thing that happened or is asked for. An id that means nothing (any more) is answered [`Reply::Ignored`].
#[derive(Debug, Clone, Copy)]
pub enum Command<'a> {
    /// → [`Reply::Manager`]
    CreateManager(&'a ManagerOptions),
    /// Nobody can give it jobs any more. What it has goes on; its record goes with its last job.
    DropManager(ManagerId),
    /// → [`Reply::Created`] or [`Reply::AlreadyRunning`]. No options: the manager's defaults.
    Run {
        /// By whom.
        manager: ManagerId,
        /// Under which key.
        key: KeyId,
        /// How.
        options: Option<&'a RunOptions>,
    },
    /// The driver is about to call the body that [`super::Effect::Start`] named. → [`Reply::Done`]: call it;
    /// [`Reply::Ignored`]: the job was asked to stop in between, its body is never called.
    Begin(JobId),
    /// An attempt's body has settled. Ignored unless it is the running one.
    Settle {
        /// The job.
        job: JobId,
        /// Whose body it was.
        attempt: u32,
        /// How.
        outcome: Outcome,
    },
    /// The answer to [`super::Effect::AskRetry`]. → [`Reply::Waits`] if it will be retried.
    Retry {
        /// The job.
        job: JobId,
        /// What the caller's rule said.
        again: bool,
        /// The wait that the caller's rule asks for, in milliseconds; up to the longest allowed. Without one, or with one
        /// below zero, that of the backoff.
        wait: Option<f64>,
        /// For the jitter, evenly from 0..1.
        random: f64,
    },
    /// The body of the running attempt has been called, by now: to be told of managers with a rate limit, which counts
    /// from then on.
    Called(JobId),
    /// Asks a job to end. → [`Reply::Done`] if this was the first to ask, else [`Reply::Ignored`].
    Stop(JobId),
    /// Asks the job under a key to end, and the one that waits behind it, which never starts. → [`Reply::Stopped`]: how
    /// many had not been asked before.
    StopKey(KeyId),
    /// Asks every job of a manager to end.
    StopAll(ManagerId),
    /// Ends every job of a manager that has not started. → [`Reply::Stopped`]
    StopPending(ManagerId),
    /// Lets go of a job that has ended and is kept. → [`Reply::Done`] if it is.
    Forget(JobId),
    /// As [`Command::StopAll`]; and from here on nothing is accepted.
    Close(ManagerId),
    /// Puts the job at the back of its new level, if that is new.
    SetPriority {
        /// The job.
        job: JobId,
        /// Any finite number.
        priority: f64,
    },
    /// Raising it starts what it can; lowering it ends nothing.
    SetConcurrency {
        /// The manager.
        manager: ManagerId,
        /// An integer of at least 1, or infinity.
        concurrency: f64,
    },
    /// What was started before counts in the new window, too.
    SetRateLimit {
        /// The manager.
        manager: ManagerId,
        /// At most `.0` starts in any window of `.1` milliseconds; none: no limit.
        rate_limit: Option<(f64, f64)>,
    },
    /// A body was called at this moment, in the order of the calls; of a manager that has had no rate limit yet and is
    /// about to be given one.
    NoteStart {
        /// The manager.
        manager: ManagerId,
        /// When.
        at: Time,
    },
    /// Starts nothing from here on.
    Pause(ManagerId),
    /// Starts again.
    Resume(ManagerId),
    /// → [`Reply::Done`] if fewer are pending, else an [`super::Effect::PendingBelow`] will follow: for the greatest size
    /// that anyone waits for.
    AwaitPendingBelow {
        /// The manager.
        manager: ManagerId,
        /// An integer of at least 1.
        size: f64,
    },
    /// → [`Reply::Done`] if nothing is pending or running, else an [`super::Effect::Idle`] will follow.
    AwaitIdle(ManagerId),
    /// → [`Reply::Waiter`]; an [`super::Effect::WaitOver`] follows unless the job ends first.
    AwaitStop {
        /// The job.
        job: JobId,
        /// Milliseconds, at least 0.
        timeout: f64,
    },
    /// → [`Reply::Waiter`]; an [`super::Effect::WaitOver`] follows unless the body is asked to end first.
    /// [`Reply::Ignored`] once it is.
    Sleep {
        /// The job.
        job: JobId,
        /// Milliseconds, at least 0 and finite.
        time: f64,
    },
    /// A body sets its state. → [`Reply::Told`] if it may.
    SetState {
        /// The job.
        job: JobId,
        /// Whose body it is.
        attempt: u32,
        /// The new state.
        value: ValueId,
    },
    /// A body reports progress. → [`Reply::Percent`] if it may.
    Progress {
        /// The job.
        job: JobId,
        /// Whose body it is.
        attempt: u32,
        /// Any finite number.
        percent: f64,
        /// The progress as the host tells it.
        value: ValueId,
    },
    /// A body logs a line. → [`Reply::Told`] if it may.
    Log {
        /// The job.
        job: JobId,
        /// Whose body it is.
        attempt: u32,
        /// The line.
        value: ValueId,
    },
    /// Sends an action to a body. → [`Reply::Told`], or [`Reply::Kept`] until someone hears it.
    Dispatch {
        /// The job.
        job: JobId,
        /// The action.
        value: ValueId,
    },
    /// → [`Reply::Emitter`]
    CreateEmitter,
    /// Nobody holds it any more.
    DropEmitter(EmitterId),
    /// → [`Reply::Listener`]; on an open gate or an ended job [`Reply::Latched`] where the channel latches.
    Listen {
        /// To whom.
        source: Source,
        /// For what.
        channel: Channel,
        /// For [`Channel::Action`]: the first of the actions that were kept; the others have the numbers after it.
        kept: ValueId,
    },
    /// From here on it is told nothing, also not what is under way.
    Unlisten(ListenerId),
    /// A subject's next value. → [`Reply::Told`]
    Emit {
        /// The subject.
        emitter: EmitterId,
        /// The value.
        value: ValueId,
    },
    /// Opens a gate. → [`Reply::Told`], or [`Reply::Ignored`] if it was open.
    Open {
        /// The gate.
        emitter: EmitterId,
        /// What its listeners are told.
        value: ValueId,
    },
    /// Time has passed: whatever is due.
    Tick,
    /// Every effect so far has been applied: numbers of what is gone may be used again.
    Recycle,
}

/// The immediate answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reply {
    /// Done.
    Done,
    /// It made no difference.
    Ignored,
    /// A new job. `started`: run its body now; no [`super::Effect::Start`] comes for this attempt.
    Created {
        /// The job.
        job: JobId,
        /// Its number among all jobs of the engine, 1 for the first.
        serial: u64,
        /// With a free slot.
        started: bool,
    },
    /// The key is taken, by this job.
    AlreadyRunning(JobId),
    /// A new manager.
    Manager(ManagerId),
    /// A new emitter.
    Emitter(EmitterId),
    /// A new subscription. `kept` actions wait for it and follow as effects.
    Listener {
        /// Its number.
        listener: ListenerId,
        /// How many.
        kept: u32,
    },
    /// Too late to listen and not too late to hear: call it in a microtask.
    Latched,
    /// How many are told.
    Told(u32),
    /// Kept for the first who listens.
    Kept,
    /// Progress as it counts, 0 to 100.
    Percent(f64),
    /// The next attempt may start after this.
    Waits(Span),
    /// How many have been asked to end.
    Stopped(u32),
    /// A wait with a time limit.
    Waiter(WaiterId),
}

/// Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A number is out of its bounds.
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
    /// The key is taken and the caller wanted it free.
    #[error("a job is already running under this key")]
    Duplicate,
    /// As many jobs are pending as the manager takes.
    #[error("the queue is full: as many jobs wait as may be pending")]
    QueueFull,
    /// The manager takes no more jobs.
    #[error("the manager is closed and takes no new jobs")]
    Closed,
}
