//! Error responses: what they say, and when to ask again.

use std::time::Duration;

use jobgate::engine::agents::openai::{LONGEST_WAIT, Refused, refused};

/// 1994-11-06 08:49:37 UTC.
const NOW: f64 = 784_111_777_000.0;

fn asked(status: u16, retry_after: Option<&str>, body: &str) -> Refused {
    refused(status, "Status Text", retry_after, body, NOW)
}

#[test]
fn a_refusal_says_what_the_body_says() {
    let message = |body| asked(400, None, body).message;
    assert_eq!(message(r#"{"error":{"message":"no such model","code":"model_not_found"}}"#), "no such model");
    assert_eq!(message(r#"{"error":"no such model"}"#), "no such model");
    assert_eq!(message(r#"{"message":"bad key"}"#), "bad key");
    assert_eq!(message(r#"{"detail":"not found"}"#), "not found");
    assert_eq!(message("  upstream died\n"), "upstream died");
    assert_eq!(message(""), "Status Text");
    assert_eq!(message("{}"), "Status Text");
    assert_eq!(message(&"x".repeat(9000)).len(), 500);
    assert_eq!(asked(404, None, "nope").to_string(), "the model's server answered 404: nope");
}

#[test]
fn only_later_is_asked_again() {
    for (status, again) in
        [(400, false), (401, false), (404, false), (429, true), (500, false), (502, false), (503, true)]
    {
        assert_eq!(asked(status, None, "").retriable, again, "{status}");
    }
    assert!(!asked(429, None, r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#).retriable);
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let wait = |header| asked(429, Some(header), "").wait;
    assert_eq!(wait("7"), Duration::from_secs(7));
    assert_eq!(wait(" 0.25 "), Duration::from_millis(250));
    assert_eq!(wait("-3"), Duration::ZERO);
    assert_eq!(wait("soon"), Duration::ZERO);
    assert_eq!(wait("NaN"), Duration::ZERO);
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:57 GMT"), Duration::from_secs(20));
    assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Duration::ZERO, "long past");
    assert_eq!(asked(429, None, "").wait, Duration::ZERO);
}

#[test]
fn who_wants_to_be_left_alone_for_long_is() {
    assert!(asked(429, Some("60"), "").retriable);
    let long = asked(429, Some("61"), "");
    assert!(!long.retriable && long.wait > LONGEST_WAIT);
    assert!(!asked(503, Some("1e300"), "").retriable);
    assert!(!asked(503, Some("inf"), "").retriable);
}
