//! What servers send beside the letter of the API: taken where its meaning is clear, else told in their words.

use jobgate::engine::agents::openai::{Assembly, Lines, StreamFault};
use jobgate::engine::agents::{ModelResponse, Usage};
use serde_json::{Value, json};

/// Of a body as it is: the answer or the fault, and what the model thought.
fn read(body: &str) -> (Result<ModelResponse, StreamFault>, String) {
    let (mut lines, mut assembly) = (Lines::default(), Assembly::default());
    let mut events = lines.take(body.as_bytes());
    events.extend(lines.finish());
    let mut thought = String::new();
    for event in &events {
        match assembly.take(event) {
            Ok(piece) => thought.push_str(&piece.reasoning),
            Err(fault) => return (Err(fault), thought),
        }
    }
    (assembly.finish(3), thought)
}

fn stream(events: &[Value]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

fn answer(events: &[Value]) -> ModelResponse {
    read(&stream(events)).0.unwrap()
}

fn fault(body: &str) -> StreamFault {
    read(body).0.unwrap_err()
}

fn reported(text: &str) -> StreamFault {
    StreamFault::Reported(text.into())
}

fn delta(delta: Value) -> Value {
    json!({ "choices": [{ "index": 0, "delta": delta }] })
}

fn stop() -> Value {
    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] })
}

#[test]
fn contents_in_parts_are_one_text() {
    for content in [
        json!("Hi"),
        json!([{ "type": "text", "text": "H" }, { "type": "text", "text": "i" }]),
        json!(["H", "i"]),
        json!([{ "type": "text", "text": { "value": "Hi" } }, { "type": "image_url", "image_url": {} }]),
        json!({ "type": "output_text", "text": "Hi" }),
    ] {
        assert_eq!(answer(&[delta(json!({ "content": content })), stop()]).content, "Hi", "{content}");
    }
    assert_eq!(answer(&[delta(json!({ "content": 42 })), stop()]).content, "42");
    assert_eq!(answer(&[delta(json!({ "content": { "a": 1 } })), stop()]).content, r#"{"a":1}"#);
}

#[test]
fn what_the_model_thinks_is_no_part_of_its_answer() {
    for thinking in [
        json!({ "reasoning_content": "Hm." }),
        json!({ "reasoning": "Hm." }),
        json!({ "thinking": "Hm." }),
        json!({ "reasoning_content": "Hm.", "reasoning": "Hm." }),
        json!({ "reasoning": "Hm.", "reasoning_details": [{ "type": "reasoning.text", "text": "Hm." }] }),
        json!({ "content": [{ "type": "thinking", "thinking": [{ "type": "text", "text": "Hm." }] }] }),
        json!({ "content": null, "reasoning_content": "Hm." }),
    ] {
        let body = stream(&[delta(thinking.clone()), delta(json!({ "content": "Hi" })), stop()]);
        let (answer, thought) = read(&body);
        assert_eq!((answer.unwrap().content.as_str(), thought.as_str()), ("Hi", "Hm."), "{thinking}");
    }
}

#[test]
fn the_name_by_which_a_server_tells_what_the_model_thinks_is_known() {
    for name in ["reasoning_content", "reasoning", "thinking"] {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.reasoning_name(), None);
        assembly.take(&delta(json!({ name: "Hm." })).to_string().as_str().into()).unwrap();
        assert_eq!(assembly.reasoning_name(), Some(name));
    }
}

#[test]
fn what_is_counted_is_read_however_it_is_written() {
    let usage = |usage: Value| {
        answer(&[json!({ "choices": [{ "delta": { "content": "x" }, "finish_reason": "stop" }] }), usage]).usage
    };
    let counted = Some(Usage { input_tokens: 9.0, output_tokens: 12.0 });
    assert_eq!(
        usage(json!({ "choices": [], "usage": { "prompt_tokens": "9", "completion_tokens": " 12 " } })),
        counted
    );
    assert_eq!(usage(json!({ "usage": { "input_tokens": 9, "output_tokens": 12 } })), counted);
    assert_eq!(
        usage(json!({ "choices": [], "x_groq": { "usage": { "prompt_tokens": 9, "completion_tokens": 12 } } })),
        counted
    );
    assert_eq!(
        usage(json!({ "choices": [{ "delta": {}, "usage": { "prompt_tokens": 9, "completion_tokens": 12 } }] })),
        counted
    );
    for nothing in [
        json!({}),
        json!([]),
        json!("many"),
        json!(7),
        json!({ "prompt_tokens": "many" }),
        json!({ "prompt_tokens": [] }),
    ] {
        assert_eq!(usage(json!({ "choices": [], "usage": nothing })), None, "{nothing}");
    }
    // A last chunk that says nothing of it takes nothing back.
    let counts = json!({ "choices": [], "usage": { "prompt_tokens": 9, "completion_tokens": 12 } });
    assert_eq!(answer(&[counts, stop(), json!({ "choices": [], "usage": {} })]).usage, counted);
}

#[test]
fn an_index_is_a_number_however_it_is_written() {
    for index in [json!(0), json!("0"), json!(null), json!(0.0), json!(-1), json!(1.5), json!("first")] {
        let choice = json!({ "choices": [{ "index": index, "delta": { "content": "x" }, "finish_reason": "stop" }] });
        assert_eq!(answer(&[choice]).content, "x", "{index}");
    }
    let other = json!({ "choices": [{ "index": 1, "delta": { "content": "y" } }, { "index": 0, "delta": { "content": "x" } }] });
    assert_eq!(answer(&[other, stop()]).content, "x");
    assert_eq!(answer(&[json!({ "choices": { "delta": { "content": "x" }, "finish_reason": "stop" } })]).content, "x");
    assert_eq!(answer(&[json!([delta(json!({ "content": "x" })), stop()])]).content, "x");
}

#[test]
fn after_its_end_nothing_can_be_wrong_with_an_answer() {
    let whole = stream(&[json!({ "choices": [{ "delta": { "content": "x" }, "finish_reason": "stop" }] })]);
    for rest in [
        "data: {\"choices\":\n\n",
        "data: bye\n\n",
        "data: {\"usage\":7}\n\n",
        "data: {\"choices\":7}\n\n",
        ": end\n\n",
        "<html>",
    ] {
        assert_eq!(read(&format!("{whole}{rest}")).0.unwrap().content, "x", "{rest}");
    }
}

#[test]
fn an_error_in_a_choice_is_no_end_of_an_answer() {
    let piece = delta(json!({ "content": "He" }));
    let done = "data: [DONE]\n\n";
    for (error, told) in [
        (
            json!({ "choices": [{ "finish_reason": "error", "error": { "message": "overloaded", "code": 502 } }] }),
            "overloaded",
        ),
        (
            json!({ "choices": [{ "finish_reason": "error", "delta": {} }], "error": { "message": "overloaded" } }),
            "overloaded",
        ),
        (json!({ "choices": [{ "delta": {}, "error": "overloaded" }] }), "overloaded"),
        (json!({ "error": [{ "message": "overloaded" }] }), "overloaded"),
        (json!([{ "error": { "message": "overloaded" } }]), "overloaded"),
        (json!({ "errors": ["overloaded"] }), "overloaded"),
        (json!({ "type": "error", "message": "overloaded" }), "overloaded"),
        (json!({ "status": 529, "title": "overloaded" }), "overloaded"),
        (json!({ "error": { "code": 7 } }), r#"{"error":{"code":7}}"#),
    ] {
        assert_eq!(fault(&(stream(&[piece.clone(), error.clone()]) + done)), reported(told), "{error}");
    }
    let named = "event: error\ndata: {\"message\":\"overloaded\"}\n\n".to_owned();
    assert_eq!(fault(&(named + &stream(&[piece.clone(), stop()]))), reported("overloaded"), "whatever follows");
    let silent = json!({ "choices": [{ "finish_reason": "error", "delta": {} }] });
    assert!(matches!(fault(&stream(&[piece, silent])), StreamFault::Reported(text) if text.contains("finish_reason")));
}

#[test]
fn an_error_that_is_none_is_none() {
    for none in [json!(null), json!(false), json!(""), json!({}), json!([])] {
        let event = json!({ "choices": [{ "delta": { "content": "x" }, "finish_reason": "stop", "error": none }], "error": none });
        assert_eq!(answer(&[event]).content, "x", "{none}");
    }
}

#[test]
fn signs_of_life_are_no_part_of_an_answer() {
    let body = [
        ": OPENROUTER PROCESSING\n\n",
        "event: ping\ndata: {\"type\": \"ping\"}\n\n",
        "data: ping\n\n",
        "data:\n\n",
        "id: 7\nretry: 100\n\n",
        "error:\n",
        "data: {\"message\":\"third in the queue\"}\n\n",
        "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n",
        &stream(&[
            delta(json!({ "role": "assistant", "content": "", "function_call": null })),
            delta(json!({ "content": "x" })),
            stop(),
        ]),
    ];
    assert_eq!(read(&body.concat()).0.unwrap().content, "x");
    let call = json!({ "tool_calls": [{ "function": { "name": "f" } }] });
    for (said, calls) in [(json!({ "content": "x" }), 0), (call, 1)] {
        let body = stream(&[delta(said)]) + "data: ping\n\ndata: [DONE]\n\n";
        assert_eq!(read(&body).0.unwrap().tool_calls.len(), calls, "{body}");
    }
    let counted = "data: {\"usage\":{\"prompt_tokens\":9}}\n\ndata: [DONE]\n\n";
    assert!(read(counted).0.unwrap().usage.is_some());
}

#[test]
fn what_stood_in_an_answers_place_is_told() {
    assert_eq!(fault("data: upstream died\n\n"), StreamFault::Unreadable("upstream died".into()));
    assert_eq!(fault("data: upstream died\n\ndata: [DONE]\n\n"), StreamFault::Unreadable("upstream died".into()));
    assert_eq!(fault("data: upstream died"), StreamFault::Unreadable("upstream died".into()));
    assert_eq!(fault("data: upstream\ndata: died\n\n"), StreamFault::Unreadable("upstream\ndied".into()));
    assert_eq!(fault("data: {\"message\":\"no credit\"}\n\n"), reported("no credit"));
    assert_eq!(fault("event: error\ndata: {\"message\":\"no credit\"}\n\n"), reported("no credit"));
    assert_eq!(fault("event: error\ndata: no credit\n\n"), reported("no credit"));
    assert_eq!(fault("error: {\"code\":500,\"message\":\"no credit\"}\n\n"), reported("no credit"));
    assert_eq!(fault("{\"error\":{\"message\":\"no credit\"}}"), reported("no credit"));
    assert_eq!(fault("[{\n  \"error\": {\n    \"message\": \"no credit\"\n  }\n}\n]"), reported("no credit"));
    assert_eq!(fault("{\"status\":\"loading\"}"), StreamFault::Unreadable("{\"status\":\"loading\"}".into()));
    assert_eq!(fault(""), StreamFault::Cut);
    let StreamFault::Unreadable(told) = fault(&format!("data: {{\"choices\":{}\n\n", "x".repeat(9000))) else {
        panic!()
    };
    assert!(told.len() < 700, "{}", told.len());
}

#[test]
fn events_are_parted_by_one_newline_where_each_is_json_by_itself() {
    let events = [delta(json!({ "content": "He" })), delta(json!({ "content": "llo" })), stop()];
    let lines: Vec<String> = events.iter().map(|event| format!("data: {event}")).collect();
    for newline in ["\n", "\r\n", "\r"] {
        assert_eq!(read(&lines.join(newline)).0.unwrap().content, "Hello");
        assert_eq!(read(&(lines.join(newline) + newline + "data: [DONE]")).0.unwrap().content, "Hello");
    }
    // And as lines of JSON alone, or as one whole over several lines.
    let bare: Vec<String> = events.iter().map(Value::to_string).collect();
    assert_eq!(read(&bare.join("\n")).0.unwrap().content, "Hello");
    let whole = json!({ "choices": [{ "message": { "content": "Hello" }, "finish_reason": "stop" }] });
    assert_eq!(read(&format!("{whole:#}")).0.unwrap().content, "Hello");
    assert_eq!(read(&format!("\u{feff}{whole}")).0.unwrap().content, "Hello");
    for newline in ["\n", "\r\n", "\r"] {
        let folded = format!("data: {whole:#}").replace('\n', &format!("{newline}data: "));
        assert_eq!(read(&format!("{folded}{newline}{newline}")).0.unwrap().content, "Hello");
        assert_eq!(read(&folded).0.unwrap().content, "Hello");
    }
}

#[test]
fn an_event_is_given_as_soon_as_its_line_has_ended() {
    let mut lines = Lines::default();
    assert_eq!(lines.take(b"data: {\"a\":1}").len(), 0);
    assert_eq!(lines.take(b"\n").len(), 1);
    assert_eq!(lines.take(b"data: {\"b\":{}\ndata: }\n").len(), 0);
    let events = lines.take(b"\n");
    assert_eq!(events[0].data, "{\"b\":{}\n}");
    assert_eq!(lines.take(b"data: {\"c\":1}\r").len(), 1);
    assert_eq!(lines.take(b"\ndata: {\"d\":1}\r\n\r\n").len(), 1);
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn a_long_line_costs_its_length() {
    let cost = |pieces: usize| {
        let mut lines = Lines::default();
        let begun = cpu_time::ThreadTime::now();
        lines.take(b"data: {\"a\":\"");
        for _ in 0..pieces {
            lines.take(&[b'x'; 64]);
        }
        assert_eq!(lines.take(b"\"}\n").len(), 1);
        begun.elapsed().as_secs_f64()
    };
    cost(20_000);
    let (one, four) = (cost(20_000), cost(80_000));
    assert!(four < one * 12.0 + 0.05, "{one} {four}");
}
