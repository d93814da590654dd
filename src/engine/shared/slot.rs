//! A slot as one tab knows it: what it does there, and what it has heard of whoever else does.

use super::command::{Lock, RequestId, SharedJobId};
use super::row::SlotRow;
use super::transactions::Outcome;
use crate::engine::time::Time;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Usage {
    Free,
    /// Its lock is waited for.
    Asked,
    /// The lock is there; what for is decided before the command is over.
    Granted,
    /// The transaction that claims the job is under way.
    Entering {
        job: Option<SharedJobId>,
        since: Time,
    },
    Running(Run),
    /// What came of the run is being written.
    Settling {
        job: SharedJobId,
        epoch: u32,
        outcome: Outcome,
        /// The store did not take it; then it is tried again.
        again: Option<Time>,
        failures: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    pub(super) job: SharedJobId,
    pub(super) epoch: u32,
    pub(super) deadline: Option<Time>,
    pub(super) timed_out: bool,
    pub(super) stopped: bool,
    /// The page was going then: what the body rejects with a moment later may be due to that.
    pub(super) going: Option<Time>,
    pub(super) inbox: Inbox,
}

/// The actions of one run: one after the other, each once the one before is recorded as done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Inbox {
    pub(super) listening: bool,
    pub(super) handled: u32,
    /// The next one is with the body.
    pub(super) delivered: bool,
    /// That it is done with is being written; or is to be tried again at that moment.
    pub(super) acknowledging: bool,
    pub(super) again: Option<Time>,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) index: u32,
    pub(super) usage: Usage,
    pub(super) request: RequestId,
    /// Of the lock that was asked for.
    pub(super) generation: u32,
    pub(super) stored: SlotRow,
    /// When this tab has last heard something new, counted in time awake.
    pub(super) heard: Time,
    /// Runs there under that epoch, as the store says, and it is not this tab that runs it.
    pub(super) within: Option<(SharedJobId, u32)>,
    /// The store did not take what was left there; it is not asked for before that moment.
    pub(super) again: Option<Time>,
    /// The transaction that gives its holder up is under way.
    pub(super) retiring: bool,
}

impl Usage {
    pub(super) fn job(&self) -> Option<SharedJobId> {
        match *self {
            Self::Entering { job, .. } => job,
            Self::Running(Run { job, .. }) | Self::Settling { job, .. } => Some(job),
            Self::Free | Self::Asked | Self::Granted => None,
        }
    }
}

impl Slot {
    pub(super) fn new(index: u32) -> Self {
        Self {
            index,
            usage: Usage::Free,
            request: RequestId(0),
            generation: 0,
            stored: SlotRow::default(),
            heard: Time::default(),
            within: None,
            again: None,
            retiring: false,
        }
    }

    /// The one that was asked for, or is held.
    pub(super) fn lock(&self) -> Lock {
        Lock { slot: self.index, generation: self.generation }
    }

    pub(super) fn is_held(&self) -> bool {
        !matches!(self.usage, Usage::Free | Usage::Asked)
    }

    /// When the tab has to do something about it by itself.
    pub(super) fn deadline(&self) -> Option<Time> {
        match self.usage {
            Usage::Running(run) => {
                let deadline = run.deadline.filter(|_| !run.timed_out);
                [deadline, run.inbox.again].into_iter().flatten().min()
            }
            Usage::Settling { again, .. } => again,
            Usage::Free => self.again,
            _ => None,
        }
    }
}
