//! Who is still there.

use std::cell::Cell;
use std::rc::Rc;

/// Counts its clones: captured by a body, a callback or a value, it tells whether that was dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Probe {
    alive: Rc<Cell<()>>,
}

impl Probe {
    /// The clones besides this one.
    pub(crate) fn others(&self) -> usize {
        Rc::strong_count(&self.alive) - 1
    }
}
