use std::ops::Deref;
use std::rc::Rc;

use super::key::WorkerKey;
use super::worker::Worker;
use crate::browser::completion::Ended;
use crate::browser::job::Job;
use crate::engine::agents::WorkerState;

/// A worker's job: a job as any other, with the worker. A clone is the same job.
#[derive(Debug, Clone)]
pub struct WorkerJob(pub(super) Job<WorkerKey, WorkerState, (), ()>);

impl WorkerJob {
    /// Whose job it is.
    #[must_use]
    pub fn worker(&self) -> &Rc<Worker> {
        &self.0.key().0
    }

    /// Asks it to end, and does not wait.
    pub fn cancel(&self) {
        drop(self.0.stop());
    }

    /// Waits for its end and tells how it ended.
    pub fn wait(&self) -> Ended<()> {
        self.0.result()
    }
}

/// Everything else is the job's own; continuations are its `on_end`.
impl Deref for WorkerJob {
    type Target = Job<WorkerKey, WorkerState, (), ()>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
