//! `setTimeout` without its limits: it counts in whole milliseconds, may fire a little early, and takes a delay of
//! more than 24 days for none.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use gloo_timers::callback::Timeout;
use gloo_timers::future::TimeoutFuture;

use super::attempt::Attempt;
use super::clock;
use super::error::Cancelled;
use super::notify::Waiter;

const LONGEST: f64 = i32::MAX as f64;

/// As much of the way to `at` as one timer can go.
fn step(at: f64) -> u32 {
    (at - clock::now()).ceil().clamp(0.0, LONGEST) as u32
}

/// A manager's only timer.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    armed: Rc<RefCell<Option<Timeout>>>,
}

impl Alarm {
    /// Calls `ring` at the moment `at` and not before, instead of when it was set to.
    pub(crate) fn set(&self, at: Option<f64>, ring: impl FnOnce() + 'static) {
        let previous = self.armed.take();
        drop(previous);
        if let Some(at) = at {
            arm(&Rc::downgrade(&self.armed), at, ring);
        }
    }
}

/// Another timer where one has not reached that far.
fn arm(armed: &Weak<RefCell<Option<Timeout>>>, at: f64, ring: impl FnOnce() + 'static) {
    let Some(place) = armed.upgrade() else { return };
    let armed = armed.clone();
    let timer = Timeout::new(step(at), move || if clock::now() < at { arm(&armed, at, ring) } else { ring() });
    place.replace(Some(timer));
}

/// Waits for a time to pass; made by [`sleep`](super::JobContext::sleep).
///
/// # Cancellation safety
///
/// Dropped, it takes its timer along.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Sleep {
    until: f64,
    timer: Option<TimeoutFuture>,
    asked: Waiter,
}

impl Sleep {
    pub(crate) fn new(duration: Duration, attempt: &Attempt) -> Self {
        let until = clock::now() + duration.as_secs_f64() * 1000.0;
        Self { until, timer: Some(TimeoutFuture::new(step(until))), asked: Waiter::at(&attempt.asked) }
    }
}

impl Future for Sleep {
    type Output = Result<(), Cancelled>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.asked.is_open() {
            return Poll::Ready(Err(Cancelled));
        }
        while let Some(timer) = &mut self.timer {
            if Pin::new(timer).poll(context).is_pending() {
                self.asked.wait(context);
                return Poll::Pending;
            }
            self.timer = (clock::now() < self.until).then(|| TimeoutFuture::new(step(self.until)));
        }
        Poll::Ready(Ok(()))
    }
}
