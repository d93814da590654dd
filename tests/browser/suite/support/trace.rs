//! What happened, in order.

use std::cell::RefCell;
use std::rc::Rc;

#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    lines: Rc<RefCell<Vec<String>>>,
}

impl Trace {
    pub(crate) fn add(&self, line: impl ToString) {
        let line = line.to_string();
        self.lines.borrow_mut().push(line);
    }

    /// How many lines [`Self::take`] would give.
    pub(crate) fn len(&self) -> usize {
        self.lines.borrow().len()
    }

    /// What came since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        self.lines.take()
    }
}
