use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use super::provider::ModelProvider;
use crate::browser::error::JobError;
use crate::engine::agents::{History, Message, WorkerState};

/// One conversation with one model.
pub struct Worker {
    id: String,
    name: String,
    provider: Rc<dyn ModelProvider>,
    state: Cell<WorkerState>,
    last_failure: RefCell<Option<Rc<JobError>>>,
    history: RefCell<History>,
}

impl Worker {
    /// With a new UUID.
    pub(crate) fn new(name: String, provider: Rc<dyn ModelProvider>, history: History) -> Self {
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            name,
            provider,
            state: Cell::default(),
            last_failure: RefCell::default(),
            history: RefCell::new(history),
        }
    }

    /// A UUID; the key of its jobs.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it was called at its creation.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model it talks to.
    #[must_use]
    pub fn provider(&self) -> &Rc<dyn ModelProvider> {
        &self.provider
    }

    /// What it does now.
    #[must_use]
    pub fn state(&self) -> WorkerState {
        self.state.get()
    }

    /// What its last failed run failed with; gone when the next begins.
    #[must_use]
    pub fn last_failure(&self) -> Option<Rc<JobError>> {
        self.last_failure.borrow().clone()
    }

    /// What was said so far, with what has arrived of an answer. A run that was cancelled keeps what had arrived.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.read(History::messages)
    }

    /// What of the conversation is asked for.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&History) -> T) -> T {
        look(&self.history.borrow())
    }

    pub(crate) fn edit<T>(&self, change: impl FnOnce(&mut History) -> T) -> T {
        change(&mut self.history.borrow_mut())
    }

    pub(crate) fn enter(&self, state: WorkerState, failure: Option<Rc<JobError>>) {
        self.state.set(state);
        match state {
            WorkerState::Failed => drop(self.last_failure.replace(failure)),
            WorkerState::Working => drop(self.last_failure.take()),
            _ => {}
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Worker")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
