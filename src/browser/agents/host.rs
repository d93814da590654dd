use futures::future::LocalBoxFuture;

use super::cancellation::Cancellation;
use crate::browser::error::JobError;
use crate::engine::agents::{ModelResponseChunk, ToolCall, WorkerState};

pub use crate::engine::agents::Decision;

/// What a worker tells and asks the application it belongs to. Not called any more once the job has ended. An error of
/// any of these ends the run, which has failed with it.
pub trait WorkerToHostInterface {
    /// Another state. Called with each, in order; the last of a run is `Inactive` or `Failed`.
    ///
    /// # Errors
    ///
    /// Any: the run fails with it.
    fn worker_state_change(&self, worker_id: &str, state: WorkerState) -> Result<(), JobError>;

    /// A piece of the answer. The next is given when this has returned: a slow host slows the stream. Asked to stop,
    /// the run does not wait for it any more.
    ///
    /// # Errors
    ///
    /// Any: the run fails with it.
    fn response_chunk_received<'a>(
        &'a self,
        worker_id: &'a str,
        chunk: &'a ModelResponseChunk,
    ) -> LocalBoxFuture<'a, Result<(), JobError>>;

    /// Whether a tool may run. One at a time for each worker. Withdrawn when `cancellation` aborts: then nobody waits
    /// for the answer any more.
    ///
    /// # Errors
    ///
    /// Any: the run fails with it.
    fn tool_confirmation<'a>(
        &'a self,
        worker_id: &'a str,
        request: &'a ToolCall,
        cancellation: &'a Cancellation,
    ) -> LocalBoxFuture<'a, Result<Decision, JobError>>;
}
