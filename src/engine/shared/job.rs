//! A job as one tab knows it: what the store said last, and what this tab makes of it.

use super::command::TypeId;
use super::options::Kind;
use super::row::{Row, Status, remaining};
use crate::engine::queue::rank;
use crate::engine::time::{Span, Time};

use super::command::{Now, SharedJobId};

/// What a job that has not started waits for, as this tab sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitingFor {
    /// A slot.
    Slot,
    /// Its delay.
    Delay,
    /// Its next attempt.
    Retry,
    /// The network.
    Online,
    /// The page to be looked at.
    Visible,
    /// A tab that has its type, or its version of it.
    Type,
    /// A tab that can bring its params to the version of the type.
    Migration,
    /// The store to take what is written.
    Storage,
    /// The end of the job that stands under its key.
    Key,
}

/// The lowest starts first.
pub(super) type Order = (u64, u64, SharedJobId);

#[derive(Debug)]
pub(super) struct Job {
    pub(super) kind: Option<TypeId>,
    pub(super) row: Row,
    /// By this tab's clock that never runs backwards.
    not_before: Time,
    /// Since when nothing but the network is missing.
    pub(super) offline_since: Option<Time>,
    pub(super) parked: bool,
    /// The store did not take it; until then it is not tried again.
    pub(super) held_until: Option<Time>,
    /// This tab is about to claim it, or runs it.
    pub(super) here: bool,
    /// Where it stands in the tab's ready queue, if it does.
    pub(super) queued: Option<Order>,
    /// When the tab looks at it again by itself.
    pub(super) alarm: Option<Time>,
}

/// What the tab itself is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Circumstances {
    pub(super) online: bool,
    pub(super) visible: bool,
}

impl Job {
    pub(super) fn new(now: Now, kind: Option<TypeId>, row: Row) -> Self {
        let not_before = start(now, &row);
        Self {
            kind,
            row,
            not_before,
            offline_since: None,
            parked: false,
            held_until: None,
            here: false,
            queued: None,
            alarm: None,
        }
    }

    /// The same wait, seen again later, does not become longer: the wall's clock may have been set back.
    pub(super) fn update(&mut self, now: Now, row: Row) {
        let same_wait = self.row.epoch == row.epoch && self.row.ready_at.to_bits() == row.ready_at.to_bits();
        let begins = start(now, &row);
        self.not_before = if same_wait { self.not_before.min(begins) } else { begins };
        if self.row != row {
            self.held_until = None;
        }
        // Another tab has brought its params to that version: from there it may go.
        if self.row.version != row.version {
            self.parked = false;
        }
        self.row = row;
    }

    pub(super) fn order(&self, id: SharedJobId) -> Order {
        // Places are counted: whole and not negative, whose bits order as they do.
        (rank(self.row.priority), self.row.place.to_bits(), id)
    }

    /// What is missing before it can start, and until when at the longest; nothing: a slot.
    pub(super) fn missing(
        &mut self,
        now: Time,
        kind: Option<Kind>,
        around: Circumstances,
    ) -> (WaitingFor, Option<Time>) {
        if self.row.behind {
            return (WaitingFor::Key, None);
        }
        let Some(kind) = kind.filter(|kind| self.row.version <= kind.version) else { return (WaitingFor::Type, None) };
        if self.parked {
            return (WaitingFor::Migration, None);
        }
        if now < self.not_before {
            let retry = self.row.failures > 0;
            return (if retry { WaitingFor::Retry } else { WaitingFor::Delay }, Some(self.not_before));
        }
        if let Some(until) = self.held_until.filter(|until| now < *until) {
            return (WaitingFor::Storage, Some(until));
        }
        if kind.visible && !around.visible {
            return (WaitingFor::Visible, None);
        }
        match kind.online {
            Some(longest) if !around.online => self.network(now, longest),
            _ => {
                self.offline_since = None;
                (WaitingFor::Slot, None)
            }
        }
    }

    fn network(&mut self, now: Time, longest: Span) -> (WaitingFor, Option<Time>) {
        let until = self.offline_since.get_or_insert(now).after(longest);
        if until <= now { (WaitingFor::Slot, None) } else { (WaitingFor::Online, Some(until)) }
    }

    pub(super) fn is_pending(&self) -> bool {
        self.row.status == Status::Pending
    }
}

fn start(now: Now, row: &Row) -> Time {
    now.time.after(Span::from_millis(remaining(row.ready_at, row.wait, now.wall)))
}
