//! How far a job is.

use std::rc::Rc;

/// How far a job is, by its body's own account. 0 and no message until the body reports.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// 0 to 100.
    pub percent: f64,
    /// For people.
    pub message: Rc<str>,
}
