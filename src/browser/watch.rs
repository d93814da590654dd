//! A value that changes, and those who watch it.
//!
//! Invariant: a value is cloned and dropped while nothing is borrowed, so its own code may do anything.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::Stream;

use super::notify::{Notify, Waiter};

/// The present value. Its notify rings at every change and opens when none will follow.
pub(crate) struct Watched<T> {
    value: RefCell<Rc<T>>,
    changes: Cell<u64>,
    notify: Rc<Notify>,
}

impl<T> Watched<T> {
    pub(crate) fn new(value: T) -> Rc<Self> {
        Rc::new(Self { value: RefCell::new(Rc::new(value)), changes: Cell::new(0), notify: Rc::default() })
    }

    pub(crate) fn set(&self, value: T) {
        let previous = self.value.replace(Rc::new(value));
        drop(previous);
        self.changes.set(self.changes.get() + 1);
        self.notify.ring();
    }

    pub(crate) fn close(&self) {
        self.notify.open();
    }
}

impl<T: Clone> Watched<T> {
    pub(crate) fn get(&self) -> T {
        let value = self.value.borrow().clone();
        T::clone(&value)
    }
}

/// A stream of a value as it changes: the present one first, the last one before the end, and in between the newest
/// whenever it is asked. A slow reader misses what was superseded meanwhile, and nothing piles up.
///
/// It ends with the job. On a job that has ended it gives the last value, then ends.
///
/// # Cancellation safety
///
/// Awaiting its next value can be given up at any time without missing one. Dropping it leaves nothing behind.
#[must_use = "streams do nothing unless polled"]
pub struct Watch<T> {
    watched: Rc<Watched<T>>,
    waiter: Waiter,
    seen: Option<u64>,
}

impl<T> Watch<T> {
    pub(crate) fn of(watched: &Rc<Watched<T>>) -> Self {
        Self { waiter: Waiter::at(&watched.notify), watched: watched.clone(), seen: None }
    }
}

impl<T: Clone> Stream for Watch<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let changes = self.watched.changes.get();
        if self.seen != Some(changes) {
            self.seen = Some(changes);
            return Poll::Ready(Some(self.watched.get()));
        }
        if self.waiter.is_open() {
            return Poll::Ready(None);
        }
        self.waiter.wait(context);
        Poll::Pending
    }
}

impl<T: fmt::Debug> fmt::Debug for Watch<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Watch").field("value", &self.watched.value).finish_non_exhaustive()
    }
}
