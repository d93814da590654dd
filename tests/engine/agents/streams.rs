//! Answers as servers stream them, cut at every byte.

use jobgate::engine::agents::openai::{Assembly, Lines, StreamFault};
use jobgate::engine::agents::{ModelResponse, ToolCall, Usage};
use serde_json::json;

/// A keep-alive comment, a first chunk without text, text of more than a byte a letter, the end, the usage.
const TEXT: &str = concat!(
    ": keep-alive\n\n",
    r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]}"#,
    "\n\n",
    r#"data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"Grüße, "},"finish_reason":null}]}"#,
    "\n\n",
    r#"data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"世界 🦀"},"finish_reason":null}]}"#,
    "\n\n",
    r#"data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
    "\n\n",
    r#"data: {"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}"#,
    "\n\n",
    "data: [DONE]\n\n",
);

/// Two calls whose fragments take turns, with CRLF and without the space after the colon.
const TOOLS: &str = concat!(
    r#"data:{"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"time","arguments":""}}]}}]}"#,
    "\r\n\r\n",
    r#"data:{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":"{\"city\":"}}]}}]}"#,
    "\r\n\r\n",
    r#"data:{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{\"zone"}}]}}]}"#,
    "\r\n\r\n: comment\r\n",
    r#"data:{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Köln\"}"}},{"index":1,"function":{"arguments":"\":1}"}}]}}]}"#,
    "\r\n\r\n",
    r#"data:{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
    "\r\n\r\ndata:[DONE]\r\n\r\n",
);

#[derive(Debug, PartialEq)]
enum End {
    Answer(ModelResponse),
    Fault(StreamFault),
}

/// The pieces of text as they came, and how it ended.
fn receive(chunks: &[&[u8]]) -> (String, End) {
    let (mut lines, mut assembly) = (Lines::default(), Assembly::default());
    let mut text = String::new();
    let mut events: Vec<_> = chunks.iter().map(|chunk| lines.take(chunk)).collect();
    events.push(lines.finish());
    for event in events.into_iter().flatten() {
        match assembly.take(&event) {
            Ok(piece) => text.push_str(&piece.text),
            Err(fault) => return (text, End::Fault(fault)),
        }
    }
    (text, assembly.finish(3).map_or_else(End::Fault, End::Answer))
}

fn text_answer() -> ModelResponse {
    let usage = Some(Usage { input_tokens: 9.0, output_tokens: 12.0 });
    ModelResponse { content: "Grüße, 世界 🦀".into(), tool_calls: vec![], stop_reason: "stop".into(), usage }
}

fn tools_answer() -> ModelResponse {
    let weather = ToolCall { id: "call_a".into(), name: "weather".into(), arguments: json!({ "city": "Köln" }) };
    let time = ToolCall { id: "call_b".into(), name: "time".into(), arguments: json!({ "zone": 1 }) };
    let tool_calls = vec![weather, time];
    ModelResponse { content: String::new(), tool_calls, stop_reason: "tool_calls".into(), usage: None }
}

#[test]
fn an_answer_is_the_same_wherever_its_bytes_are_cut() {
    let crlf = TEXT.replace('\n', "\r\n");
    let cr = TEXT.replace('\n', "\r");
    for (stream, answer) in
        [(TEXT, text_answer()), (&crlf, text_answer()), (&cr, text_answer()), (TOOLS, tools_answer())]
    {
        let bytes = stream.as_bytes();
        let expected = (answer.content.clone(), End::Answer(answer));
        for cut in 0..=bytes.len() {
            let (before, after) = bytes.split_at(cut);
            assert_eq!(receive(&[before, after]), expected, "cut at {cut}");
        }
        for size in [1, 2, 3, 7] {
            let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
            assert_eq!(receive(&chunks), expected, "in chunks of {size}");
        }
    }
}

#[test]
fn an_answer_that_breaks_off_is_never_taken_for_a_short_one() {
    for stream in [TEXT, TOOLS] {
        let said = stream.find(r#""finish_reason":""#).unwrap();
        let whole = said + stream[said..].find(['\r', '\n']).unwrap();
        for cut in 0..stream.len() {
            let (text, end) = receive(&[&stream.as_bytes()[..cut]]);
            if cut < whole {
                assert_eq!(end, End::Fault(StreamFault::Cut), "cut at {cut}");
                assert!("Grüße, 世界 🦀".starts_with(&text));
            } else if cut > whole + 2 {
                assert!(matches!(end, End::Answer(_)), "all had been said at {cut}");
            }
        }
    }
}

#[test]
fn an_end_is_known_as_soon_as_it_has_come() {
    let (mut lines, mut assembly) = (Lines::default(), Assembly::default());
    for event in lines.take(TEXT.as_bytes()) {
        assert!(!assembly.is_done());
        assembly.take(&event).unwrap();
    }
    assert!(assembly.is_done() && !lines.is_over());
    lines.finish();
    assert!(lines.is_over());
}

fn data(events: &[&str]) -> String {
    events.iter().flat_map(|event| ["data: ", event, "\n\n"]).collect()
}

fn end_of(events: &[&str]) -> End {
    receive(&[data(events).as_bytes()]).1
}

fn calls_of(events: &[&str]) -> Vec<ToolCall> {
    let End::Answer(answer) = end_of(events) else { panic!("no answer") };
    answer.tool_calls
}

#[test]
fn an_error_amid_the_answer_is_told_in_the_servers_words() {
    let piece = r#"{"choices":[{"index":0,"delta":{"content":"He"}}]}"#;
    let error = r#"{"error":{"message":"out of memory","type":"server_error"}}"#;
    assert_eq!(end_of(&[piece, error]), End::Fault(StreamFault::Reported("out of memory".into())));
    assert!(matches!(end_of(&[piece, "<html>"]), End::Fault(StreamFault::Unreadable(_))));
    assert!(matches!(end_of(&[r#"{"choices":7}"#]), End::Fault(StreamFault::Unreadable(_))));
    let rest = r#"{"choices":[{"index":0,"delta":{"content":"llo"},"finish_reason":"stop"}]}"#;
    let broken = r#"{"choices":[{"index":0,"delta":{"content":"He"#;
    assert!(matches!(end_of(&[broken, rest]), End::Fault(StreamFault::Unreadable(_))));
    let at_the_top = r#"{"object":"error","message":"no such model","code":404}"#;
    assert_eq!(end_of(&[at_the_top]), End::Fault(StreamFault::Reported("no such model".into())));
    let not_an_error = r#"{"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}],"message":"ok","error":null}"#;
    assert!(matches!(end_of(&[not_an_error]), End::Answer(_)));
    assert!(matches!(receive(&[b"data: \xff\xfe\n\n"]).1, End::Fault(StreamFault::Unreadable(_))));
}

#[test]
fn calls_without_index_or_id_are_told_apart() {
    let stop = r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#;
    let two = r#"{"choices":[{"delta":{"tool_calls":[
        {"id":"x","function":{"name":"a","arguments":"{}"}},{"id":"y","function":{"name":"b","arguments":"{}"}}]}}]}"#
        .replace('\n', "");
    let names: Vec<String> = calls_of(&[&two, stop]).into_iter().map(|call| call.id + &call.name).collect();
    assert_eq!(names, ["xa", "yb"]);
    let nameless = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"a"}}]}}]}"#;
    let calls = calls_of(&[nameless, stop]);
    assert_eq!((calls[0].id.as_str(), &calls[0].arguments), ("call_3_0", &json!({})));
}

#[test]
fn arguments_that_are_not_json_are_kept_as_written() {
    let stop = r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#;
    let call = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"x","function":{"name":"a","arguments":"{\"a\":"}}]}}]}"#;
    assert_eq!(calls_of(&[call, stop])[0].arguments, json!("{\"a\":"));
}

#[test]
fn an_empty_reason_is_none() {
    let pieces = [
        r#"{"choices":[{"index":0,"delta":{"content":"He"},"finish_reason":""}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":"llo"},"finish_reason":"stop"}]}"#,
    ];
    assert_eq!(end_of(&pieces[..1]), End::Fault(StreamFault::Cut));
    assert_eq!(end_of(&pieces), End::Answer(saying("Hello")));
}

fn saying(content: &str) -> ModelResponse {
    ModelResponse { content: content.into(), stop_reason: "stop".into(), ..ModelResponse::default() }
}

#[test]
fn what_is_null_is_not_there() {
    let pieces = [
        r#"{"choices":null,"usage":null}"#,
        r#"{"choices":[{"index":0,"delta":null,"finish_reason":null}]}"#,
        r#"{"choices":[{"delta":{"content":"Hello","tool_calls":null},"finish_reason":"stop"}]}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":null}}"#,
    ];
    let usage = Some(Usage { input_tokens: 7.0, output_tokens: 0.0 });
    assert_eq!(end_of(&pieces), End::Answer(ModelResponse { usage, ..saying("Hello") }));
    let call =
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"x","function":null}]},"finish_reason":"stop"}]}"#;
    assert_eq!(calls_of(&[call])[0].id, "x");
}

#[test]
fn an_answer_that_is_not_streamed_is_one_too() {
    let mut assembly = Assembly::default();
    let whole = json!({
        "object": "chat.completion",
        "choices": [{ "index": 0, "finish_reason": "tool_calls", "message": { "role": "assistant", "content": "So.",
            "tool_calls": [{ "id": "x", "type": "function", "function": { "name": "a", "arguments": "{}" } },
                           { "id": "y", "type": "function", "function": { "name": "b", "arguments": "{}" } }] } }],
        "usage": { "prompt_tokens": 9, "completion_tokens": 12 },
    });
    let piece = assembly.take(&whole.to_string().as_str().into()).unwrap();
    assert_eq!(piece.text, "So.");
    let answer = assembly.finish(1).unwrap();
    let names: Vec<String> = answer.tool_calls.into_iter().map(|call| call.id + &call.name).collect();
    assert_eq!((answer.stop_reason.as_str(), answer.usage.is_some()), ("tool_calls", true));
    assert_eq!(names, ["xa", "yb"]);
}

#[test]
fn an_answer_repeated_at_the_end_of_its_stream_counts_once() {
    let piece = r#"{"choices":[{"index":0,"delta":{"content":"Hello"}}]}"#;
    let again = r#"{"choices":[{"index":0,"delta":{},"message":{"content":"Hello"},"finish_reason":"stop"}]}"#;
    assert_eq!(end_of(&[piece, again]), End::Answer(saying("Hello")));
    assert_eq!(end_of(&[again]), End::Answer(saying("Hello")), "and where it was not streamed");
}

#[test]
fn a_letter_may_lie_in_two_events_half_by_half() {
    let pieces = |texts: &[&str]| -> Vec<String> {
        let piece = |text| format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}}}}]}}"#);
        let stop = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#.to_owned();
        texts.iter().map(piece).chain([stop]).collect()
    };
    for (texts, content) in [
        (&[r"a\ud83e\udd80b"][..], "a🦀b"),
        (&[r"a\ud83e", r"\udd80b"], "a🦀b"),
        (&[r"a\uD83E", "", r"\uDD80 \u00fc\n"], "a🦀 ü\n"),
        (&[r"a\udd80b"], "a\u{fffd}b"),
        (&[r"a\ud83eb", r"c"], "abc"),
        (&[r"a\ud83e"], "a"),
        (&[r"\\ud83e", r"\\\udd80"], "\\ud83e\\\u{fffd}"),
        (&[r"\ud83e\ud83e", r"\udd80"], "🦀"),
    ] {
        let texts: Vec<String> = pieces(texts);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(end_of(&texts), End::Answer(saying(content)));
    }
    // What comes between its halves elsewhere may be a whole letter.
    let pieces = [
        r#"{"choices":[{"delta":{"content":"a\ud83e"}}]}"#,
        r#"{"choices":[{"delta":{"reasoning":"\ud83e\udd80"}}]}"#,
        r#"{"choices":[{"delta":{"content":"\udd80b"},"finish_reason":"stop"}]}"#,
    ];
    assert_eq!(end_of(&pieces), End::Answer(saying("a🦀b")));
}
