//! A job as the driver sees it, whatever its types are.

use std::any::Any;
use std::rc::Rc;

use crate::engine::{AbortCause, ListenerId};

/// What is taken down is so at once, and runs no code of the caller's; the rest may.
pub(crate) trait ErasedJob: Any {
    /// Takes down that an attempt begins.
    fn note_start(&self, attempt: u32);
    /// Takes down how it ended: the cause says which of its values counts.
    fn note_end(&self, cause: Option<AbortCause>);
    /// Has the body called in a microtask.
    fn start(self: Rc<Self>);
    /// Asks the body to end.
    fn abort(&self, cause: AbortCause);
    /// Tells everyone who waits for the end, and drops what only a living job needs. Then calls the continuations, in
    /// this order.
    fn end(self: Rc<Self>, continuations: &[ListenerId]);
}
