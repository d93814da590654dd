use futures::future::LocalBoxFuture;

use super::cancellation::Cancellation;
use super::chunks::ChunkSender;
use crate::browser::error::JobError;
use crate::engine::agents::{ModelRequest, ModelResponse};

/// A model, and the way to it.
pub trait ModelProvider {
    /// What sessions know it by.
    fn name(&self) -> &str;

    /// Asks the model. Pieces of the answer go to [`RequestContext::chunks`] as they arrive; the whole answer is
    /// returned, and it counts. Whatever is in it and was not sent is given to the host at the end.
    ///
    /// Asked to end by [`RequestContext::cancellation`], it closes its connection and returns; what it returns then
    /// counts for nothing.
    ///
    /// # Errors
    ///
    /// Any: the run fails with it.
    fn request<'a>(
        &'a self,
        request: &'a ModelRequest,
        context: &'a RequestContext,
    ) -> LocalBoxFuture<'a, Result<ModelResponse, JobError>>;
}

/// What a request is given.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Aborts when the answer is not wanted any more.
    pub cancellation: Cancellation,
    /// Takes the answer as it arrives.
    pub chunks: ChunkSender,
}
