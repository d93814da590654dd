//! Error responses: what they say, and when to ask again.

use std::time::Duration;

use jobgate::engine::agents::openai::{LONGEST_WAIT, Refused, UsageRefused, pause, refused};

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

#[test]
fn a_refusal_is_told_in_the_servers_words_whatever_their_shape() {
    for (body, told) in [
        (r#"[{"error":{"code":400,"message":"bad key","status":"INVALID_ARGUMENT"}}]"#, "bad key"),
        (r#"{"detail":[{"type":"missing","msg":"Field required"}]}"#, "Field required"),
        (
            r#"{"detail":[{"loc":["body","messages",0],"msg":"Field required"},{"msg":"No"}]}"#,
            "body.messages.0: Field required; No",
        ),
        (r#"{"detail":{"message":"gone"}}"#, "gone"),
        (r#"{"errors":[{"code":7003,"message":"no route"}],"success":false}"#, "no route"),
        (r#"{"errors":["one","two"]}"#, "one; two"),
        (r#"{"error":["too long"]}"#, "too long"),
        (r#"{"error":true,"message":"too long"}"#, "too long"),
        (r#"{"error":{"message":{"detail":"too long"}}}"#, "too long"),
        (r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"no such model"}"#, "no such model"),
        (r#"{"Message":"expired"}"#, "expired"),
        (r#"{"msg":"expired"}"#, "expired"),
        (r#""expired""#, "expired"),
        (
            r#"{"error":{"message":"Provider returned error","metadata":{"raw":"{\"error\":{\"message\":\"too long\"}}"}}}"#,
            "Provider returned error: too long",
        ),
        (
            r#"{"error":{"message":"Provider returned error","metadata":{"raw":"too long"}}}"#,
            "Provider returned error: too long",
        ),
        (r#"{"success":false,"code":7}"#, r#"{"success":false,"code":7}"#),
        (r#"{"error":{"message":""}}"#, r#"{"error":{"message":""}}"#),
        ("<html><head><title>502 Bad Gateway</title></head></html>", "502 Bad Gateway"),
        ("[]", "Status Text"),
        ("null", "Status Text"),
    ] {
        assert_eq!(asked(400, None, body).message, told, "{body}");
    }
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(9000));
    assert_eq!(asked(400, None, &long).message.len(), 500);
    let long = format!(r#"{{"error":{{"message":"{}"}}}}"#, "x".repeat(9000));
    assert_eq!(asked(400, None, &long).message.len(), 500);
}

#[test]
fn who_takes_no_stream_options_is_recognised() {
    for (status, body, expected) in [
        (400, r#"{"error":{"message":"Unrecognized request argument supplied: stream_options"}}"#, UsageRefused::Yes),
        (
            422,
            r#"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}"#,
            UsageRefused::Yes,
        ),
        (500, "unexpected keyword argument 'stream_options'", UsageRefused::Yes),
        (422, r#"{"message":"Extra inputs are not permitted"}"#, UsageRefused::Maybe),
        (400, r#"{"error":"unknown field"}"#, UsageRefused::Maybe),
        (400, r#"{"error":"the conversation is too long"}"#, UsageRefused::No),
        (401, r#"{"error":"unknown key in the header field"}"#, UsageRefused::No),
        (429, r#"{"error":"too many requests with stream_options"}"#, UsageRefused::No),
    ] {
        assert_eq!(asked(status, None, body).usage, expected, "{body}");
    }
}

#[test]
fn a_pause_is_what_is_asked_for_and_a_little_more() {
    let busy = asked(429, Some("7"), "");
    assert_eq!(pause(&busy, 0, 0.0), Duration::from_secs(7));
    assert_eq!(pause(&busy, 0, 1.0), Duration::from_millis(7500));
    assert_eq!(pause(&busy, 1, 1.0), Duration::from_secs(8));
}
