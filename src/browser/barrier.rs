//! Waiting for what happens once and stays so.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::notify::{Notify, Waiter};

/// A wait for something that happens once: the end of a job or of several, a request to end, a manager's quiet.
///
/// What it waits for has been asked for when it is made, so it need not be awaited: `job.stop();` stops.
///
/// # Cancellation safety
///
/// Dropping it undoes nothing and leaves nothing behind. Any number may wait for the same thing, also after it has
/// happened.
#[derive(Debug)]
pub struct Barrier {
    waiters: Vec<Waiter>,
}

impl Barrier {
    pub(crate) fn at(notify: &Rc<Notify>) -> Self {
        Self::at_all([notify])
    }

    /// Opens when the last of `notifies` has.
    pub(crate) fn at_all<'a>(notifies: impl IntoIterator<Item = &'a Rc<Notify>>) -> Self {
        Self { waiters: notifies.into_iter().filter(|notify| !notify.is_open()).map(Waiter::at).collect() }
    }

    /// Whether it has happened.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.waiters.iter().all(Waiter::is_open)
    }
}

impl Future for Barrier {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.waiters.retain(|waiter| !waiter.is_open());
        match self.waiters.first() {
            Some(waiter) => {
                waiter.wait(context);
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}
