use serde_json::{Value, json};

use crate::engine::agents::message::{Message, ModelRequest, ToolCall, ToolSpec};

/// Where requests go: below `base_url`, with its query, which some servers have for their version or key.
#[must_use]
pub fn address(base_url: &str) -> String {
    let end = base_url.find(['?', '#']).unwrap_or(base_url.len());
    let (path, rest) = base_url.split_at(end);
    let query = rest.split('#').next().unwrap_or_default();
    format!("{}/chat/completions{query}", path.trim_end_matches('/'))
}

/// The body of a request for a streamed answer.
#[must_use]
pub fn body(model: &str, request: &ModelRequest) -> Value {
    let messages: Vec<Value> = request.messages.iter().map(message).collect();
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    if let Value::Object(fields) = &mut body
        && !request.tools.is_empty()
    {
        // Servers refuse an empty list.
        fields.insert("tools".to_owned(), request.tools.iter().map(tool).collect());
    }
    body
}

fn message(message: &Message) -> Value {
    match message {
        Message::System { content } => json!({ "role": "system", "content": content }),
        Message::User { content } => json!({ "role": "user", "content": content }),
        Message::Assistant { content, tool_calls } if tool_calls.is_empty() => {
            json!({ "role": "assistant", "content": content })
        }
        Message::Assistant { content, tool_calls } => {
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
