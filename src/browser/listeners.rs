//! Callbacks on a manager, and their subscriptions.
//!
//! Invariant: a callback is called and dropped while nothing is borrowed but itself, and never again after its
//! subscription is gone.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::erased_job::ErasedJob;
use super::guard::guard_and_report;
use crate::engine::{Event, ListenerId};

/// What happened to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEvent {
    /// The manager has accepted it.
    Created,
    /// An attempt begins.
    Started,
    /// It has been asked to end, by stop or timeout, and its body has not returned yet.
    Stopping,
    /// Its body reported progress.
    Progress,
    /// Its body logged this line.
    Log(Rc<str>),
    /// An attempt failed, another will follow.
    Retrying,
    /// It ended well.
    Completed,
    /// It ended with an error.
    Failed,
    /// It ended because it was stopped or replaced.
    Cancelled,
    /// The manager shows it no longer.
    Removed,
}

impl JobEvent {
    /// `None` for what is not about a job.
    pub(crate) fn new(event: Event, line: impl FnOnce() -> Option<Rc<str>>) -> Option<Self> {
        Some(match event {
            Event::Created => Self::Created,
            Event::Started => Self::Started,
            Event::Stopping => Self::Stopping,
            Event::Progress => Self::Progress,
            Event::Log => Self::Log(line()?),
            Event::Retrying => Self::Retrying,
            Event::Completed => Self::Completed,
            Event::Failed => Self::Failed,
            Event::Cancelled => Self::Cancelled,
            Event::Removed => Self::Removed,
            Event::Stats => return None,
        })
    }
}

pub(crate) type ChangeListener = Rc<RefCell<dyn FnMut()>>;
pub(crate) type EventListener = Rc<RefCell<dyn FnMut(&Rc<dyn ErasedJob>, &JobEvent)>>;

/// Of one that an exception has passed through, the borrow is never given back: it is told nothing more.
fn tell<F: ?Sized>(listener: Rc<RefCell<F>>, call: impl FnOnce(&mut F)) {
    // Moved in: one whose subscription goes meanwhile is dropped in there.
    guard_and_report(move || {
        if let Ok(mut callback) = listener.try_borrow_mut() {
            call(&mut callback);
        }
    });
}

#[derive(Default)]
pub(crate) struct Listeners {
    changes: RefCell<HashMap<ListenerId, ChangeListener>>,
    events: RefCell<HashMap<ListenerId, EventListener>>,
}

impl Listeners {
    pub(crate) fn on_change(&self, id: ListenerId, listener: ChangeListener) {
        self.changes.borrow_mut().insert(id, listener);
    }

    pub(crate) fn on_event(&self, id: ListenerId, listener: EventListener) {
        self.events.borrow_mut().insert(id, listener);
    }

    pub(crate) fn remove(&self, id: ListenerId) {
        let gone = (self.changes.borrow_mut().remove(&id), self.events.borrow_mut().remove(&id));
        drop(gone);
    }

    pub(crate) fn tell_change(&self, ids: &[ListenerId]) {
        for id in ids {
            let listener = self.changes.borrow().get(id).cloned();
            if let Some(listener) = listener {
                tell(listener, |listener| listener());
            }
        }
    }

    pub(crate) fn tell_event(&self, ids: &[ListenerId], job: &Rc<dyn ErasedJob>, event: &JobEvent) {
        for id in ids {
            let listener = self.events.borrow().get(id).cloned();
            if let Some(listener) = listener {
                tell(listener, |listener| listener(job, event));
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.changes.borrow().len() + self.events.borrow().len()
    }
}
