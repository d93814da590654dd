use jobgate::engine::runner::{Refusal, Request, Value, read_message};
use proptest::prelude::*;

use super::params::{any_value, map};

fn refusal(message: &Value) -> Refusal {
    read_message(message).unwrap_err()
}

#[test]
fn each_message_reads_as_what_it_asks_for() {
    let of = |kind: &str| map([("type", Value::from(kind))]);
    assert_eq!(read_message(&of("clear_completed")), Ok(Request::ClearCompleted));
    assert_eq!(read_message(&of("get_state")), Ok(Request::GetState { acknowledges: false }));
    let acknowledges = map([("type", Value::from("get_state")), ("acknowledges", Value::Bool(true))]);
    assert_eq!(read_message(&acknowledges), Ok(Request::GetState { acknowledges: true }));
    let ack = map([("type", Value::from("ack")), ("ack", Value::Number(32.0))]);
    assert_eq!(read_message(&ack), Ok(Request::Ack(32.0)));
    assert!(read_message(&of("ack")).is_err_and(|refusal| refusal.error == "ack must be a number, got undefined"));
    assert_eq!(read_message(&of("ping")), Ok(Request::Ping));
    let present = map([("type", Value::from("present")), ("lock", Value::from("a lock"))]);
    assert_eq!(read_message(&present), Ok(Request::Present("a lock".to_owned())));
    assert!(read_message(&of("present")).is_err_and(|refusal| refusal.error.starts_with("lock must be a string")));
    let cancel = map([("type", Value::from("cancel_job")), ("job_id", Value::from("7"))]);
    assert_eq!(read_message(&cancel), Ok(Request::Cancel { job_id: "7".to_owned(), reason: None }));
    let cancel =
        map([("type", Value::from("cancel_job")), ("job_id", Value::from("7")), ("reason", Value::from("not needed"))]);
    let reason = Some("not needed".to_owned());
    assert_eq!(read_message(&cancel), Ok(Request::Cancel { job_id: "7".to_owned(), reason }));
    let params = map([("seconds", Value::Number(3.0))]);
    let create = map([
        ("type", Value::from("create_job")),
        ("job_type", Value::from("countdown")),
        ("params", params.clone()),
        ("priority", Value::from("background")),
        ("id", Value::from("mine")),
    ]);
    assert_eq!(
        read_message(&create),
        Ok(Request::Create {
            job_type: "countdown".to_owned(),
            params,
            priority: Some(Value::from("background")),
            id: Some("mine".to_owned()),
        })
    );
}

#[test]
fn params_priority_and_id_may_be_left_out() {
    let create = map([("type", Value::from("create_job")), ("job_type", Value::from("prime"))]);
    let expected = Request::Create { job_type: "prime".to_owned(), params: map([]), priority: None, id: None };
    assert_eq!(read_message(&create), Ok(expected));
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
        (
            map([("type", Value::from("cancel_job")), ("job_id", Value::Number(7.0))]),
            "job_id must be a string of 1 to 200 characters, got 7",
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
        ("params", Value::List(Vec::new())),
        ("priority", Value::from("urgent")),
        ("priority", Value::Number(f64::NAN)),
    ] {
        let refused = refusal(&create(field, value));
        assert_eq!((refused.code, refused.job_id.as_deref()), (400, Some("mine")));
        assert!(refused.error.starts_with(field), "{}", refused.error);
    }
    let long = create("other", Value::Null);
    assert!(read_message(&long).is_ok(), "fields of a later version are passed over");
    let id = map([
        ("type", Value::from("create_job")),
        ("job_type", Value::from("prime")),
        ("id", Value::Text("x".repeat(201))),
    ]);
    assert!(refusal(&id).error.starts_with("id must be a string of 1 to 200 characters"));
}

#[test]
fn an_error_from_the_other_end_is_never_answered() {
    assert_eq!(read_message(&map([("type", Value::from("error"))])), Ok(Request::Nothing));
}

proptest! {
    #[test]
    fn whatever_comes_reads_as_a_request_or_a_refusal(message in any_value()) {
        match read_message(&message) {
            Ok(Request::Create { job_type, .. }) => prop_assert!(!job_type.is_empty()),
            Ok(_) => {}
            Err(refusal) => prop_assert!(refusal.code == 400 && !refusal.error.is_empty() && refusal.error.len() < 500),
        }
    }
}
