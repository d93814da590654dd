use serde_json::{Map, Value, json};

use crate::engine::agents::message::{Message, ToolCall, ToolSpec};

/// What follows the messages of a body that [`Asking::begin`] has begun.
pub const END: &str = "]}";

/// Where requests go: below `base_url`, with its query, which some servers have for their version or key.
#[must_use]
pub fn address(base_url: &str) -> String {
    let end = base_url.find(['?', '#']).unwrap_or(base_url.len());
    let (path, rest) = base_url.split_at(end);
    let query = rest.split('#').next().unwrap_or_default();
    format!("{}/chat/completions{query}", path.trim_end_matches('/'))
}

/// What is asked of a server beside the conversation.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The model's name.
    pub model: &'a str,
    /// What it may call.
    pub tools: &'a [ToolSpec],
    /// Whatever else the server takes, without `messages`; it wins, but for `tools`, which are added.
    pub body: &'a Map<String, Value>,
    /// Whether to ask for token counts.
    pub usage: bool,
}

impl Asking<'_> {
    /// The body of a request for a streamed answer, up to its messages: each is to be what [`message`] makes of it, with
    /// commas between, and [`END`] after them. A long conversation is put together from texts that are there already.
    #[must_use]
    pub fn begin(&self) -> String {
        let mut fields = Map::new();
        fields.insert("model".to_owned(), self.model.into());
        fields.insert("stream".to_owned(), true.into());
        if self.usage {
            fields.insert("stream_options".to_owned(), json!({ "include_usage": true }));
        }
        for (name, value) in self.body {
            fields.insert(name.clone(), value.clone());
        }
        if !self.tools.is_empty() {
            // Servers refuse an empty list.
            let more = self.body.get("tools").and_then(Value::as_array);
            let tools = self.tools.iter().map(tool).chain(more.into_iter().flatten().cloned());
            fields.insert("tools".to_owned(), tools.collect());
        }
        let mut text = Value::Object(fields).to_string();
        text.pop();
        text.push_str(",\"messages\":[");
        text
    }
}

/// A message as servers want it, in JSON. `reasoning`: the name by which to tell what the model thought, if at all.
#[must_use]
pub fn message(message: &Message, reasoning: Option<&str>) -> String {
    let mut said = plain(message);
    if let (Message::Assistant { reasoning: thought, .. }, Some(name), Value::Object(fields)) =
        (message, reasoning, &mut said)
        && !thought.is_empty()
    {
        fields.insert(name.to_owned(), thought.as_str().into());
    }
    said.to_string()
}

fn plain(message: &Message) -> Value {
    match message {
        Message::System { content } => json!({ "role": "system", "content": content }),
        Message::User { content } => json!({ "role": "user", "content": content }),
        Message::Assistant { content, tool_calls, .. } if tool_calls.is_empty() => {
            json!({ "role": "assistant", "content": content })
        }
        Message::Assistant { content, tool_calls, .. } => {
            let calls: Vec<Value> = tool_calls.iter().map(call).collect();
            let content = if content.is_empty() { Value::Null } else { Value::from(content.as_str()) };
            json!({ "role": "assistant", "content": content, "tool_calls": calls })
        }
        Message::Tool { tool_call_id, content } => {
            json!({ "role": "tool", "tool_call_id": tool_call_id, "content": content })
        }
    }
}

fn call(call: &ToolCall) -> Value {
    let arguments = match &call.arguments {
        // Servers parse what their model wrote, and refuse a conversation in which it was not JSON.
        Value::String(malformed) => json!({ "malformed": malformed }),
        arguments => arguments.clone(),
    };
    json!({
        "id": call.id,
        "type": "function",
        "function": { "name": call.name, "arguments": arguments.to_string() },
    })
}

fn tool(tool: &ToolSpec) -> Value {
    json!({
        "type": "function",
        "function": { "name": tool.name, "description": tool.description, "parameters": tool.parameters },
    })
}
