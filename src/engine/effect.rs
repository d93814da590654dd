//! What the rules want done in the world, in the order in which it has to be done.
use super::ids::{Channel, JobId, ListenerId, ManagerId, Source, ValueId, WaiterId};
use super::job::{AbortCause, CompletionType};
use super::time::Time;

/// What happened to a job, told to those who watch events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Event {
    /// Accepted by the manager.
    Created,
    /// An attempt begins.
    Started,
    /// The body reported progress.
    Progress,
    /// The body logged a line.
    Log,
    /// An attempt failed, another will follow.
    Retrying,
    /// Ended: normal.
    Completed,
    /// Ended: failed.
    Failed,
    /// Ended: cancelled.
    Cancelled,
    /// No longer kept.
    Removed,
    /// The manager's statistics changed.
    Stats,
    /// Asked to end, by stop or timeout, and its body has not settled yet.
    Stopping,
}

/// A run of an [`EffectSink`]'s listeners: those present when the change was made, in the order they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Targets {
    pub(crate) from: u32,
    pub(crate) to: u32,
}

impl Targets {
    pub(crate) const NONE: Self = Self { from: 0, to: 0 };

    /// How many listeners stand before its first.
    #[must_use]
    pub const fn start(self) -> u32 {
        self.from
    }

    /// How many it has.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.to - self.from
    }
}

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A slot is granted: send [`super::Command::Begin`] and, if that is taken, call the body; then
    /// [`super::Command::Settle`] when it has settled.
    Start {
        /// The job.
        job: JobId,
        /// 1 for the first.
        attempt: u32,
    },
    /// Ask the job to end, or the running attempt. A body that runs goes on until it settles; without one, the job ends
    /// with the effects that follow.
    Abort {
        /// The job.
        job: JobId,
        /// Why.
        cause: AbortCause,
        /// No other attempt can follow: the job itself is asked to end, not this attempt alone.
        last: bool,
    },
    /// The attempt failed and retries are left: ask the caller's rule, answer with [`super::Command::Retry`].
    AskRetry {
        /// The job.
        job: JobId,
        /// Which error counts: its body's, or the timeout's.
        cause: Option<AbortCause>,
    },
    /// The job has ended: settle its promises, open its barrier, call its continuations. Comes after all that is told of it.
    /// Where no job stands under its key now, the host may give the key's number to another key.
    Ended {
        /// The job.
        job: JobId,
        /// How.
        completion: CompletionType,
        /// Which of its values counts. None: what its body returned or failed with, for nobody asked it to end before. A
        /// timeout: that its time was up. Else the reason of whoever asked it to stop.
        cause: Option<AbortCause>,
        /// Not retained: the id means nothing from here on.
        forgotten: bool,
        /// Its body has not settled: what that still does counts for nothing.
        abandoned: bool,
        /// Who is called once its promises are settled: the listeners on [`Channel::Continuation`].
        continuations: Targets,
    },
    /// A retained job is dropped: the id means nothing from here on.
    Forgotten {
        /// The job.
        job: JobId,
        /// Whose it was.
        manager: ManagerId,
    },
    /// Call these listeners.
    Deliver {
        /// Whom they listen to.
        source: Source,
        /// What for.
        channel: Channel,
        /// For [`Channel::Key`]: who stands under the key now. For [`Channel::Order`]: whose place has changed.
        about: Option<JobId>,
        /// What they are told, where the host's value is what was told.
        value: ValueId,
        /// Who is told.
        to: Targets,
    },
    /// Tell these watchers of an event.
    Event {
        /// What happened.
        event: Event,
        /// To whom; none for statistics.
        job: Option<JobId>,
        /// Whose watchers: the job's own, or its manager's.
        source: Source,
        /// The progress or the line of a log.
        value: ValueId,
        /// Who is told.
        to: Targets,
    },
    /// Fewer are pending: send [`super::Command::AwaitPendingBelow`] for each who waits, and tell those for whom it is so.
    /// Whoever was told before may have started more.
    PendingBelow {
        /// The manager.
        manager: ManagerId,
    },
    /// Nothing is pending or running any more: the same with [`super::Command::AwaitIdle`].
    Idle {
        /// The manager.
        manager: ManagerId,
    },
    /// The time of a wait is up.
    WaitOver {
        /// Whose wait it was.
        waiter: WaiterId,
    },
    /// Send [`super::Command::Tick`] at this moment and at none before; `None`: there is nothing to wait for.
    Wake {
        /// When.
        at: Option<Time>,
    },
}

/// Where the engine puts what it wants done: [`Effects`], or what a driver reads it from.
pub trait EffectSink {
    /// Behind all that came before.
    fn push(&mut self, effect: Effect);

    /// The listeners that effects name, one run of [`Targets`] after another.
    fn listeners(&mut self) -> &mut Vec<ListenerId>;
}

/// Effects in order, with the listeners they name. The driver takes them out after each command.
#[derive(Debug, Default)]
pub struct Effects {
    queue: Vec<Effect>,
    targets: Vec<ListenerId>,
}

impl Effects {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { queue: Vec::new(), targets: Vec::new() }
    }

    /// What is to be done, first to last.
    #[must_use]
    pub fn as_slice(&self) -> &[Effect] {
        &self.queue
    }

    /// The listeners of one effect.
    #[must_use]
    pub fn targets(&self, to: Targets) -> &[ListenerId] {
        self.targets.get(to.from as usize..to.to as usize).unwrap_or_default()
    }

    /// Forgets them all, keeps the memory.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.targets.clear();
    }
}

impl EffectSink for Effects {
    fn push(&mut self, effect: Effect) {
        self.queue.push(effect);
    }

    fn listeners(&mut self) -> &mut Vec<ListenerId> {
        &mut self.targets
    }
}
