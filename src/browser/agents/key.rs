use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use super::worker::Worker;

/// What a worker's jobs run under: its id, and with it the worker.
#[derive(Debug, Clone)]
pub struct WorkerKey(pub(super) Rc<Worker>);

impl Deref for WorkerKey {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.id()
    }
}

impl Borrow<str> for WorkerKey {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for WorkerKey {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for WorkerKey {}

impl Hash for WorkerKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}
