//! What is said between a user, a model and tools. As JSON it has the shapes of the npm API.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase", rename_all_fields = "camelCase", try_from = "AnyMessage")]
pub enum Message {
    /// How the model is to behave; the first message or none.
    System {
        /// Its text.
        content: String,
    },
    /// A prompt.
    User {
        /// Its text.
        content: String,
    },
    /// An answer of the model.
    Assistant {
        /// Its text, may be empty where tools are called.
        content: String,
        /// The tools it wants used, in order.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall>,
        /// What it thought before it said so, where the server tells; empty if not.
        #[serde(skip_serializing_if = "String::is_empty")]
        reasoning: String,
    },
    /// What a tool answered.
    Tool {
        /// Which call it answers.
        tool_call_id: String,
        /// Its text.
        content: String,
    },
}

/// A message of any role as it is read: what serde makes of tags by itself takes 24 KB of wasm.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyMessage {
    role: Role,
    content: String,
    tool_calls: Option<Vec<ToolCall>>,
    reasoning: Option<String>,
    tool_call_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    System,
    User,
    Assistant,
    Tool,
}

#[derive(Debug, thiserror::Error)]
#[error("missing field `{0}`")]
struct Missing(&'static str);

impl TryFrom<AnyMessage> for Message {
    type Error = Missing;

    fn try_from(message: AnyMessage) -> Result<Self, Missing> {
        let AnyMessage { role, content, tool_calls, reasoning, tool_call_id } = message;
        Ok(match role {
            Role::System => Self::System { content },
            Role::User => Self::User { content },
            Role::Assistant => Self::Assistant {
                content,
                tool_calls: tool_calls.unwrap_or_default(),
                reasoning: reasoning.unwrap_or_default(),
            },
            Role::Tool => Self::Tool { tool_call_id: tool_call_id.ok_or(Missing("toolCallId"))?, content },
        })
    }
}

/// A tool that the model wants used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Names the call in its answer.
    pub id: String,
    /// The tool.
    pub name: String,
    /// An object as the tool's schema describes it. A string is what the model wrote where it should have written JSON.
    #[serde(default)]
    pub arguments: Value,
}

/// A piece of an answer, as it arrives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", try_from = "AnyChunk")]
pub enum ModelResponseChunk {
    /// More text.
    Text {
        /// To be joined to what came before.
        text: String,
    },
    /// More of what the model thinks before it answers.
    Reasoning {
        /// To be joined to what came before.
        text: String,
    },
    /// A whole call.
    ToolCall {
        /// The call.
        call: ToolCall,
    },
}

/// As [`AnyMessage`].
#[derive(Deserialize)]
struct AnyChunk {
    #[serde(rename = "type")]
    kind: Kind,
    text: Option<String>,
    call: Option<ToolCall>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Text,
    Reasoning,
    ToolCall,
}

impl TryFrom<AnyChunk> for ModelResponseChunk {
    type Error = Missing;

    fn try_from(chunk: AnyChunk) -> Result<Self, Missing> {
        let AnyChunk { kind, text, call } = chunk;
        Ok(match kind {
            Kind::Text => Self::Text { text: text.ok_or(Missing("text"))? },
            Kind::Reasoning => Self::Reasoning { text: text.ok_or(Missing("text"))? },
            Kind::ToolCall => Self::ToolCall { call: call.ok_or(Missing("call"))? },
        })
    }
}

/// A tool as the model is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// What the model calls it by.
    pub name: String,
    /// What it is good for.
    pub description: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
    /// Whether the host is asked before it runs; default yes.
    #[serde(default = "yes")]
    pub confirm: bool,
}

fn yes() -> bool {
    true
}

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRequest {
    /// All that was said, shared with the conversation: a long one is not copied for each request.
    pub messages: Rc<Vec<Message>>,
    /// What it may call.
    #[serde(default)]
    pub tools: Rc<Vec<ToolSpec>>,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelResponse {
    /// Its text.
    pub content: String,
    /// The tools it wants used, in order.
    #[serde(default)]
    pub tool_calls: Vec<ToolCall>,
    /// Why it ended, in the server's word: `stop`, `tool_calls`, `length`.
    pub stop_reason: String,
    /// What it cost, if the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// Tokens of a request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Of what was asked.
    pub input_tokens: f64,
    /// Of the answer.
    pub output_tokens: f64,
}
