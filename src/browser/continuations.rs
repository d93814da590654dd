//! What is to be called when a job has ended, by name: the callbacks behind the engine's listeners.
//!
//! Invariant: a continuation is dropped while nothing is borrowed.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::engine::ListenerId;

struct Named<F: ?Sized> {
    name: String,
    continuation: Box<F>,
}

pub(crate) struct Continuations<F: ?Sized> {
    waiting: RefCell<HashMap<ListenerId, Named<F>>>,
    numbers: RefCell<HashMap<String, ListenerId>>,
}

impl<F: ?Sized> Default for Continuations<F> {
    fn default() -> Self {
        Self { waiting: RefCell::default(), numbers: RefCell::default() }
    }
}

impl<F: ?Sized> Continuations<F> {
    pub(crate) fn number(&self, name: &str) -> Option<ListenerId> {
        self.numbers.borrow().get(name).copied()
    }

    /// In the place of the one that waits under this number, if one does.
    pub(crate) fn put(&self, number: ListenerId, name: String, continuation: Box<F>) {
        self.numbers.borrow_mut().insert(name.clone(), number);
        let superseded = self.waiting.borrow_mut().insert(number, Named { name, continuation });
        drop(superseded);
    }

    pub(crate) fn take(&self, number: ListenerId) -> Option<Box<F>> {
        let Named { name, continuation } = self.waiting.borrow_mut().remove(&number)?;
        self.numbers.borrow_mut().remove(&name);
        Some(continuation)
    }
}
