use jobgate::engine::runner::{Refusal, Value, check_message};
use proptest::prelude::*;

use super::params::{any_value, map};

fn refusal(message: &Value) -> Refusal {
    check_message(message).unwrap_err()
}

fn of(kind: &str, fields: &[(&str, Value)]) -> Value {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    Value::Map(std::iter::once(("type".to_owned(), Value::from(kind))).chain(fields).collect())
}

#[test]
fn what_makes_sense_is_obeyed() {
    let job = || ("job_id", Value::from("7"));
    for message in [
        of("clear_completed", &[]),
        of("get_state", &[]),
        of("get_state", &[("acknowledges", Value::Bool(true)), ("protocol", Value::Number(2.0))]),
        of("resume", &[("seq", Value::Number(7.0))]),
        of("ack", &[("ack", Value::Number(32.0))]),
        of("ping", &[]),
        of("present", &[("lock", Value::from("a lock"))]),
        of("cancel_job", &[job()]),
        of("cancel_job", &[job(), ("reason", Value::from("not needed"))]),
        of("retry_job", &[job()]),
        of("set_priority", &[job(), ("priority", Value::Number(-3.0))]),
        of("create_job", &[("job_type", Value::from("prime"))]),
        of(
            "create_job",
            &[
                ("job_type", Value::from("prime")),
                ("id", Value::from("mine")),
                ("priority", Value::from("background")),
                ("delay", Value::Number(5.0)),
                ("timeout", Value::Number(5.0)),
                ("retry", map([("limit", Value::Number(1.0)), ("backoff", Value::from("fixed"))])),
                ("of a later version", Value::Null),
            ],
        ),
        // Never answered, or two runners at one channel would talk for ever.
        of("error", &[]),
    ] {
        assert_eq!(check_message(&message), Ok(()), "{message}");
    }
}

#[test]
fn malformed_and_unknown_messages_are_refused() {
    let list = [
        (Value::Null, "a message must be an object, got null"),
        (Value::from("ping"), "a message must be an object, got \"ping\""),
        (Value::List(Vec::new()), "a message must be an object, got an array of 0 items"),
        (map([]), "type must be a string, got undefined"),
        (map([("type", Value::Number(1.0))]), "type must be a string, got 1"),
        (map([("type", Value::from("drop_tables"))]), "unknown message type \"drop_tables\""),
        (map([("type", Value::from("cancel_job"))]), "job_id must be a string of 1 to 200 characters, got undefined"),
        (of("retry_job", &[("job_id", Value::Number(7.0))]), "job_id must be a string of 1 to 200 characters, got 7"),
        (of("ack", &[]), "ack must be a number, got undefined"),
        (of("resume", &[("seq", Value::Number(f64::INFINITY))]), "seq must be a number, got Infinity"),
        (of("present", &[]), "lock must be a string of 1 to 200 characters, got undefined"),
        (
            of("set_priority", &[("job_id", Value::from("7"))]),
            "priority must be a finite number, \"user-blocking\", \"user-visible\" or \"background\", got undefined",
        ),
    ];
    for (message, error) in list {
        assert_eq!(refusal(&message), Refusal { code: 400, error: error.to_owned(), job_id: None });
    }
}

#[test]
fn a_refused_creation_names_the_id_it_was_for() {
    let create = |field: &str, value: Value| {
        map([
            ("type", Value::from("create_job")),
            ("job_type", Value::from("prime")),
            ("id", Value::from("mine")),
            (field, value),
        ])
    };
    for (field, value) in [
        ("delay", Value::from("soon")),
        ("timeout", Value::Null),
        ("retry", map([("delay", Value::Other("a function"))])),
        ("priority", Value::from("urgent")),
        ("priority", Value::Number(f64::NAN)),
    ] {
        let refused = refusal(&create(field, value));
        assert_eq!((refused.code, refused.job_id.as_deref()), (400, Some("mine")));
        assert!(refused.error.starts_with(field), "{}", refused.error);
    }
    let id = map([
        ("type", Value::from("create_job")),
        ("job_type", Value::from("prime")),
        ("id", Value::Text("x".repeat(201))),
    ]);
    assert!(refusal(&id).error.starts_with("id must be a string of 1 to 200 characters"));
}

proptest! {
    #[test]
    fn whatever_comes_makes_sense_or_is_refused(message in any_value()) {
        if let Err(refusal) = check_message(&message) {
            prop_assert!(refusal.code == 400 && !refusal.error.is_empty() && refusal.error.len() < 500);
        }
    }
}
