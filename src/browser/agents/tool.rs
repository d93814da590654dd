use futures::future::LocalBoxFuture;
use serde_json::Value;

use super::cancellation::Cancellation;
use crate::engine::agents::ToolSpec;

/// Something that a model can have done.
pub trait Tool {
    /// What the model is told of it.
    fn spec(&self) -> &ToolSpec;

    /// Whether these arguments are what its schema asks for; before the host is asked. A tool that reads them into a
    /// type of its own need not check them here.
    ///
    /// # Errors
    ///
    /// The faults, in words for the model.
    fn check(&self, _arguments: &Value) -> Result<(), String> {
        Ok(())
    }

    /// Does it. Asked to end by `cancellation`, it returns; the run has not ended before it has.
    ///
    /// # Errors
    ///
    /// What the model is told went wrong. The run goes on.
    fn run<'a>(
        &'a self,
        arguments: &'a Value,
        cancellation: &'a Cancellation,
    ) -> LocalBoxFuture<'a, Result<String, String>>;
}
