use std::ops::Deref;
use std::rc::Rc;

use super::worker::Worker;
use crate::browser::completion::Ended;
use crate::browser::job::Job;
use crate::engine::agents::WorkerState;

/// A worker's job: a job as any other, with the worker. A clone is the same job.
#[derive(Debug, Clone)]
pub struct WorkerJob {
    worker: Rc<Worker>,
    job: Job<String, WorkerState, (), ()>,
}

impl WorkerJob {
    pub(crate) fn new(worker: Rc<Worker>, job: Job<String, WorkerState, (), ()>) -> Self {
        Self { worker, job }
    }

    /// Whose job it is.
    #[must_use]
    pub fn worker(&self) -> &Rc<Worker> {
        &self.worker
    }

    /// Asks it to end, and does not wait.
    pub fn cancel(&self) {
        drop(self.job.stop());
    }

    /// Waits for its end and tells how it ended.
    pub fn wait(&self) -> Ended<()> {
        self.job.result()
    }
}

/// Everything else is the job's own; continuations are its `on_end`.
impl Deref for WorkerJob {
    type Target = Job<String, WorkerState, (), ()>;

    fn deref(&self) -> &Self::Target {
        &self.job
    }
}
