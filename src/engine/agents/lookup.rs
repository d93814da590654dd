use serde_json::Value;

use super::message::{ToolCall, ToolSpec};

/// A run's last answer calls tools, and the model may not be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the model still calls tools after {0} answers, which is what max_turns allows in one run")]
pub struct OutOfTurns(
    /// How often the model was asked.
    pub u32,
);

/// A model has answered a prompt with neither text nor calls.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the model's answer is empty; why it stopped: {0}")]
pub struct EmptyAnswer(
    /// [`ModelResponse::stop_reason`](super::ModelResponse::stop_reason), such as `content_filter`.
    pub String,
);

/// Finds the tool that a call names.
///
/// # Errors
///
/// What the model is told instead of a result: there is no such tool, or its arguments are not JSON.
pub fn check_call<'a>(call: &ToolCall, tools: impl IntoIterator<Item = &'a ToolSpec>) -> Result<usize, String> {
    let mut names = Vec::new();
    for (index, tool) in tools.into_iter().enumerate() {
        if tool.name != call.name {
            names.push(tool.name.as_str());
            continue;
        }
        let Value::String(text) = &call.arguments else { return Ok(index) };
        let fault = serde_json::from_str::<Value>(text).err();
        let fault = fault.map_or_else(|| "a string is not an object".to_owned(), |fault| fault.to_string());
        return Err(format!("The arguments are not valid JSON: {fault}. Nothing was run."));
    }
    let known = if names.is_empty() { "There are none".to_owned() } else { format!("There are: {}", names.join(", ")) };
    Err(format!("There is no tool \"{}\". {known}.", call.name))
}
