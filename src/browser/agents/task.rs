//! What a worker does as a job.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::cancellation::Cancellation;
use super::host::WorkerToHostInterface;
use super::tool::Tool;
use super::worker::Worker;
use crate::browser::error::JobError;

/// Something that a worker does as a job.
pub trait WorkerTask {
    /// Does it. Asked to end by [`TaskContext::cancellation`], it returns; the job has not ended before it has.
    ///
    /// # Errors
    ///
    /// Any: the job fails with it, unless it was asked to stop.
    fn run<'a>(&'a self, context: &'a TaskContext) -> LocalBoxFuture<'a, Result<(), JobError>>;

    /// Who is told of the worker's states; default nobody.
    fn host(&self) -> Option<&dyn WorkerToHostInterface> {
        None
    }
}

/// What a task is given.
pub struct TaskContext {
    pub(super) worker: Rc<Worker>,
    pub(super) cancellation: Cancellation,
}

impl TaskContext {
    /// Whose job it is.
    #[must_use]
    pub fn worker(&self) -> &Rc<Worker> {
        &self.worker
    }

    /// Aborts when the job is asked to end.
    #[must_use]
    pub fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }
}

impl fmt::Debug for TaskContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TaskContext").field("worker", &self.worker).finish_non_exhaustive()
    }
}

/// One prompt and all that it takes to answer it.
pub(super) struct Talk {
    pub(super) prompt: String,
    pub(super) host: Rc<dyn WorkerToHostInterface>,
    pub(super) tools: Rc<[Rc<dyn Tool>]>,
    pub(super) max_turns: u32,
    /// The prompt is in the conversation.
    pub(super) asked: Cell<bool>,
}

pub(super) enum Work {
    Talk(Talk),
    Other(Rc<dyn WorkerTask>),
}

impl Work {
    pub(super) fn host(&self) -> Option<&dyn WorkerToHostInterface> {
        match self {
            Self::Talk(talk) => Some(&*talk.host),
            Self::Other(task) => task.host(),
        }
    }

    pub(super) fn talk(&self) -> Option<&Talk> {
        match self {
            Self::Talk(talk) => Some(talk),
            Self::Other(_) => None,
        }
    }
}
