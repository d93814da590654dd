//! Conversations stay valid, whatever happens to the runs that make them.

use jobgate::engine::agents::{History, Message, ToolCall, Unfit};
use proptest::prelude::*;
use serde_json::json;

/// A conversation as runs write it down, step by step.
#[derive(Debug, Clone, Default, PartialEq)]
struct Conversation(History);

impl Conversation {
    fn new(system: Option<String>) -> Self {
        Self(History::resume(system, vec![]).unwrap())
    }

    fn messages(&self) -> Vec<Message> {
        self.0.messages()
    }

    /// Both halves, the outline and the texts, know the same one.
    fn next_call(&mut self) -> Option<ToolCall> {
        let call = self.0.open_call().cloned();
        let place = self.0.outline().open_call();
        assert_eq!(call.is_some(), place.is_some());
        call
    }

    fn ask(&mut self, prompt: &str) {
        let place = self.0.place(prompt);
        let asked = self.0.outline().ask(place);
        self.0.prompt(asked, place, prompt);
    }

    fn receive(&mut self, text: &str) {
        if !text.is_empty() {
            self.0.outline().receive(true);
        }
        self.0.receive(text);
    }

    fn receive_reasoning(&mut self, text: &str) {
        if !text.is_empty() {
            self.0.outline().receive(false);
        }
        self.0.receive_reasoning(text);
    }

    fn answer(&mut self, content: String, calls: Vec<ToolCall>) {
        let some = self.0.outline().answer(!content.is_empty(), calls.len() as u32);
        self.0.answer(some, content, calls);
    }

    fn tool_result(&mut self, content: String) {
        self.0.outline().result();
        self.0.result(content);
    }

    fn close(&mut self, content: &str) {
        if self.0.outline().is_arriving() {
            self.answer(String::new(), vec![]);
        }
        while self.next_call().is_some() {
            self.tool_result(content.into());
        }
    }

    fn end(&mut self, failed: bool) {
        self.0.outline().end(failed);
    }

    fn truncate(&mut self, length: usize) -> Result<(), Unfit> {
        self.0.truncate(length)
    }
}

/// What makes servers refuse a conversation, or nothing.
pub(super) fn fault(messages: &[Message], between_runs: bool) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut before = "start";
    for (at, message) in messages.iter().enumerate() {
        let wrong = |what: &str| Some(format!("{what} after {before} at {at}"));
        if !matches!(message, Message::Tool { .. }) && !open.is_empty() {
            return wrong("calls without results");
        }
        let now = match message {
            Message::System { .. } if at == 0 => "system",
            Message::User { .. } if before != "user" => "user",
            Message::Assistant { content, tool_calls, reasoning } if matches!(before, "user" | "tool") => {
                // What the model thinks is there before it has said anything.
                let thinks = !between_runs && at + 1 == messages.len() && !reasoning.is_empty();
                if content.is_empty() && tool_calls.is_empty() && !thinks {
                    return wrong("an empty answer");
                }
                open = tool_calls.iter().map(|call| call.id.as_str()).collect();
                "assistant"
            }
            Message::Tool { tool_call_id, .. } if open.first() == Some(&tool_call_id.as_str()) => {
                open.remove(0);
                "tool"
            }
            other => return wrong(&format!("{other:?}")),
        };
        before = now;
    }
    (between_runs && !open.is_empty()).then(|| "calls without results at the end".to_owned())
}

#[derive(Debug, Clone)]
enum Op {
    Ask(&'static str),
    Receive(&'static str),
    Think(&'static str),
    Answer(&'static str, usize),
    Result,
    Close(bool),
    Truncate(usize),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let text = || prop_oneof![Just(""), Just("a"), Just("b")];
    let op = prop_oneof![
        text().prop_map(Op::Ask),
        text().prop_map(Op::Receive),
        text().prop_map(Op::Think),
        (text(), 0..3_usize).prop_map(|(text, calls)| Op::Answer(text, calls)),
        Just(Op::Result),
        any::<bool>().prop_map(Op::Close),
        (0..8_usize).prop_map(Op::Truncate),
    ];
    prop::collection::vec(op, 0..40)
}

fn calls(count: usize) -> Vec<ToolCall> {
    (0..count).map(|id| ToolCall { id: id.to_string(), name: "t".into(), arguments: json!({}) }).collect()
}

proptest! {
    #![proptest_config(crate::cases::config())]

    /// Runs ask, receive and answer only where a run does; they end anywhere.
    #[test]
    fn a_conversation_is_valid_between_runs_and_in_them(system in any::<bool>(), ops in ops()) {
        let mut history = Conversation::new(system.then(|| "Be brief.".into()));
        let mut running = false;
        for op in ops {
            let before = history.clone();
            let free = running && history.next_call().is_none();
            match op {
                Op::Ask(prompt) if !running => {
                    running = true;
                    history.ask(prompt);
                }
                Op::Receive(text) if free => history.receive(text),
                Op::Think(text) if free => history.receive_reasoning(text),
                Op::Answer(text, count) if free => {
                    history.answer(text.into(), calls(count));
                    // An answer without calls ends the run.
                    running = count > 0;
                    if !running {
                        history.end(false);
                    }
                }
                Op::Result if running => history.tool_result("ok".into()),
                Op::Close(failed) => {
                    history.close("closed");
                    history.end(failed);
                    running = false;
                }
                Op::Truncate(length) if !running => {
                    if history.truncate(length).is_err() {
                        prop_assert_eq!(&history, &before);
                    }
                }
                _ => continue,
            }
            prop_assert_eq!(fault(&history.messages(), !running), None);
            prop_assert_eq!(history.0.outline().len(), history.0.settled().len());
        }
    }
}

#[test]
fn a_prompt_without_an_answer_is_joined_and_not_doubled() {
    let mut history = Conversation::new(None);
    history.ask("one");
    history.ask("one");
    history.ask("two");
    history.ask("two");
    assert_eq!(history.messages(), [Message::User { content: "one\n\ntwo".into() }]);
}

#[test]
fn a_prompt_whose_run_failed_before_an_answer_gives_way_to_the_next() {
    let ended = |history: &mut Conversation, prompt: &str, failed: bool| {
        history.ask(prompt);
        history.close("closed");
        history.end(failed);
    };
    let user = |content: &str| vec![Message::User { content: content.into() }];
    let mut history = Conversation::new(None);
    ended(&mut history, "one", true);
    history.truncate(1).unwrap();
    assert_eq!(history.messages(), user("one"), "it is shown until then");
    ended(&mut history, "two", true);
    assert_eq!(history.messages(), user("two"));
    ended(&mut history, "two", false);
    ended(&mut history, "three", true);
    assert_eq!(history.messages(), user("two\n\nthree"));
    // Another task that fails has asked nothing.
    history.end(true);
    history.ask("four");
    assert_eq!(history.messages(), user("two\n\nfour"), "the one that was cancelled stays");

    let mut history = Conversation::new(None);
    history.ask("one");
    history.receive("so");
    history.close("closed");
    history.end(true);
    history.ask("two");
    assert_eq!(history.messages().len(), 3, "an answer that broke off was one");
}

#[test]
fn one_that_is_taken_up_again_gives_way_as_before() {
    let said = vec![Message::User { content: "stopped\n\nfailed".into() }];
    let taken_up = |has_failed: bool| {
        let mut history = Conversation(History::resume(None, said.clone()).unwrap());
        if has_failed {
            history.0.outline().has_failed("stopped".len() as u32);
        }
        history.ask("next");
        history.messages()
    };
    assert_eq!(taken_up(true), [Message::User { content: "stopped\n\nnext".into() }]);
    assert_eq!(taken_up(false), [Message::User { content: "stopped\n\nfailed\n\nnext".into() }]);
}

#[test]
fn what_was_thought_stays_with_its_answer_and_is_none_by_itself() {
    let mut history = Conversation::new(None);
    history.ask("go");
    history.receive_reasoning("Hm");
    history.receive_reasoning(".");
    assert_eq!(history.messages().len(), 2, "it is shown while it arrives");
    history.answer("Hi".into(), vec![]);
    let said = Message::Assistant { content: "Hi".into(), tool_calls: vec![], reasoning: "Hm.".into() };
    assert_eq!(history.messages()[1], said);
    history.ask("again");
    history.receive_reasoning("Hm");
    history.close("closed");
    assert_eq!(history.messages().len(), 3);
}

#[test]
fn a_conversation_is_cut_where_servers_still_accept_it() {
    let mut history = Conversation::new(Some("Be brief.".into()));
    history.ask("go");
    history.answer(String::new(), calls(2));
    history.tool_result("one".into());
    history.tool_result("two".into());
    history.answer("done".into(), vec![]);
    let before = history.clone();
    for length in [3, 4] {
        assert_eq!(history.truncate(length).map_err(|unfit| unfit.at), Err(length));
        assert_eq!(history, before);
    }
    for length in [9, 6, 5, 2, 1, 0] {
        history.truncate(length).unwrap();
        assert_eq!(history.messages().len(), length.min(6));
        assert_eq!(history.0.outline().is_empty(), length == 0);
    }
}

#[test]
fn an_answer_is_taken_back_where_it_ends_the_conversation() {
    let mut history = Conversation::new(None);
    history.ask("go");
    let prompt = history.clone();
    assert!(history.0.ends_with_prompt());
    history.answer("so".into(), vec![]);
    assert!(!history.0.ends_with_prompt());
    history.0.retract_answer();
    assert_eq!(history.messages(), prompt.messages());
    // The same prompt stands there already.
    history.ask("go");
    assert_eq!(history.messages(), prompt.messages());

    history.answer("so".into(), calls(1));
    history.tool_result("done".into());
    let used = history.clone();
    for _ in 0..2 {
        history.0.retract_answer();
        assert_eq!(history, used, "calls with results stay");
        history.answer("well".into(), vec![]);
    }
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn a_call_of_many_costs_what_it_is() {
    let cost = |count: usize| {
        let mut history = Conversation::new(None);
        history.ask("go");
        history.answer(String::new(), calls(count));
        let begun = cpu_time::ThreadTime::now();
        while history.next_call().is_some() {
            history.tool_result("ok".into());
        }
        begun.elapsed().as_secs_f64()
    };
    cost(5_000);
    let (one, four) = (cost(5_000), cost(20_000));
    assert!(four < one * 12.0 + 0.05, "{one} {four}");
}

#[test]
fn what_has_arrived_of_an_answer_is_there_and_stays() {
    let mut history = Conversation::new(None);
    history.ask("go");
    history.receive("He");
    history.receive("llo");
    let answer =
        |content: &str| Message::Assistant { content: content.into(), tool_calls: vec![], reasoning: String::new() };
    assert_eq!(history.messages().last(), Some(&answer("Hello")));
    history.close("closed");
    history.ask("again");
    history.receive("Ho");
    history.answer("Ho ho".into(), vec![]);
    assert_eq!(history.messages()[1..2], [answer("Hello")]);
    assert_eq!(history.messages().last(), Some(&answer("Ho ho")));
}

fn resumed(system: Option<&str>, said: serde_json::Value) -> Result<Conversation, Unfit> {
    History::resume(system.map(str::to_owned), serde_json::from_value(said).unwrap()).map(Conversation)
}

#[test]
fn a_conversation_is_taken_up_where_it_was_left() {
    let said = json!([
        { "role": "system", "content": "Be brief" },
        { "role": "user", "content": "Twice" },
        { "role": "assistant", "content": "", "toolCalls": [
            { "id": "a", "name": "ipsum", "arguments": {} },
            { "id": "b", "name": "ipsum", "arguments": {} },
        ] },
        { "role": "tool", "toolCallId": "a", "content": "one" },
        { "role": "tool", "toolCallId": "b", "content": "two" },
        { "role": "assistant", "content": "Done" },
    ]);
    let mut history = resumed(None, said.clone()).unwrap();
    assert_eq!(serde_json::to_value(history.messages()).unwrap(), said);
    history.ask("Again");
    assert_eq!(history.messages().len(), 7);
    assert_eq!(resumed(Some("Be brief"), json!([])).unwrap(), Conversation::new(Some("Be brief".into())));
}

#[test]
fn one_that_no_server_accepts_is_refused_with_the_place() {
    let prompt = json!({ "role": "user", "content": "Hello" });
    let answer = json!({ "role": "assistant", "content": "Hello" });
    let call = json!({ "role": "assistant", "content": "", "toolCalls": [{ "id": "a", "name": "ipsum" }] });
    let result = json!({ "role": "tool", "toolCallId": "a", "content": "one" });
    let other = json!({ "role": "tool", "toolCallId": "z", "content": "one" });
    let empty = json!({ "role": "assistant", "content": "" });
    let system = json!({ "role": "system", "content": "Be brief" });
    for (said, at) in [
        (json!([answer]), 0),
        (json!([prompt, prompt]), 1),
        (json!([prompt, answer, answer]), 2),
        (json!([prompt, empty]), 1),
        (json!([prompt, result]), 1),
        (json!([prompt, call]), 2),
        (json!([prompt, call, other]), 2),
        (json!([prompt, call, prompt]), 2),
        (json!([prompt, call, result, result]), 3),
        (json!([prompt, system]), 1),
    ] {
        for before in [None, Some("Be brief")] {
            assert_eq!(resumed(before, said.clone()).map_err(|unfit| unfit.at), Err(at), "{said}");
        }
    }
    assert_eq!(resumed(Some("Be brief"), json!([system])).unwrap_err().at, 0);
}
