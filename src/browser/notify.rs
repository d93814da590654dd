//! Waking the futures that wait for something.
//!
//! Invariants: a waker is called, cloned and dropped while nothing is borrowed; a future that is dropped leaves no
//! waker behind; once open, a notify stays open.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Waker};

/// Rings any number of times, and opens once for all.
#[derive(Debug, Default)]
pub(crate) struct Notify {
    open: Cell<bool>,
    waiters: Cell<u64>,
    waiting: RefCell<BTreeMap<u64, Waker>>,
}

impl Notify {
    /// Wakes who waits.
    pub(crate) fn ring(&self) {
        let waiting = self.waiting.take();
        for waker in waiting.into_values() {
            waker.wake();
        }
    }

    /// Rings for the last time.
    pub(crate) fn open(&self) {
        self.open.set(true);
        self.ring();
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.get()
    }
}

/// A future's place among those who wait. Dropped, it is given up.
#[derive(Debug)]
pub(crate) struct Waiter {
    notify: Rc<Notify>,
    number: u64,
}

impl Waiter {
    pub(crate) fn at(notify: &Rc<Notify>) -> Self {
        let number = notify.waiters.get();
        notify.waiters.set(number + 1);
        Self { notify: notify.clone(), number }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.notify.is_open()
    }

    /// The task of `context` is woken at the next ring.
    pub(crate) fn wait(&self, context: &Context<'_>) {
        let waker = context.waker().clone();
        let previous = self.notify.waiting.borrow_mut().insert(self.number, waker);
        drop(previous);
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let left = self.notify.waiting.borrow_mut().remove(&self.number);
        drop(left);
    }
}
