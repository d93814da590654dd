//! What a server is asked.

use jobgate::engine::agents::openai::{address, body};
use jobgate::engine::agents::{Message, ModelRequest, ToolCall, ToolSpec};
use serde_json::{Value, json};

fn call(arguments: Value) -> ToolCall {
    ToolCall { id: "c".into(), name: "add".into(), arguments }
}

#[test]
fn a_conversation_as_servers_want_it() {
    let messages = vec![
        Message::System { content: "Be brief.".into() },
        Message::User { content: "2 + 3?".into() },
        Message::Assistant { content: String::new(), tool_calls: vec![call(json!({ "a": 2 })), call(json!("{\"a\""))] },
        Message::Tool { tool_call_id: "c".into(), content: "5".into() },
        Message::Assistant { content: "5".into(), tool_calls: vec![] },
    ];
    let tools = vec![ToolSpec {
        name: "add".into(),
        description: "Adds".into(),
        parameters: json!({ "type": "object" }),
        confirm: true,
    }];
    let function = |arguments: &str| json!({ "name": "add", "arguments": arguments });
    assert_eq!(
        body("m", &ModelRequest { messages, tools }),
        json!({
            "model": "m",
            "stream": true,
            "stream_options": { "include_usage": true },
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "2 + 3?" },
                { "role": "assistant", "content": null, "tool_calls": [
                    { "id": "c", "type": "function", "function": function("{\"a\":2}") },
                    { "id": "c", "type": "function", "function": function("{\"malformed\":\"{\\\"a\\\"\"}") },
                ] },
                { "role": "tool", "tool_call_id": "c", "content": "5" },
                { "role": "assistant", "content": "5" },
            ],
            "tools": [{ "type": "function", "function":
                { "name": "add", "description": "Adds", "parameters": { "type": "object" } } }],
        })
    );
}

#[test]
fn keys_keep_their_order() {
    let schema = r#"{"type":"object","properties":{"why":{"type":"string"},"answer":{"type":"string"}}}"#;
    let arguments = r#"{"why":"b","answer":"a"}"#;
    let parameters = serde_json::from_str(schema).unwrap();
    let tools = vec![ToolSpec { name: "add".into(), description: String::new(), parameters, confirm: true }];
    let tool_calls = vec![call(serde_json::from_str(arguments).unwrap())];
    let messages = vec![Message::Assistant { content: String::new(), tool_calls }];
    let sent = body("m", &ModelRequest { messages, tools });
    assert_eq!(sent["tools"][0]["function"]["parameters"].to_string(), schema);
    assert_eq!(sent["messages"][0]["tool_calls"][0]["function"]["arguments"], arguments);
}

#[test]
fn an_empty_list_of_tools_is_left_out() {
    let request = ModelRequest { messages: vec![], tools: vec![] };
    assert_eq!(body("m", &request).get("tools"), None);
}

#[test]
fn the_address_keeps_its_query() {
    for (base, there) in [
        ("https://x/v1", "https://x/v1/chat/completions"),
        ("https://x/v1/", "https://x/v1/chat/completions"),
        ("https://x/v1/?version=2", "https://x/v1/chat/completions?version=2"),
        ("/v1?a=/b/#top", "/v1/chat/completions?a=/b/"),
        ("https://x/v1#top", "https://x/v1/chat/completions"),
    ] {
        assert_eq!(address(base), there);
    }
}
