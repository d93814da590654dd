//! Finding the tool that a call names.

use jobgate::engine::agents::{ToolCall, ToolSpec, check_call};
use serde_json::{Value, from_value, json};

fn call(name: &str, arguments: Value) -> ToolCall {
    ToolCall { id: name.into(), name: name.into(), arguments }
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

#[test]
fn the_host_is_asked_of_a_tool_unless_it_says_otherwise() {
    let mut spec = json!({ "name": "a", "description": "", "parameters": {} });
    assert!(from_value::<ToolSpec>(spec.clone()).unwrap().confirm);
    spec["confirm"] = json!(false);
    assert!(!from_value::<ToolSpec>(spec).unwrap().confirm);
}
