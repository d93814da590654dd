//! What servers send, and what it says: the cases of servers.json. The npm package reads the same answers by itself, with
//! JavaScript's own parser, and is held to the same cases by tests/facade/agents/answers.test.ts.

use jobgate::engine::agents::openai::{Assembly, Lines, StreamFault, refused};
use serde_json::{Value, json};

/// How many messages were sent.
const TURN: usize = 1;

fn cases(kind: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("servers.json")).unwrap();
    all[kind].as_array().unwrap().clone()
}

fn read(body: &str, size: usize) -> Value {
    let (mut lines, mut assembly) = (Lines::default(), Assembly::default());
    let mut events: Vec<_> = body.as_bytes().chunks(size).flat_map(|bytes| lines.take(bytes)).collect();
    events.extend(lines.finish());
    let mut thought = String::new();
    let fault = |fault: StreamFault| json!({ "fault": fault.to_string() });
    for event in &events {
        match assembly.take(event) {
            Ok(piece) => thought.push_str(&piece.reasoning),
            Err(why) => return fault(why),
        }
    }
    match assembly.finish(TURN) {
        Ok(answer) => json!({ "answer": answer, "thought": thought }),
        Err(why) => fault(why),
    }
}

#[test]
fn answers_are_read_as_they_are_meant_wherever_they_are_cut() {
    for case in cases("streams") {
        for size in [1, 3, 7, 1_000_000] {
            let said = read(case["body"].as_str().unwrap(), size);
            // How a parser says what is wrong with JSON is its own affair.
            match (said["fault"].as_str(), case["says"]["fault"].as_str()) {
                (Some(told), Some(begins)) => assert!(told.starts_with(begins), "{case}: {told}"),
                _ => assert_eq!(said, case["says"], "{case}"),
            }
        }
    }
}

#[test]
fn refusals_are_told_in_the_servers_words() {
    for case in cases("refusals") {
        let refused = refused(400, "Bad Request", None, case["body"].as_str().unwrap(), 0.0);
        assert_eq!(refused.to_string(), case["told"], "{case}");
    }
}
