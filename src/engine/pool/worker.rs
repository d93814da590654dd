use super::command::{TaskId, WorkerId};
use super::options::Limits;
use crate::engine::time::Time;

#[derive(Debug, Clone, Copy)]
pub(super) struct Worker {
    pub(super) id: WorkerId,
    pub(super) phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// For [`super::LOAD_TIMEOUT`] at most, which its driver sees to.
    Loading,
    Idle {
        since: Time,
    },
    Running {
        task: TaskId,
    },
    /// Asked to end its task.
    Stopping {
        task: TaskId,
        until: Time,
    },
}

impl Worker {
    pub(super) fn is_loading(&self) -> bool {
        self.phase == Phase::Loading
    }

    pub(super) fn idle_since(&self) -> Option<Time> {
        if let Phase::Idle { since } = self.phase { Some(since) } else { None }
    }

    pub(super) fn task(&self) -> Option<TaskId> {
        match self.phase {
            Phase::Running { task } | Phase::Stopping { task, .. } => Some(task),
            Phase::Loading | Phase::Idle { .. } => None,
        }
    }

    /// When its patience, or that of others with it, is over.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<Time> {
        match self.phase {
            Phase::Stopping { until, .. } => Some(until),
            Phase::Idle { since } => limits.idle.map(|idle| since.after(idle)),
            Phase::Loading | Phase::Running { .. } => None,
        }
    }
}
