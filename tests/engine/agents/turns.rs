//! What a run does next.

use jobgate::engine::agents::{History, ModelResponse, OutOfTurns, Step, ToolCall, ToolSpec, Turns, check_call};
use serde_json::{Value, json};

fn call(name: &str, arguments: Value) -> ToolCall {
    ToolCall { id: name.into(), name: name.into(), arguments }
}

fn answer(content: &str, names: &[&str]) -> ModelResponse {
    let tool_calls = names.iter().map(|name| call(name, json!({}))).collect();
    ModelResponse { content: content.into(), tool_calls, stop_reason: "stop".into(), usage: None }
}

#[test]
fn asks_uses_each_tool_and_asks_again() {
    let (mut history, mut turns) = (History::new(None), Turns::new(9));
    history.ask("go");
    assert_eq!(turns.next(&history), Ok(Step::Ask));
    turns.answered(&mut history, answer("", &["a", "b"]));
    for name in ["a", "b"] {
        assert_eq!(turns.next(&history), Ok(Step::Use(call(name, json!({})))));
        history.tool_result("ok".into());
    }
    assert_eq!(turns.next(&history), Ok(Step::Ask));
    turns.answered(&mut history, answer("done", &[]));
    assert_eq!(turns.next(&history), Ok(Step::Done));
}

#[test]
fn an_empty_answer_is_an_end_too() {
    let (mut history, mut turns) = (History::new(None), Turns::new(9));
    history.ask("go");
    assert_eq!(turns.next(&history), Ok(Step::Ask));
    turns.answered(&mut history, answer("", &[]));
    assert_eq!((turns.next(&history), history.messages().len()), (Ok(Step::Done), 1));
}

#[test]
fn the_last_allowed_answer_may_not_call_tools() {
    let (mut history, mut turns) = (History::new(None), Turns::new(1));
    history.ask("go");
    assert_eq!(turns.next(&history), Ok(Step::Ask));
    turns.answered(&mut history, answer("hm", &["a"]));
    assert_eq!(turns.next(&history), Err(OutOfTurns(1)));
}

#[test]
fn a_call_that_cannot_be_made_is_refused_in_words() {
    let spec =
        |name: &str| ToolSpec { name: name.into(), description: String::new(), parameters: json!({}), confirm: true };
    let tools = [spec("a"), spec("b")];
    assert_eq!(check_call(&call("b", json!({})), &tools), Ok(1));
    assert_eq!(check_call(&call("c", json!({})), &tools), Err("There is no tool \"c\". There are: a, b.".into()));
    assert_eq!(check_call(&call("c", json!({})), []), Err("There is no tool \"c\". There are none.".into()));
    let fault = check_call(&call("a", json!("{\"x\":")), &tools).unwrap_err();
    assert!(fault.starts_with("The arguments are not valid JSON: "), "{fault}");
    assert!(check_call(&call("a", json!("\"text\"")), &tools).unwrap_err().contains("a string is not an object"));
}
