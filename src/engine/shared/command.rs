//! What a tab is told and what it wants done.

use super::row::{Row, SlotRow};
use super::transactions::{Claim, Outcome};
use crate::engine::Time;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(
            /// The number that crosses boundaries.
            pub u32,
        );
    };
}

id!(
    /// A job, as its tab numbers it.
    SharedJobId
);
id!(
    /// A job type that this tab has, in the order in which they were added.
    TypeId
);
id!(
    /// One request for a slot's lock. No number is used twice.
    RequestId
);

/// The moment at which something is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Now {
    /// By a clock that never runs backwards.
    pub time: Time,
    /// By the wall's, in milliseconds since the epoch.
    pub wall: f64,
}

/// A slot's lock: named by both, so that the lock of a holder that was given up is one that nobody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lock {
    /// Which slot.
    pub slot: u32,
    /// Of which generation.
    pub generation: u32,
}

/// What came of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It has completed, with what was asked for.
    Written,
    /// It has completed without, for the store says otherwise.
    Refused,
    /// It has not completed: the store is full, gone, or at fault.
    Failed,
}

/// What has happened. What a transaction has read or written is told by [`Command::Seen`], [`Command::Gone`] and
/// [`Command::Slot`] before its answer is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    /// As the store has it.
    Seen {
        /// Which job.
        job: SharedJobId,
        /// `None`: of a type that this tab does not have.
        kind: Option<TypeId>,
        /// All of it.
        row: Row,
    },
    /// The store has it no more.
    Gone(SharedJobId),
    /// As the store has it.
    Slot {
        /// Which.
        slot: u32,
        /// All of it.
        row: SlotRow,
    },
    /// What [`Effect::Read`] asked for has been told.
    ReadDone,
    /// It could not be read.
    ReadFailed,
    /// Someone says that something has changed.
    Hint,
    /// The lock is this tab's.
    Granted(RequestId),
    /// The lock was taken from it.
    LockLost(RequestId),
    /// Of [`Effect::Enter`].
    Entered {
        /// Whose effect it was.
        lock: Lock,
        /// [`Answer::Written`]: the job was claimed, or there was none to claim.
        answer: Answer,
    },
    /// Of [`Effect::Settle`].
    Recorded {
        /// Whose effect it was.
        job: SharedJobId,
        /// Of which run.
        epoch: u32,
        /// What came of it.
        answer: Answer,
    },
    /// Of [`Effect::Acknowledge`].
    Acknowledged {
        /// Whose effect it was.
        job: SharedJobId,
        /// Of which run.
        epoch: u32,
        /// What came of it.
        answer: Answer,
    },
    /// Of [`Effect::Retire`].
    Retired {
        /// Whose effect it was.
        lock: Lock,
        /// What came of it.
        answer: Answer,
    },
    /// The job's params can't be brought to this tab's version: it is left to others.
    Parked(SharedJobId),
    /// The body has settled.
    Settled {
        /// Whose.
        job: SharedJobId,
        /// Of which run.
        epoch: u32,
        /// How; for [`Effect::Abort`] of [`AbortWhy::Timeout`] it counts as [`Outcome::TimedOut`].
        outcome: Outcome,
    },
    /// The body hears actions from now on.
    Listening {
        /// Whose.
        job: SharedJobId,
        /// Of which run.
        epoch: u32,
    },
    /// What listened to the action that was delivered last has settled.
    Handled {
        /// Whose.
        job: SharedJobId,
        /// Of which run.
        epoch: u32,
    },
    /// Whether the page is visible.
    Visible(bool),
    /// What `navigator.onLine` says.
    Online(bool),
    /// The moment of [`wake_at`](super::Tab::wake_at) has come.
    Tick,
    /// The page may be about to go: the browser says so first, and then ends its requests, with which bodies reject.
    Going,
    /// Lets go of all it holds: the page is hidden away or closed, the runner is closed, or the store is for newer code.
    Leave {
        /// There is no later: locks are dropped before what is written has been confirmed.
        at_once: bool,
    },
    /// The page is back.
    Return,
}

/// Why a body is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbortWhy {
    /// A stop was asked for.
    Stop,
    /// Its time is over.
    Timeout,
    /// The job is another tab's: what it still writes is refused.
    Lost,
    /// This tab lets go of it.
    Handover,
}

/// What is to be done. The driver gives the numbers of a transaction to the function of
/// [`transactions`](super::transactions) that is named as the effect is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// Ask for the lock, and wait for it.
    Ask {
        /// Told with the grant.
        request: RequestId,
        /// Which.
        lock: Lock,
    },
    /// Withdraw the request, or let go of the lock. If the transaction of [`Effect::Enter`] is under way that was for
    /// it, abort that first: another holder must not find what this one writes.
    Drop(RequestId),
    /// Tell what has changed in the store, and all slots; write a sign of life for those of
    /// [`held`](super::Tab::held). Then [`Command::ReadDone`].
    Read,
    /// With the lock held, in one transaction: recover what was left in the slot, claim the job.
    Enter {
        /// Which is held.
        lock: Lock,
        /// What is to run there, if anything.
        claim: Option<(SharedJobId, Claim)>,
    },
    /// In one transaction: give up the silent holder of the slot, recover what was left there. If that is written, also
    /// steal its lock and let go of it, so that whoever wakes up is told.
    Retire {
        /// The one that is held.
        lock: Lock,
        /// The last that was heard.
        beat: u32,
    },
    /// Record what came of a run.
    Settle {
        /// Whose.
        job: SharedJobId,
        /// Of which run.
        epoch: u32,
        /// In which slot, which names no job then.
        lock: Lock,
        /// What came of it.
        outcome: Outcome,
    },
    /// Before anything else, and without reading or waiting, for the page may die now: note that this tab has left the
    /// run in that slot. Whoever enters the slot or retires its holder takes the note away and, if the job still runs there
    /// under that epoch, first settles it as [`Outcome::Released`].
    Mark {
        /// Whose.
        job: SharedJobId,
        /// Of which run.
        epoch: u32,
        /// In which slot.
        lock: Lock,
    },
    /// Call the body.
    Run {
        /// Whose.
        job: SharedJobId,
        /// Of which run.
        epoch: u32,
    },
    /// Abort the body's signal.
    Abort {
        /// Whose.
        job: SharedJobId,
        /// Of which run.
        epoch: u32,
        /// Why.
        why: AbortWhy,
    },
    /// Hand the action to the body; then [`Command::Handled`].
    Deliver {
        /// Whose.
        job: SharedJobId,
        /// Of which run.
        epoch: u32,
        /// Counted from 1.
        number: u32,
    },
    /// Record that the action is done with.
    Acknowledge {
        /// Whose.
        job: SharedJobId,
        /// Of which run.
        epoch: u32,
        /// Counted from 1.
        number: u32,
    },
    /// Nothing is held any more, after [`Command::Leave`].
    Left,
}
