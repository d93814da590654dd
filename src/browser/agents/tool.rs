use futures::future::LocalBoxFuture;
use serde_json::Value;

use super::cancellation::Cancellation;
use crate::engine::agents::ToolSpec;

/// Something that a model can have done.
pub trait Tool {
    /// What the model is told of it.
    fn spec(&self) -> &ToolSpec;

    /// Whether these arguments are what its schema asks for; before the host is asked. Read them into a type of its own
    /// with serde, or ask a validator: the `jsonschema` crate, without its default features, runs in a page.
    ///
    /// # Errors
    ///
    /// The faults, in words for the model.
    fn check(&self, arguments: &Value) -> Result<(), String>;

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
