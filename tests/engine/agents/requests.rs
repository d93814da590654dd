//! What a server is asked.

use jobgate::engine::agents::openai::{Asking, END, address, message};
use jobgate::engine::agents::{Message, ToolCall, ToolSpec};
use serde_json::{Map, Value, json};

fn call(arguments: Value) -> ToolCall {
    ToolCall { id: "c".into(), name: "add".into(), arguments }
}

/// What is sent, put together as drivers do.
fn sent(asking: Asking<'_>, messages: &[Message], reasoning: Option<&str>) -> Value {
    let messages: Vec<String> = messages.iter().map(|said| message(said, reasoning)).collect();
    serde_json::from_str(&[&asking.begin(), messages.join(",").as_str(), END].concat()).unwrap()
}

fn body(messages: &[Message], tools: &[ToolSpec]) -> Value {
    sent(Asking { model: "m", tools, body: &Map::new(), usage: true }, messages, None)
}

fn saying(content: &str, tool_calls: Vec<ToolCall>) -> Message {
    Message::Assistant { content: content.into(), tool_calls, reasoning: "Hm.".into() }
}

#[test]
fn a_conversation_as_servers_want_it() {
    let messages = vec![
        Message::System { content: "Be brief.".into() },
        Message::User { content: "2 + 3?".into() },
        saying("", vec![call(json!({ "a": 2 })), call(json!("{\"a\""))]),
        Message::Tool { tool_call_id: "c".into(), content: "5".into() },
        saying("5", vec![]),
    ];
    let tools = vec![ToolSpec {
        name: "add".into(),
        description: "Adds".into(),
        parameters: json!({ "type": "object" }),
        confirm: true,
    }];
    let function = |arguments: &str| json!({ "name": "add", "arguments": arguments });
    assert_eq!(
        body(&messages, &tools),
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
    let sent = body(&[saying("", tool_calls)], &tools);
    assert_eq!(sent["tools"][0]["function"]["parameters"].to_string(), schema);
    assert_eq!(sent["messages"][0]["tool_calls"][0]["function"]["arguments"], arguments);
}

#[test]
fn an_empty_list_of_tools_is_left_out() {
    assert_eq!(
        body(&[], &[]),
        json!({ "model": "m", "stream": true, "stream_options": { "include_usage": true }, "messages": [] })
    );
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

#[test]
fn what_the_app_adds_to_the_body_wins_and_its_tools_come_after_the_sessions() {
    let tool =
        |name: &str| ToolSpec { name: name.into(), description: String::new(), parameters: json!({}), confirm: true };
    let Value::Object(more) = json!({ "temperature": 0.5, "stream": false, "tools": [{ "type": "web_search" }] })
    else {
        panic!()
    };
    let asking = Asking { model: "m", tools: &[tool("add")], body: &more, usage: false };
    let sent = sent(asking, &[], None);
    assert_eq!((&sent["temperature"], &sent["stream"], sent.get("stream_options")), (&json!(0.5), &json!(false), None));
    assert_eq!(
        (&sent["tools"][0]["function"]["name"], &sent["tools"][1]["type"]),
        (&json!("add"), &json!("web_search"))
    );
}

#[test]
fn what_the_model_thought_goes_back_with_its_answer_by_the_servers_name() {
    let asking = Asking { model: "m", tools: &[], body: &Map::new(), usage: false };
    let sent = sent(asking, &[saying("5", vec![])], Some("reasoning"));
    assert_eq!(sent["messages"][0], json!({ "role": "assistant", "content": "5", "reasoning": "Hm." }));
}
