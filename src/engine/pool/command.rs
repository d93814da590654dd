//! What a pool is told and what it wants done.

/// One attempt of a job. The driver numbers them, upwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u32);

/// The pool numbers its workers; no number is used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u32);

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// A new task.
    Submit(TaskId),
    /// It is to end.
    Stop(TaskId),
    /// The worker is ready for tasks.
    Loaded(WorkerId),
    /// The worker says that the task's body has settled, or could not be given the task. Counts only while it is this
    /// worker that has this task: nobody ends the task of another.
    Settled {
        /// Who says so.
        worker: WorkerId,
        /// Of which task.
        task: TaskId,
    },
    /// The worker could not be loaded, at all or in time, has broken, or is gone.
    Lost(WorkerId),
    /// The moment that [`Effect::Wake`] asked for has come.
    Tick,
    /// No task is taken any more; those that run are stopped. Again: nothing.
    Close,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Start a worker; [`Command::Loaded`] or [`Command::Lost`] tells what came of it. Not ready after
    /// [`LOAD_TIMEOUT`](super::LOAD_TIMEOUT) it is lost.
    Spawn(WorkerId),
    /// Hand the task to the worker.
    Post {
        /// Which is idle.
        worker: WorkerId,
        /// Which has waited longest.
        task: TaskId,
    },
    /// Tell the worker that its task is to end.
    Abort {
        /// Which runs it.
        worker: WorkerId,
        /// Which is to end.
        task: TaskId,
    },
    /// End the worker, whatever it does. What it still sends counts for nothing.
    Terminate(WorkerId),
    /// The task has ended; once for each.
    End {
        /// Which one.
        task: TaskId,
        /// Why.
        how: End,
    },
    /// The pool was closed, and no worker is left.
    Closed,
    /// Send [`Command::Tick`] at the moment of [`wake_at`](super::Pool::wake_at), which is earlier than what was asked for
    /// before.
    Wake,
}

/// How a task has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its body has.
    Settled,
    /// It was stopped before it had a worker.
    Stopped,
    /// It was stopped, its body did not settle within the grace.
    Killed,
    /// Its worker broke.
    Lost(WorkerId),
    /// No worker could be loaded for it; this was the last to be tried.
    NotLoaded(WorkerId),
    /// The pool was closed.
    Closed,
}
