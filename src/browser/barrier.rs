//! Waiting for what happens once and stays so.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::bell::{Bell, Seat};

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
    seats: Vec<Seat>,
}

impl Barrier {
    pub(crate) fn at(bell: &Rc<Bell>) -> Self {
        Self::at_all([bell])
    }

    /// Opens when the last of `bells` has.
    pub(crate) fn at_all<'a>(bells: impl IntoIterator<Item = &'a Rc<Bell>>) -> Self {
        Self { seats: bells.into_iter().filter(|bell| !bell.is_open()).map(Seat::at).collect() }
    }

    /// Whether it has happened.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.seats.iter().all(Seat::is_open)
    }
}

impl Future for Barrier {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.seats.retain(|seat| !seat.is_open());
        match self.seats.first() {
            Some(seat) => {
                seat.wait(context);
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}
