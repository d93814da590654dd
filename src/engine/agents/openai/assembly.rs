//! An answer put together from what the stream brings.

use serde::Deserialize;
use serde_json::Value;

use super::failure::message;
use super::halves::Halves;
use crate::engine::agents::message::{ModelResponse, ToolCall, Usage};

/// What is wrong with a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamFault {
    /// It ended before the answer did.
    #[error("the connection ended before the answer did")]
    Cut,
    /// The server reports an error amid the answer, or in its place.
    #[error("the model's server reported an error: {0}")]
    Reported(String),
    /// An event that is not a chunk of an answer.
    #[error("the model's server sent what is not a chunk of an answer: {0}")]
    Unreadable(String),
}

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u32,
    delta: Option<Delta>,
    /// Of an answer that is not streamed.
    message: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    tool_calls: Option<Vec<Fragment>>,
}

#[derive(Deserialize)]
struct Fragment {
    index: Option<u32>,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Deserialize, Default)]
struct Function {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: Option<f64>,
    completion_tokens: Option<f64>,
}

#[derive(Debug, Clone, Default)]
struct Call {
    index: u32,
    id: String,
    name: String,
    arguments: String,
}

/// An answer as far as it has arrived.
#[derive(Debug, Clone, Default)]
pub struct Assembly {
    content: String,
    calls: Vec<Call>,
    stop_reason: Option<String>,
    usage: Option<Usage>,
    halves: Halves,
    done: bool,
}

impl Assembly {
    /// Takes the data of one event, or a whole answer that is not streamed; gives the text it brings, if any.
    ///
    /// # Errors
    ///
    /// [`StreamFault::Reported`], [`StreamFault::Unreadable`].
    pub fn take(&mut self, data: &str) -> Result<Option<String>, StreamFault> {
        let data = data.trim();
        if data == "[DONE]" {
            self.done = true;
        }
        if self.done || data.is_empty() {
            return Ok(None);
        }
        let data = self.halves.mend(data);
        let chunk: Value = serde_json::from_str(&data).map_err(|fault| StreamFault::Unreadable(fault.to_string()))?;
        let faulty = chunk.get("error").is_some_and(|error| !error.is_null());
        // Some servers say what is wrong at the top, where otherwise the answer's parts are.
        let said = if faulty || chunk.get("choices").is_none() { message(&chunk) } else { None };
        if faulty || said.is_some() {
            return Err(StreamFault::Reported(said.unwrap_or_else(|| chunk.to_string())));
        }
        let chunk = Chunk::deserialize(chunk).map_err(|fault| StreamFault::Unreadable(fault.to_string()))?;
        if let Some(Tokens { prompt_tokens, completion_tokens }) = chunk.usage {
            let (input_tokens, output_tokens) = (prompt_tokens.unwrap_or(0.0), completion_tokens.unwrap_or(0.0));
            self.usage = Some(Usage { input_tokens, output_tokens });
        }
        // One answer was asked for.
        let choice = chunk.choices.unwrap_or_default().into_iter().find(|choice| choice.index == 0);
        let Some(Choice { delta, message, finish_reason, .. }) = choice else { return Ok(None) };
        // Some servers repeat the whole answer at the end of its stream.
        let whole = message.filter(|_| self.content.is_empty() && self.calls.is_empty());
        let delta = delta.or(whole).unwrap_or_default();
        for fragment in delta.tool_calls.unwrap_or_default() {
            self.take_fragment(fragment);
        }
        // Some servers send an empty one with every chunk.
        if let Some(reason) = finish_reason.filter(|reason| !reason.is_empty()) {
            self.stop_reason = Some(reason);
        }
        let text = delta.content.unwrap_or_default() + &delta.refusal.unwrap_or_default();
        self.content.push_str(&text);
        Ok((!text.is_empty()).then_some(text))
    }

    fn take_fragment(&mut self, fragment: Fragment) {
        let Fragment { index, id, function } = fragment;
        let function = function.unwrap_or_default();
        let id = id.unwrap_or_default();
        // Servers that send whole calls leave the index out: another id is another call.
        let index = index.unwrap_or_else(|| match self.calls.last() {
            Some(last) if id.is_empty() || last.id == id => last.index,
            Some(last) => last.index + 1,
            None => 0,
        });
        let known = self.calls.iter().position(|call| call.index == index);
        let position = known.unwrap_or_else(|| {
            self.calls.push(Call { index, ..Call::default() });
            self.calls.len() - 1
        });
        let Some(call) = self.calls.get_mut(position) else { return };
        if call.id.is_empty() {
            call.id = id;
        }
        if call.name.is_empty() {
            call.name = function.name.unwrap_or_default();
        }
        call.arguments.push_str(&function.arguments.unwrap_or_default());
    }

    /// `[DONE]` has come; what follows counts for nothing.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The whole answer, at the end of the stream. A call without an id gets one of `turn`, the conversation's length.
    ///
    /// # Errors
    ///
    /// [`StreamFault::Cut`] if the server has not said that the answer is whole: an end of the connection is not.
    pub fn finish(self, turn: usize) -> Result<ModelResponse, StreamFault> {
        let Self { content, mut calls, stop_reason, usage, done, .. } = self;
        if !done && stop_reason.is_none() {
            return Err(StreamFault::Cut);
        }
        calls.sort_by_key(|call| call.index);
        let tool_calls = calls.into_iter().map(|call| ToolCall {
            id: if call.id.is_empty() { format!("call_{turn}_{}", call.index) } else { call.id },
            name: call.name,
            arguments: arguments(call.arguments),
        });
        let tool_calls: Vec<ToolCall> = tool_calls.collect();
        let stop_reason = stop_reason.unwrap_or_else(|| "stop".to_owned());
        Ok(ModelResponse { content, tool_calls, stop_reason, usage })
    }
}

/// None were written: a call without arguments. Not JSON: as written, for the loop to tell the model.
fn arguments(text: String) -> Value {
    if text.trim().is_empty() {
        return Value::Object(serde_json::Map::new());
    }
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}
