//! What can go wrong in a body, and while waiting for it.

use std::error::Error;
use std::fmt;
use std::ops::Deref;

use wasm_bindgen::JsValue;

/// Why an attempt failed: any error, and whether trying again may help.
///
/// The question mark turns every error type into one that may be retried. What cannot get better is marked with
/// [`JobError::non_retriable`]. What JavaScript throws is not an error type: wrap it in [`Thrown`].
///
/// ```no_run
/// use jobgate::browser::{JobError, Thrown};
/// use wasm_bindgen_futures::{JsFuture, js_sys::Promise};
///
/// async fn answer(promise: Promise) -> Result<f64, JobError> {
///     let value = JsFuture::from(promise).await.map_err(Thrown)?;
///     value.as_f64().ok_or_else(|| JobError::non_retriable("the answer is not a number"))
/// }
/// ```
pub struct JobError {
    source: Box<dyn Error>,
    retriable: bool,
}

impl JobError {
    /// May be retried. Takes an error of any type, boxed or not, or a message.
    pub fn new(error: impl Into<Box<dyn Error>>) -> Self {
        Self { source: error.into(), retriable: true }
    }

    /// Is never retried, whatever retries are left.
    pub fn non_retriable(error: impl Into<Box<dyn Error>>) -> Self {
        Self { source: error.into(), retriable: false }
    }

    /// Whether it may be retried.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        self.retriable
    }

    /// Whether the attempt ran out of time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.source.is::<TimeoutError>()
    }
}

impl<E: Error + 'static> From<E> for JobError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// The error itself: `source`, and `downcast_ref` to its type.
impl Deref for JobError {
    type Target = dyn Error + 'static;

    fn deref(&self) -> &Self::Target {
        &*self.source
    }
}

impl fmt::Debug for JobError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.source, formatter)
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.source, formatter)
    }
}

/// A value that JavaScript threw, or that a promise was rejected with.
#[derive(Debug, thiserror::Error)]
#[error("JavaScript threw {0:?}")]
pub struct Thrown(
    /// The very value.
    pub JsValue,
);

/// The attempt was asked to end, because its job was stopped, replaced, or out of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the job was asked to end")]
pub struct Cancelled;

/// The attempt took longer than its `timeout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the job's attempt timed out")]
pub struct TimeoutError;

/// The job has not ended in the time given. It goes on, still stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the job has not ended in time; it is still stopping")]
pub struct StopTimeout;
