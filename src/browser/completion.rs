//! How a job ended, and the wait for it.

use std::cell::OnceCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::error::JobError;
use super::notify::{Notify, Waiter};
use crate::engine::{AbortCause, JobStatus};

/// How a job ended. Cheap to clone: everyone who asks reads the same result.
pub enum Completion<R> {
    /// Its body returned, and nobody had asked it to stop.
    Normal(Rc<R>),
    /// Someone asked it to stop before its body returned, whatever the body then returned.
    Cancelled(
        /// [`AbortCause::Stop`] or [`AbortCause::Replaced`].
        AbortCause,
    ),
    /// Its last attempt failed or timed out.
    Failed(Rc<JobError>),
}

impl<R> Completion<R> {
    /// What the body returned.
    #[must_use]
    pub fn ok(&self) -> Option<&R> {
        match self {
            Self::Normal(result) => Some(result),
            Self::Cancelled(_) | Self::Failed(_) => None,
        }
    }

    /// Why it failed.
    #[must_use]
    pub fn error(&self) -> Option<&JobError> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Normal(_) | Self::Cancelled(_) => None,
        }
    }

    /// Whether it was stopped or replaced.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled(_))
    }

    pub(crate) fn status(&self) -> JobStatus {
        match self {
            Self::Normal(_) => JobStatus::Completed,
            Self::Cancelled(_) => JobStatus::Cancelled,
            Self::Failed(_) => JobStatus::Failed,
        }
    }
}

impl<R> Clone for Completion<R> {
    fn clone(&self) -> Self {
        match self {
            Self::Normal(result) => Self::Normal(result.clone()),
            Self::Cancelled(cause) => Self::Cancelled(*cause),
            Self::Failed(error) => Self::Failed(error.clone()),
        }
    }
}

impl<R> fmt::Debug for Completion<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal(_) => formatter.write_str("Normal(..)"),
            Self::Cancelled(cause) => formatter.debug_tuple("Cancelled").field(cause).finish(),
            Self::Failed(error) => formatter.debug_tuple("Failed").field(error).finish(),
        }
    }
}

/// A job's end: known as soon as it is decided, told when it is the job's turn to be told of.
pub(crate) struct End<R> {
    pub(crate) completion: OnceCell<Completion<R>>,
    pub(crate) notify: Rc<Notify>,
}

impl<R> Default for End<R> {
    fn default() -> Self {
        Self { completion: OnceCell::new(), notify: Rc::default() }
    }
}

/// Waits for a job's [`Completion`]. It never fails: how the job ended is its value.
///
/// # Cancellation safety
///
/// Dropping it changes nothing for the job and leaves nothing behind. It may be polled again after it was ready.
#[must_use = "futures do nothing unless polled"]
pub struct Ended<R> {
    end: Rc<End<R>>,
    waiter: Waiter,
}

impl<R> Ended<R> {
    pub(crate) fn of(end: &Rc<End<R>>) -> Self {
        Self { waiter: Waiter::at(&end.notify), end: end.clone() }
    }
}

impl<R> Future for Ended<R> {
    type Output = Completion<R>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Completion<R>> {
        match self.end.completion.get() {
            Some(completion) if self.waiter.is_open() => Poll::Ready(completion.clone()),
            _ => {
                self.waiter.wait(context);
                Poll::Pending
            }
        }
    }
}

impl<R> fmt::Debug for Ended<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Ended").field(&self.end.completion.get()).finish()
    }
}
