//! Calls, however servers tell them apart.

use jobgate::engine::agents::openai::{Assembly, Event};
use serde_json::{Value, json};

/// The calls that come of these events' fragments, as `id name arguments`.
fn calls(events: Value) -> Vec<String> {
    let mut assembly = Assembly::default();
    for fragments in events.as_array().unwrap() {
        let event = json!({ "choices": [{ "delta": { "tool_calls": fragments } }] });
        assembly.take(&Event::from(event.to_string().as_str())).unwrap();
    }
    assembly.take(&"[DONE]".into()).unwrap();
    let calls = assembly.finish(3).unwrap().tool_calls;
    calls.into_iter().map(|call| format!("{} {} {}", call.id, call.name, call.arguments)).collect()
}

fn fragment(index: Value, id: Value, name: Value, arguments: Value) -> Value {
    json!({ "index": index, "id": id, "function": { "name": name, "arguments": arguments } })
}

#[test]
fn two_under_one_index_are_told_apart_by_their_ids() {
    let whole = |id: &str, n: u8| fragment(json!(0), json!(id), json!("f"), json!(format!("{{\"n\":{n}}}")));
    let expected = [r#"a f {"n":1}"#, r#"b f {"n":2}"#];
    assert_eq!(calls(json!([[whole("a", 1)], [whole("b", 2)]])), expected);
    assert_eq!(calls(json!([[whole("a", 1), whole("b", 2)]])), expected);
    // In fragments, one after the other or in turns.
    let more = |id: Value, text: &str| fragment(json!(0), id, json!(null), json!(text));
    let begin = |id: &str| fragment(json!(0), json!(id), json!("f"), json!(""));
    let none = json!(null);
    assert_eq!(
        calls(json!([
            [begin("a")],
            [more(none.clone(), "{\"n\":")],
            [more(none.clone(), "1}")],
            [begin("b")],
            [more(none.clone(), "{\"n\":")],
            [more(none, "2}")],
        ])),
        expected
    );
    assert_eq!(
        calls(json!([
            [begin("a")],
            [begin("b")],
            [more(json!("a"), "{\"n\":")],
            [more(json!("b"), "{\"n\":")],
            [more(json!("a"), "1}")],
            [more(json!("b"), "2}")],
        ])),
        expected
    );
}

#[test]
fn parallel_ones_without_index_and_id_are_told_apart() {
    let whole = |name: &str, arguments: &str| json!({ "function": { "name": name, "arguments": arguments } });
    let expected = [r#"call_3_0 f {"n":1}"#, r#"call_3_1 f {"n":2}"#];
    assert_eq!(calls(json!([[whole("f", "{\"n\":1}")], [whole("f", "{\"n\":2}")]])), expected);
    assert_eq!(calls(json!([[whole("f", "{\"n\":1}"), whole("f", "{\"n\":2}")]])), expected);
    assert_eq!(calls(json!([[whole("roll", "{}")], [whole("roll", "{}")]])), ["call_3_0 roll {}", "call_3_1 roll {}"]);
    assert_eq!(calls(json!([[whole("f", ""), whole("g", "")]])), ["call_3_0 f {}", "call_3_1 g {}"]);
    assert_eq!(calls(json!([[whole("f", ""), whole("f", "")]])), ["call_3_0 f {}", "call_3_1 f {}"]);
    // In fragments, of which only the first has the name.
    let more = |text: &str| json!({ "function": { "arguments": text } });
    let events = json!([[whole("f", "")], [more("{\"n\":")], [more("1}")], [whole("f", "{\"n\"")], [more(":2}")]]);
    assert_eq!(calls(events), expected);
    // Or all of them.
    let events = json!([[whole("f", "{\"n\"")], [whole("f", ":1}")], [whole("f", "{\"n\":2")], [whole("f", "}")]]);
    assert_eq!(calls(events), expected);
    // All under one index, and without ids.
    let zero = |n: u8| fragment(json!(0), json!(""), json!("f"), json!(format!("{{\"n\":{n}}}")));
    assert_eq!(calls(json!([[zero(1)], [zero(2)]])), expected);
}

#[test]
fn one_call_stays_one() {
    let (zero, f) = (json!(0), json!("f"));
    let more = |id: &str, text: &str| fragment(json!(0), json!(id), json!(null), json!(text));
    // Each fragment with its name, cut where an object within has ended.
    let named = |text: &str| fragment(json!(null), json!(null), json!("f"), json!(text));
    assert_eq!(calls(json!([[named("{\"n\":{}")], [named("}")]])), [r#"call_3_0 f {"n":{}}"#]);
    // Each fragment with an id of its own.
    let events = json!([
        [fragment(zero.clone(), json!("a"), f.clone(), json!(""))],
        [more("b", "{\"n\":")],
        [more("c", "1}")],
        [more("d", "")]
    ]);
    assert_eq!(calls(events), [r#"a f {"n":1}"#]);
    // Said again at the end, by the same id; what is not the same is another.
    let whole = |text: &str| fragment(zero.clone(), json!("a"), f.clone(), json!(text));
    for (again, more) in [("{\"n\":1}", None), ("{ \"n\": 1 }", None), ("{\"n\":2}", Some("a f {\"n\":2}"))] {
        let expected: Vec<&str> = [r#"a f {"n":1}"#].into_iter().chain(more).collect();
        assert_eq!(calls(json!([[whole("{\"n\":1}")], [whole(again)]])), expected, "{again}");
    }
    // Its name after its id.
    let id = json!({ "index": 0, "id": "a" });
    let name = json!({ "index": 0, "function": { "name": "f" } });
    assert_eq!(calls(json!([[id], [name]])), ["a f {}"]);
    // The same without an index, after a call before it.
    let id_alone = json!({ "id": "b" });
    let name_alone = json!({ "function": { "name": "g" } });
    assert_eq!(calls(json!([[named("{}")], [{ "id": "a" }], [id_alone], [name_alone]])), ["a f {}", "b g {}"]);
}

#[test]
fn what_they_say_is_read_however_it_is_written() {
    for (fragment, expected) in [
        (json!({ "id": 0, "function": { "name": "f", "arguments": { "n": 1 } } }), r#"0 f {"n":1}"#),
        (json!({ "id": "a", "index": "0", "function": { "name": "f", "arguments": null } }), "a f {}"),
        (json!({ "id": "a", "index": null, "function": { "name": "f", "arguments": "null" } }), "a f {}"),
        (json!({ "id": "a", "name": "f", "arguments": { "n": 1 } }), r#"a f {"n":1}"#),
        (json!({ "id": "a", "function": { "name": "f", "arguments": "\"{\\\"n\\\":1}\"" } }), r#"a f {"n":1}"#),
        (json!({ "id": "a", "function": { "name": "f", "arguments": "{\"n\":" } }), r#"a f "{\"n\":""#),
    ] {
        assert_eq!(calls(json!([[fragment]])), [expected], "{fragment}");
        assert_eq!(calls(json!([fragment])), [expected], "not in a list: {fragment}");
    }
}

#[test]
fn a_call_of_the_old_kind_is_one() {
    let mut assembly = Assembly::default();
    for event in [
        json!({ "choices": [{ "delta": { "function_call": { "name": "f", "arguments": "{\"n\"" } } }] }),
        json!({ "choices": [{ "delta": { "function_call": { "arguments": ":1}" } }, "finish_reason": "function_call" }] }),
    ] {
        assembly.take(&event.to_string().as_str().into()).unwrap();
    }
    let calls = assembly.finish(3).unwrap().tool_calls;
    assert_eq!((calls.len(), &calls[0].arguments), (1, &json!({ "n": 1 })));
}
