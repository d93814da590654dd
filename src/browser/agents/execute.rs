//! A task on a worker, from its first state to its last.

use std::fmt;
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::cancellation::{Cancellation, Scope};
use super::host::WorkerToHostInterface;
use super::worker::Worker;
use crate::browser::error::{JobError, Thrown, TimeoutError};
use crate::engine::agents::{CANCELLED, WorkerState};

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
    worker: Rc<Worker>,
    pub(crate) scope: Scope,
    cancellation: Cancellation,
    told: Box<dyn Fn(WorkerState)>,
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

    /// The worker's new state: shown first, then told.
    pub(crate) fn enter(
        &self,
        state: WorkerState,
        failure: Option<Rc<JobError>>,
        host: Option<&dyn WorkerToHostInterface>,
    ) -> Result<(), JobError> {
        self.worker.enter(state, failure);
        (self.told)(state);
        host.map_or(Ok(()), |host| host.worker_state_change(self.worker.id(), state))
    }
}

impl fmt::Debug for TaskContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TaskContext").field("worker", &self.worker).finish_non_exhaustive()
    }
}

/// How a task ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done,
    Cancelled,
    Failed(Rc<JobError>),
}

/// Runs the task. `told` hears of each state before the host does. `timed_out`: whether an abort was the job's timeout.
pub(crate) async fn execute(
    worker: Rc<Worker>,
    task: &dyn WorkerTask,
    parent: &Cancellation,
    told: impl Fn(WorkerState) + 'static,
    timed_out: impl Fn() -> bool,
) -> Outcome {
    let scope = match Scope::under(parent) {
        Ok(scope) => scope,
        Err(error) => return Outcome::Failed(Rc::new(Thrown(error).into())),
    };
    let context = TaskContext { worker, cancellation: scope.cancellation(), scope, told: Box::new(told) };
    let result = match context.enter(WorkerState::Working, None, task.host()) {
        Ok(()) => task.run(&context).await,
        Err(error) => Err(error),
    };
    context.worker.edit(|history| history.close(CANCELLED));
    let result = if !parent.is_aborted() {
        result
    } else if timed_out() {
        Err(TimeoutError.into())
    } else {
        context.worker.edit(|history| history.end(false));
        // Whether it is taken well changes nothing any more.
        drop(context.enter(WorkerState::Inactive, None, task.host()));
        return Outcome::Cancelled;
    };
    match result.and_then(|()| context.enter(WorkerState::Inactive, None, task.host())) {
        Ok(()) => {
            context.worker.edit(|history| history.end(false));
            Outcome::Done
        }
        Err(error) => {
            context.worker.edit(|history| history.end(true));
            let error = Rc::new(error);
            // As above.
            drop(context.enter(WorkerState::Failed, Some(error.clone()), task.host()));
            Outcome::Failed(error)
        }
    }
}
