//! An answer put together from what the stream brings.

use serde_json::Value;

use super::calls::Calls;
use super::failure::{bounded, words};
use super::halves::Halves;
use super::lenient::{content, index, items, number, scalar, some};
use super::lines::Event;
use crate::engine::agents::message::{ModelResponse, Usage};

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

/// Where servers tell what the model thinks. It goes back under the name it came by.
const REASONING: [&str; 3] = ["reasoning_content", "reasoning", "thinking"];

/// What an event brings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piece {
    /// More text.
    pub text: String,
    /// More of what the model thinks.
    pub reasoning: String,
}

/// An answer as far as it has arrived.
#[derive(Debug, Clone, Default)]
pub struct Assembly {
    content: String,
    calls: Calls,
    stop_reason: Option<String>,
    usage: Option<Usage>,
    reasoning_name: Option<&'static str>,
    halves: Halves,
    /// Told if the answer stays without an end: an event that may have been harmless.
    aside: Option<StreamFault>,
    done: bool,
}

impl Assembly {
    /// Takes one event, or a whole answer that is not streamed; gives what it brings of the answer.
    ///
    /// # Errors
    ///
    /// [`StreamFault::Reported`], [`StreamFault::Unreadable`].
    pub fn take(&mut self, event: &Event) -> Result<Piece, StreamFault> {
        let data = event.data.trim();
        if data == "[DONE]" {
            self.done = true;
        }
        if self.done || data.is_empty() {
            return Ok(Piece::default());
        }
        let data = self.halves.mend(data);
        match serde_json::from_str(&data) {
            Ok(value) if event.failed => Err(reported(&value)),
            Ok(value) => self.take_value(&value),
            Err(_) if event.failed => Err(StreamFault::Reported(bounded(&data))),
            // After its end nothing can be missing any more.
            Err(_) if self.stop_reason.is_some() => Ok(Piece::default()),
            Err(fault) if data.starts_with(['{', '[']) => {
                Err(StreamFault::Unreadable(format!("{fault}: {}", bounded(&data))))
            }
            // Not a piece of an answer, which is an object: a sign of life, or what went wrong.
            Err(_) => {
                self.aside = Some(StreamFault::Unreadable(bounded(&data)));
                Ok(Piece::default())
            }
        }
    }

    fn take_value(&mut self, value: &Value) -> Result<Piece, StreamFault> {
        if let Value::Array(values) = value {
            let mut all = Piece::default();
            for value in values {
                let Piece { text, reasoning } = self.take_value(value)?;
                all.text.push_str(&text);
                all.reasoning.push_str(&reasoning);
            }
            return Ok(all);
        }
        if is_error(value.get("error")) || is_error(value.get("errors")) {
            return Err(reported(value));
        }
        let choices = some(value.get("choices"));
        if let Some(choices) = choices
            && !matches!(choices, Value::Array(_) | Value::Object(_))
            && self.stop_reason.is_none()
        {
            return Err(StreamFault::Unreadable(bounded(&value.to_string())));
        }
        // One answer was asked for.
        let choice = items(choices).iter().find(|choice| index(choice.get("index")).unwrap_or(0) == 0);
        self.take_usage([
            value.get("usage"),
            value.pointer("/x_groq/usage"),
            choice.and_then(|choice| choice.get("usage")),
        ]);
        if let Some(choice) = choice {
            return self.take_choice(choice);
        }
        if choices.is_none() {
            self.take_aside(value)?;
        }
        Ok(Piece::default())
    }

    /// Neither an answer nor an error by name. Some servers say at the top what is wrong.
    fn take_aside(&mut self, value: &Value) -> Result<(), StreamFault> {
        let is = |name: &str| ["object", "type"].iter().any(|key| value.get(key).and_then(Value::as_str) == Some(name));
        let status = ["code", "status", "status_code"].iter().find_map(|key| number(value.get(key)));
        if is("error") || status.is_some_and(|status| status >= 400.0) || value.get("detail").is_some() {
            return Err(reported(value));
        }
        if let Some(said) = words(value) {
            self.aside = Some(StreamFault::Reported(said));
        } else if self.is_empty() && value.get("usage").is_none() && !items(Some(value)).is_empty() {
            self.aside.get_or_insert(StreamFault::Unreadable(bounded(&value.to_string())));
        }
        Ok(())
    }

    fn take_choice(&mut self, choice: &Value) -> Result<Piece, StreamFault> {
        // Some servers send an empty one with every chunk.
        let reason = scalar(choice.get("finish_reason")).filter(|reason| !reason.is_empty());
        if is_error(choice.get("error")) || reason.as_deref() == Some("error") {
            return Err(reported(choice));
        }
        // Some servers repeat the whole answer at the end of its stream.
        let whole = some(choice.get("message")).filter(|_| self.content.is_empty() && self.calls.is_empty());
        let delta = some(choice.get("delta")).filter(|delta| !items(Some(delta)).is_empty()).or(whole);
        let piece = delta.map(|delta| self.take_delta(delta)).unwrap_or_default();
        if reason.is_some() {
            self.stop_reason = reason;
        }
        Ok(piece)
    }

    fn take_delta(&mut self, delta: &Value) -> Piece {
        let mut reasoning = String::new();
        let mut text = content(delta.get("content"), &mut reasoning);
        text.push_str(&content(delta.get("refusal"), &mut reasoning));
        // Some servers send the same under two names.
        for name in REASONING {
            let thought = content(delta.get(name), &mut String::new());
            if !thought.is_empty() {
                self.reasoning_name = Some(name);
                reasoning.push_str(&thought);
                break;
            }
        }
        let fragments = items(delta.get("tool_calls"));
        if fragments.is_empty() {
            // As it was called before there could be more than one.
            self.calls.take(items(delta.get("function_call")));
        } else {
            self.calls.take(fragments);
        }
        self.content.push_str(&text);
        Piece { text, reasoning }
    }

    /// The last that says something: some servers count along with every chunk.
    fn take_usage(&mut self, places: [Option<&Value>; 3]) {
        for usage in places.into_iter().flatten() {
            let count = |names: [&str; 2]| names.iter().find_map(|name| number(usage.get(*name)));
            let input = count(["prompt_tokens", "input_tokens"]);
            let output = count(["completion_tokens", "output_tokens"]);
            if input.is_some() || output.is_some() {
                let (input_tokens, output_tokens) = (input.unwrap_or(0.0), output.unwrap_or(0.0));
                self.usage = Some(Usage { input_tokens, output_tokens });
                return;
            }
        }
    }

    /// `[DONE]` has come; what follows counts for nothing.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// By which name the server tells what the model thinks, if it has.
    #[must_use]
    pub fn reasoning_name(&self) -> Option<&'static str> {
        self.reasoning_name
    }

    /// The whole answer, at the end of the stream. A call without an id gets one of `turn`, the conversation's length.
    ///
    /// # Errors
    ///
    /// [`StreamFault::Cut`] if the server has not said that the answer is whole: an end of the connection is not. If
    /// there was an event that was no answer, the fault says what stood there.
    pub fn finish(self, turn: usize) -> Result<ModelResponse, StreamFault> {
        let empty = self.is_empty();
        let Self { content, calls, stop_reason, usage, aside, done, .. } = self;
        let stop_reason = match stop_reason {
            Some(stop_reason) => stop_reason,
            None if done && !(empty && aside.is_some()) => "stop".to_owned(),
            None => return Err(aside.unwrap_or(StreamFault::Cut)),
        };
        Ok(ModelResponse { content, tool_calls: calls.finish(turn), stop_reason, usage })
    }

    fn is_empty(&self) -> bool {
        self.content.is_empty() && self.calls.is_empty()
    }
}

/// Something is said there that is not "none".
fn is_error(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
        Some(_) => true,
    }
}

fn reported(value: &Value) -> StreamFault {
    StreamFault::Reported(words(value).unwrap_or_else(|| bounded(&value.to_string())))
}
