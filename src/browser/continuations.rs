//! What is to be called when a job has ended, by name.
//!
//! Invariant: a continuation is dropped while nothing is borrowed.

use std::cell::RefCell;

pub(crate) struct Continuations<F: ?Sized> {
    waiting: RefCell<Vec<(String, Box<F>)>>,
}

impl<F: ?Sized> Default for Continuations<F> {
    fn default() -> Self {
        Self { waiting: RefCell::default() }
    }
}

impl<F: ?Sized> Continuations<F> {
    /// In the place of the one of that name, or behind the others.
    pub(crate) fn add(&self, name: String, continuation: Box<F>) {
        let mut waiting = self.waiting.borrow_mut();
        let same = waiting.iter_mut().find(|(present, _)| *present == name);
        let superseded = if let Some((_, place)) = same {
            Some(std::mem::replace(place, continuation))
        } else {
            waiting.push((name, continuation));
            None
        };
        drop(waiting);
        drop(superseded);
    }

    /// Whether there was one.
    pub(crate) fn remove(&self, name: &str) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        let place = waiting.iter().position(|(present, _)| present == name);
        let removed = place.map(|place| waiting.remove(place));
        drop(waiting);
        removed.is_some()
    }

    /// All, in order.
    pub(crate) fn take(&self) -> impl Iterator<Item = Box<F>> {
        self.waiting.take().into_iter().map(|(_, continuation)| continuation)
    }
}
