//! What a transaction writes, given what it has read. Whoever writes asks here, inside the transaction, and writes the
//! answer whole or not at all: so every write compares the epoch with the one that is in the store.

use super::row::{Row, SlotRow, Status, remaining};
use crate::engine::options::OnDuplicate;

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// The body has returned, and what it returned can be stored.
    Resolved,
    /// The body has thrown, or has returned what can't be stored.
    Rejected {
        /// Whether trying again could help.
        retry: bool,
        /// The wait that was asked for; none: as the backoff has it.
        wait: Option<f64>,
    },
    /// It was asked to end since its time was over, and has ended.
    TimedOut,
    /// Its tab lets go of it; it goes on elsewhere. No attempt is counted.
    Released,
}

/// What became of a job whose owner is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// It runs again.
    Again,
    /// A stop had been asked for.
    Cancelled,
    /// Its type wants it to fail.
    Interrupted,
    /// It has died too often.
    CrashLoop,
}

/// What whoever claims a job knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// That the row had when it was chosen; the row is another's since if it has another.
    pub epoch: u32,
    /// Of the type here, for which the params are.
    pub version: u32,
    /// Of the type.
    pub strict: bool,
    /// Of the type.
    pub fail_interrupted: bool,
}

/// What is written by whoever holds a slot's lock. The slot then names the job that was claimed, or none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entered {
    /// With a sign of life: who was about to give its holder up looks again.
    pub slot: SlotRow,
    /// The job that was left in the slot, unless that is the one that was claimed.
    pub recovered: Option<(Row, Recovery)>,
    /// The job that was to be claimed, if it could be. The one that was left in the slot may be: then it goes on there.
    pub claimed: Option<Row>,
}

/// With the slot's lock held: recovers the job that was left in it, claims another. `None`: the lock is one of an older
/// generation, and nothing is written.
#[must_use]
pub fn enter(
    (slot, generation): (u32, u32),
    stored: SlotRow,
    within: Option<&Row>,
    target: Option<(&Row, Claim)>,
    wall: f64,
    max_interruptions: u32,
) -> Option<Entered> {
    stored.beaten(generation).map(|entered| {
        let left = within.filter(|row| row.is_in(slot, generation)).map(|row| recover(row, wall, max_interruptions));
        let goes_on = target.is_some_and(|(row, _)| row.is_in(slot, generation));
        let claimed = target.and_then(|(row, claim)| {
            let free = left.filter(|_| goes_on).map_or(*row, |(row, _)| row);
            let may_be = free.status == Status::Pending && row.epoch == claim.epoch && !row.behind;
            may_be.then(|| Row {
                status: Status::Running,
                epoch: row.epoch + 1,
                attempt: row.failures + 1,
                version: claim.version,
                strict: claim.strict,
                fail_interrupted: claim.fail_interrupted,
                slot,
                generation,
                started_at: wall,
                ready_at: 0.0,
                wait: 0.0,
                ..free
            })
        });
        let recovered = left.filter(|_| !goes_on || claimed.is_none());
        Entered { slot: entered, recovered, claimed }
    })
}

/// Gives up whoever holds the slot's lock and was silent since `beat`: the slot as it is then, and the job that was left
/// in it. `None`: it has been given up already, it lives, or its job is one of those that are left to owners who may.
#[must_use]
pub fn retire(
    (slot, generation): (u32, u32),
    beat: u32,
    stored: SlotRow,
    within: Option<&Row>,
    wall: f64,
    max_interruptions: u32,
) -> Option<(SlotRow, Option<(Row, Recovery)>)> {
    let within = within.filter(|row| row.is_in(slot, generation));
    let may_be = stored == (SlotRow { generation, beat }) && within.is_none_or(|row| !row.strict);
    may_be.then(|| {
        let retired = SlotRow { generation: generation.wrapping_add(1), ..stored };
        (retired, within.map(|row| recover(row, wall, max_interruptions)))
    })
}

pub(super) fn recover(row: &Row, wall: f64, max_interruptions: u32) -> (Row, Recovery) {
    let row = Row { epoch: row.epoch + 1, interruptions: row.interruptions + 1, ..*row };
    if row.stop {
        (row.ended(Status::Cancelled, wall), Recovery::Cancelled)
    } else if row.fail_interrupted {
        (row.ended(Status::Failed, wall), Recovery::Interrupted)
    } else if row.interruptions >= max_interruptions {
        (row.ended(Status::Failed, wall), Recovery::CrashLoop)
    } else {
        (Row { status: Status::Pending, ..row }, Recovery::Again)
    }
}

/// The run of that epoch is over. `random` is in 0..1. `None`: it is no longer its own, and nothing is written.
#[must_use]
pub fn settle(row: &Row, epoch: u32, outcome: Outcome, wall: f64, random: f64) -> Option<Row> {
    row.is_owned(epoch).then(|| {
        if row.stop {
            return row.ended(Status::Cancelled, wall);
        }
        let (retry, asked) = match outcome {
            Outcome::Resolved => return row.ended(Status::Completed, wall),
            Outcome::Released => return Row { status: Status::Pending, ..*row },
            Outcome::Rejected { retry, wait } => (retry, wait),
            Outcome::TimedOut => (true, None),
        };
        match row.next_wait(asked, random).filter(|_| retry) {
            Some(wait) => {
                Row { status: Status::Pending, failures: row.failures + 1, ready_at: wall + wait, wait, ..*row }
            }
            None => Row { failures: row.failures + 1, ..*row }.ended(Status::Failed, wall),
        }
    })
}

/// It is to end: a pending one has. `None`: it has ended, or was asked before.
#[must_use]
pub fn stop(row: &Row, wall: f64) -> Option<Row> {
    match row.status {
        Status::Pending => Some(row.ended(Status::Cancelled, wall)),
        Status::Running if !row.stop => Some(Row { stop: true, ..*row }),
        _ => None,
    }
}

/// Another priority, behind those of the same, for `place` is the latest; the one that it has: where it is. `None`: it has
/// ended.
#[must_use]
pub fn prioritize(row: &Row, priority: f64, place: f64) -> Option<Row> {
    let place = if priority - row.priority == 0.0 { row.place } else { place };
    (!row.status.is_end()).then_some(Row { priority, place, ..*row })
}

/// One more action. `None`: it has ended, and hears nothing.
#[must_use]
pub fn send(row: &Row) -> Option<Row> {
    (!row.status.is_end()).then_some(Row { sent: row.sent + 1, ..*row })
}

/// The action of that number is done with. `None`: not by this run, or not in its turn.
#[must_use]
pub fn acknowledge(row: &Row, epoch: u32, number: u32) -> Option<Row> {
    let is_next = row.is_owned(epoch) && row.handled + 1 == number && number <= row.sent;
    is_next.then_some(Row { handled: number, ..*row })
}

/// What is done with a new job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Create {
    /// There is one of the same id: it is the answer.
    Same,
    /// The one that stands under the key is the answer.
    JoinStanding,
    /// The one that waits behind it is.
    JoinWaiting,
    /// `DuplicateJobError`.
    Duplicate,
    /// `QueueFullError`.
    Full,
    /// It is created.
    Insert {
        /// It waits for the one that stands.
        behind: bool,
        /// The one that stands is to [`stop`].
        stops_standing: bool,
        /// The one that waits is to [`stop`]: the latest wins.
        stops_waiting: bool,
    },
}

/// What a transaction finds that is to create a job.
#[derive(Debug, Clone, Copy, Default)]
pub struct Found<'a> {
    /// Under its id.
    pub same: Option<&'a Row>,
    /// Under its key, not ended.
    pub standing: Option<&'a Row>,
    /// Behind that one.
    pub waiting: Option<&'a Row>,
    /// In all.
    pub pending: f64,
}

/// What is done with a new job; the same whichever tab asks, so that a race has one winner.
#[must_use]
pub fn create(found: Found<'_>, on_duplicate: OnDuplicate, max_pending: f64) -> Create {
    if found.same.is_some() {
        return Create::Same;
    }
    let replaces = on_duplicate == OnDuplicate::Replace;
    let ends_at_once = |row: &Row| replaces && row.status == Status::Pending;
    if let Some(standing) = found.standing {
        match on_duplicate {
            OnDuplicate::Reject => return Create::Duplicate,
            OnDuplicate::Join if !standing.stop => return Create::JoinStanding,
            OnDuplicate::Join if found.waiting.is_some() => return Create::JoinWaiting,
            OnDuplicate::Join | OnDuplicate::Replace | OnDuplicate::Queue => {}
        }
    }
    let behind = found.standing.is_some_and(|row| !ends_at_once(row));
    let makes_room = f64::from(u8::from(found.waiting.is_some()) + u8::from(found.standing.is_some_and(ends_at_once)));
    if found.pending - makes_room >= max_pending {
        return Create::Full;
    }
    Create::Insert {
        behind,
        stops_standing: replaces && found.standing.is_some_and(|row| !row.stop),
        stops_waiting: found.waiting.is_some(),
    }
}

/// The job that stood under its key has ended: it stands there now.
#[must_use]
pub fn promote(row: &Row) -> Option<Row> {
    (row.behind && row.status == Status::Pending).then_some(Row { behind: false, ..*row })
}

/// Where a pending job is listed by whoever runs none and knows no types; the lowest comes first: those that could start,
/// in the order in which they would, those that wait for a moment, in the order of those, then those that wait for the one
/// under their key.
#[must_use]
pub fn place(row: &Row, wall: f64) -> [f64; 3] {
    if row.behind {
        [2.0, row.place, row.place]
    } else if remaining(row.ready_at, row.wait, wall) > 0.0 {
        [1.0, row.ready_at, row.place]
    } else {
        [0.0, -row.priority, row.place]
    }
}

/// How many finished jobs are let go of, oldest first, where `finished` are there.
#[must_use]
pub fn excess(finished: f64, retain: f64) -> f64 {
    (finished - retain).max(0.0)
}
