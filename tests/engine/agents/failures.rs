//! Error responses: what they say, and when to ask again.

use jobgate::engine::agents::openai::{Attempts, LONGEST_WAIT, Next, RETRIES, Refusal, Refused, UsageRefused, refused};

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
        assert_eq!(asked(status, None, "").refusal.is_retriable(), again, "{status}");
    }
    assert!(!asked(429, None, r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#).refusal.is_retriable());
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let wait = |header| asked(429, Some(header), "").refusal.wait;
    assert_eq!(wait("7"), 7000.0);
    assert_eq!(wait(" 0.25 "), 250.0);
    assert_eq!(wait("-3"), 0.0);
    assert_eq!(wait("soon"), 0.0);
    assert_eq!(wait("NaN"), 0.0);
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:57 GMT"), 20_000.0);
    assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), 0.0, "long past");
    assert_eq!(asked(429, None, "").refusal.wait, 0.0);
}

#[test]
fn who_wants_to_be_left_alone_for_long_is() {
    assert!(asked(429, Some("60"), "").refusal.is_retriable());
    let long = asked(429, Some("61"), "");
    assert!(!long.refusal.is_retriable() && long.refusal.wait > LONGEST_WAIT);
    assert!(!asked(503, Some("1e300"), "").refusal.is_retriable());
    assert!(!asked(503, Some("inf"), "").refusal.is_retriable());
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
        (r#"{"error":{"message":"Provider says: too long","metadata":{"raw":"too long"}}}"#, "Provider says: too long"),
        (r#"{"success":false,"code":7}"#, r#"{"success":false,"code":7}"#),
        (r#"{"error":{"message":""}}"#, r#"{"error":{"message":""}}"#),
        ("<html><head><title>502 Bad Gateway</title></head></html>", "502 Bad Gateway"),
        ("<HTML><Title>Bad Gateway</Title></HTML>", "Bad Gateway"),
        ("not allowed: <title>x</title>", "not allowed: <title>x</title>"),
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
        assert_eq!(asked(status, None, body).refusal.usage, expected, "{body}");
    }
}

fn busy(wait: f64) -> Refusal {
    Refusal { status: 429, wait, used_up: false, usage: UsageRefused::No }
}

#[test]
fn a_pause_is_what_is_asked_for_and_a_little_more_which_doubles() {
    for (chance, pauses) in [(0.0, [7000.0, 7000.0]), (1.0, [7500.0, 8000.0]), (0.5, [7250.0, 7500.0])] {
        let mut attempts = Attempts::new(true);
        for pause in pauses {
            assert_eq!(attempts.refused(&busy(7000.0), chance), Next::Wait(pause));
        }
        assert_eq!((attempts.refused(&busy(7000.0), chance), RETRIES), (Next::Fail, 2));
        assert!(attempts.asks_for_usage() && !attempts.usage_is_refused());
    }
}

#[test]
fn what_is_refused_for_its_stream_options_is_asked_again_without_and_not_counted() {
    let refusal = |status, usage| Refusal { status, wait: 0.0, used_up: false, usage };
    let mut attempts = Attempts::new(true);
    assert_eq!(attempts.refused(&refusal(400, UsageRefused::Yes), 0.0), Next::WithoutUsage);
    assert!(!attempts.asks_for_usage() && attempts.usage_is_refused());
    assert_eq!(attempts.refused(&refusal(400, UsageRefused::Yes), 0.0), Next::Fail, "they are left out already");

    // Only where it goes well without them is it known that they were the fault.
    let mut attempts = Attempts::new(true);
    assert_eq!(attempts.refused(&refusal(422, UsageRefused::Maybe), 0.0), Next::WithoutUsage);
    assert!(!attempts.usage_is_refused());
    assert_eq!(attempts.refused(&busy(0.0), 0.0), Next::Wait(0.0));
    attempts.taken();
    assert!(attempts.usage_is_refused());

    let mut attempts = Attempts::new(false);
    assert_eq!(attempts.refused(&refusal(400, UsageRefused::Yes), 0.0), Next::Fail);
    attempts.taken();
    assert!(!attempts.usage_is_refused());
}
