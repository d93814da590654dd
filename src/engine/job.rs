//! One job's record.

use super::deadlines::TimerHandle;
use super::options::RetryPlan;
use super::rate::RateLimit;
use super::slab::{NONE, Slab};
use super::time::{Span, Time};

/// Where a job is in its life, as the world sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobStatus {
    /// Waits: for a slot, its delay, its key, a retry, or the end of a pause.
    Pending,
    /// Its body runs, or has been asked to stop and has not settled.
    Running,
    /// Ended: the body resolved and nobody had asked it to stop.
    Completed,
    /// Ended: the last attempt rejected or timed out.
    Failed,
    /// Ended: someone asked it to stop before it settled.
    Cancelled,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompletionType {
    /// The body resolved.
    Normal,
    /// The body rejected or timed out, with no retry left.
    Failed,
    /// A stop was asked for before the body settled.
    Cancelled,
}

/// Why the running attempt is asked to end. Zero is left for "it is not".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AbortCause {
    /// Someone called stop.
    Stop = 1,
    /// The attempt's time is up.
    Timeout,
    /// A newer job under the same key takes its place.
    Replaced,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Pending, not in line: see the `delayed` and `behind_key` flags.
    Waiting,
    /// Pending, in the ready queue.
    Ready,
    /// Holds a slot; the driver has been told to call the body and has not begun to.
    Granted,
    /// The body runs.
    Running,
    /// The body has settled with a failure; the driver has been asked whether to retry.
    Deciding,
    Ended(CompletionType),
}

/// What only jobs with options or watchers need.
#[derive(Debug)]
pub(crate) struct ColdData {
    pub(crate) timeout: Option<Span>,
    pub(crate) abandon_after: Option<Span>,
    pub(crate) retry: RetryPlan,
    pub(crate) deadline: TimerHandle,
    /// While it is delayed: until when.
    pub(crate) ready_at: Time,
    pub(crate) group: u32,
    /// The number of the latest start, where the manager counts them.
    pub(crate) start: u64,
    /// The same among the group's, where the manager limits their rate.
    pub(crate) group_start: u64,
    pub(crate) emitter: u32,
    /// The newest of its waits.
    pub(crate) waiter: u32,
}

impl Default for ColdData {
    fn default() -> Self {
        let (timeout, retry, deadline) = (None, RetryPlan::default(), TimerHandle::NONE);
        Self {
            timeout,
            abandon_after: None,
            retry,
            deadline,
            ready_at: Time::default(),
            group: NONE,
            start: RateLimit::UNCOUNTED,
            group_start: 0,
            emitter: NONE,
            waiter: NONE,
        }
    }
}

/// A hundred thousand may wait: what few of them need is in their [`ColdData`].
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) priority: f64,
    /// When it came to where it is (the ready queue, a slot, its end), counted over all jobs: first in, first out also across
    /// groups.
    pub(crate) entered: u64,
    pub(crate) manager: u32,
    pub(crate) key: u32,
    pub(crate) attempt: u32,
    /// Neighbours in the ready queue; once it has ended, among those that are kept.
    pub(crate) ahead: u32,
    pub(crate) behind: u32,
    /// Neighbours among all jobs of the manager, oldest first.
    pub(crate) older: u32,
    pub(crate) newer: u32,
    pub(crate) cold: u32,
    pub(crate) phase: Phase,
    pub(crate) delayed: bool,
    /// Stands in the chain of its priority, not in the heap beside it.
    pub(crate) chained: bool,
    pub(crate) behind_key: bool,
    pub(crate) stop: Option<AbortCause>,
    pub(crate) timed_out: bool,
    /// Has ended and is kept.
    pub(crate) is_retained: bool,
}

impl Job {
    pub(crate) fn new(manager: u32, key: u32, priority: f64) -> Self {
        Self {
            priority,
            entered: 0,
            manager,
            key,
            attempt: 0,
            ahead: NONE,
            behind: NONE,
            older: NONE,
            newer: NONE,
            cold: NONE,
            phase: Phase::Waiting,
            delayed: false,
            chained: false,
            behind_key: false,
            stop: None,
            timed_out: false,
            is_retained: false,
        }
    }

    /// Its cold, made if it has none.
    #[inline(never)] // Rare, and long.
    pub(crate) fn cold_in<'a>(&mut self, all: &'a mut Slab<ColdData>) -> Option<&'a mut ColdData> {
        if self.cold == NONE {
            self.cold = all.insert(ColdData::default());
        }
        all.get_mut(self.cold)
    }

    /// Who listens to it.
    pub(crate) fn emitter(&self, all: &Slab<ColdData>) -> u32 {
        if self.cold == NONE { NONE } else { all.get(self.cold).map_or(NONE, |cold| cold.emitter) }
    }

    /// The group that it counts for.
    pub(crate) fn group(&self, all: &Slab<ColdData>) -> u32 {
        if self.cold == NONE { NONE } else { all.get(self.cold).map_or(NONE, |cold| cold.group) }
    }

    pub(crate) fn status(&self) -> JobStatus {
        match self.phase {
            Phase::Waiting | Phase::Ready => JobStatus::Pending,
            Phase::Granted | Phase::Running | Phase::Deciding => JobStatus::Running,
            Phase::Ended(CompletionType::Normal) => JobStatus::Completed,
            Phase::Ended(CompletionType::Failed) => JobStatus::Failed,
            Phase::Ended(CompletionType::Cancelled) => JobStatus::Cancelled,
        }
    }

    /// Why it is asked to end, as it counts: a stop more than a timeout.
    pub(crate) fn cause(&self) -> Option<AbortCause> {
        self.stop.or(self.timed_out.then_some(AbortCause::Timeout))
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.phase, Phase::Waiting | Phase::Ready)
    }

    /// Asked to end, body not yet settled.
    pub(crate) fn is_stopping(&self) -> bool {
        self.phase == Phase::Running && self.cause().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_small() {
        assert!(size_of::<Option<Job>>() <= 56);
    }
}
