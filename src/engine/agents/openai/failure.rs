//! An answer that is not an answer: what it says, and whether to ask again.

use std::time::{Duration, SystemTime};

use httpdate::HttpDate;
use serde_json::Value;

/// A server that wants to be left alone for longer is not asked again by itself: nobody watches a page for that long.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Of a body that is not JSON; in characters.
const LONGEST_MESSAGE: usize = 500;

/// The server answered with an error status.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the model's server answered {status}: {message}")]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// What the body says, or the status text.
    pub message: String,
    /// Whether asking again may help: 429 and 503, unless the quota is used up or the wait too long.
    pub retriable: bool,
    /// How long the server asks to be left alone; zero if it does not say.
    pub wait: Duration,
}

/// Reads an error response. `now` is in milliseconds since 1970.
#[must_use]
pub fn refused(status: u16, status_text: &str, retry_after: Option<&str>, body: &str, now: f64) -> Refused {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    let wait = retry_after.and_then(|header| wait(header.trim(), now)).unwrap_or_default();
    let used_up = json.pointer("/error/code").and_then(Value::as_str) == Some("insufficient_quota");
    let retriable = matches!(status, 429 | 503) && !used_up && wait <= LONGEST_WAIT;
    let message = message(&json).unwrap_or_else(|| {
        let text = if json.is_null() { body.trim() } else { "" };
        if text.is_empty() { status_text.to_owned() } else { text.chars().take(LONGEST_MESSAGE).collect() }
    });
    Refused { status, message, retriable, wait }
}

/// What an error object says: `{"error": {"message"}}`, `{"error": "…"}`, `{"message"}`, `{"detail"}`.
pub(super) fn message(json: &Value) -> Option<String> {
    ["/error/message", "/error", "/message", "/detail"]
        .iter()
        .find_map(|path| json.pointer(path).and_then(Value::as_str))
        .map(str::to_owned)
}

/// Seconds or a date (RFC 9110, section 10.2.3); some servers send fractions.
fn wait(header: &str, now: f64) -> Option<Duration> {
    if let Ok(seconds) = header.parse::<f64>() {
        return Some(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX));
    }
    let date = SystemTime::from(header.parse::<HttpDate>().ok()?);
    let now = Duration::try_from_secs_f64(now / 1000.0).ok()?;
    Some(date.duration_since(SystemTime::UNIX_EPOCH).ok()?.saturating_sub(now))
}
