//! What a run does next: ask the model, use the tools it calls, ask again, until it calls none.

use serde_json::Value;

use super::history::History;
use super::message::{ModelResponse, ToolCall, ToolSpec};

/// What the model is told of a call that the host denied.
pub const DENIED: &str = "The user denied this call. It was not made.";
/// What the history says of a call whose run was cancelled or failed before there was a result.
pub const CANCELLED: &str = "The run ended before this call had a result.";

/// A run's last answer calls tools, and the model may not be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the model still calls tools after {0} answers, which is what maxTurns allows in one run")]
pub struct OutOfTurns(
    /// How often the model was asked.
    pub u32,
);

/// What a run does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Ask the model.
    Ask,
    /// Use this tool, then record its result in the history.
    Use(ToolCall),
    /// The run is over.
    Done,
}

/// One run's turns.
#[derive(Debug, Clone)]
pub struct Turns {
    most: u32,
    asked: u32,
    answered: bool,
}

impl Turns {
    /// A run that asks the model `most` times at most.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self { most, asked: 0, answered: false }
    }

    /// What to do now. Each [`Step::Ask`] counts.
    ///
    /// # Errors
    ///
    /// [`OutOfTurns`]: the calls of the last answer are not made, since nobody would be told of their results.
    pub fn next(&mut self, history: &History) -> Result<Step, OutOfTurns> {
        let call = history.next_call();
        if self.answered && call.is_none() {
            return Ok(Step::Done);
        }
        if self.asked == self.most {
            return Err(OutOfTurns(self.most));
        }
        if let Some(call) = call {
            return Ok(Step::Use(call.clone()));
        }
        self.asked += 1;
        Ok(Step::Ask)
    }

    /// The model has answered.
    pub fn answered(&mut self, history: &mut History, response: ModelResponse) {
        self.answered = response.tool_calls.is_empty();
        history.answer(response.content, response.tool_calls);
    }
}

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
