//! What is sent to a job's body while it runs.
//!
//! Invariant: an action is dropped while nothing is borrowed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::Stream;

use super::attempt::Attempt;
use super::notify::{Notify, Waiter};

/// Actions that no body has taken yet, oldest first.
pub(crate) struct Inbox<A> {
    actions: RefCell<VecDeque<A>>,
    notify: Rc<Notify>,
}

impl<A> Inbox<A> {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self { actions: RefCell::default(), notify: Rc::default() })
    }

    pub(crate) fn put(&self, action: A) {
        self.actions.borrow_mut().push_back(action);
        self.notify.ring();
    }

    /// What is left, which nobody will take.
    pub(crate) fn close(&self) -> VecDeque<A> {
        self.actions.take()
    }

    fn take(&self) -> Option<A> {
        self.actions.borrow_mut().pop_front()
    }
}

/// The actions dispatched to a job, as its body takes them: all of them in the order they came, also those that came
/// before it began. Ends when the body is asked to end; what was not taken by then is left for the next attempt, or
/// dropped with the job.
///
/// Of several such streams of one job, each action goes to the one that takes it first.
///
/// # Cancellation safety
///
/// Awaiting the next action can be given up at any time without losing one. Dropping the stream leaves what it has not
/// given out to the next.
#[must_use = "streams do nothing unless polled"]
pub struct Actions<A> {
    inbox: Rc<Inbox<A>>,
    attempt: Rc<Attempt>,
    arrivals: Waiter,
    asked: Waiter,
}

impl<A> Actions<A> {
    pub(crate) fn of(inbox: &Rc<Inbox<A>>, attempt: &Rc<Attempt>) -> Self {
        let (arrivals, asked) = (Waiter::at(&inbox.notify), Waiter::at(&attempt.asked));
        Self { inbox: inbox.clone(), attempt: attempt.clone(), arrivals, asked }
    }
}

impl<A> Stream for Actions<A> {
    type Item = A;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<A>> {
        if self.attempt.asked.is_open() {
            return Poll::Ready(None);
        }
        if let Some(action) = self.inbox.take() {
            return Poll::Ready(Some(action));
        }
        self.arrivals.wait(context);
        self.asked.wait(context);
        Poll::Pending
    }
}

impl<A> fmt::Debug for Actions<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.inbox.actions.try_borrow().map_or(0, |actions| actions.len());
        formatter.debug_struct("Actions").field("waiting", &waiting).finish_non_exhaustive()
    }
}
