//! An answer that is not an answer: what it says, and whether to ask again.

use std::time::SystemTime;

use httpdate::HttpDate;
use serde_json::Value;

use super::attempts::{Refusal, UsageRefused};
use super::lenient::scalar;

/// Of what a server says; in characters.
const LONGEST_MESSAGE: usize = 500;
/// Of a list of faults.
const MOST_FAULTS: usize = 5;

/// Where servers say what is wrong; the first that says something.
const SAID: [&str; 14] = [
    "error",
    "errors",
    "message",
    "Message",
    "msg",
    "detail",
    "details",
    "error_message",
    "errorMessage",
    "error_msg",
    "error_description",
    "reason",
    "title",
    "description",
];
/// What servers say of a field that they do not know, without naming it: one of these, of one of those.
const NOT_KNOWN: [&str; 8] =
    ["extra", "unknown", "unrecognized", "unrecognised", "unexpected", "additional", "unsupported", "not supported"];
const A_FIELD: [&str; 6] = ["field", "param", "argument", "input", "propert", "option"];

/// The server answered with an error status.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the model's server answered {status}: {message}")]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// What the body says, or the status text.
    pub message: String,
    /// What decides whether to ask again.
    pub refusal: Refusal,
}

/// Reads an error response. `now` is in milliseconds since 1970.
#[must_use]
pub fn refused(status: u16, status_text: &str, retry_after: Option<&str>, body: &str, now: f64) -> Refused {
    let json: Option<Value> = serde_json::from_str(body).ok();
    let wait = retry_after.and_then(|header| wait(header.trim(), now)).unwrap_or_default();
    let json = json.unwrap_or_default();
    let first = json.get(0).unwrap_or(&json);
    let used_up =
        ["/error/code", "/error/type"].iter().any(|path| first.pointer(path) == Some(&"insufficient_quota".into()));
    let message = words(&json).unwrap_or_else(|| match body.trim() {
        "" | "{}" | "[]" | "null" => status_text.to_owned(),
        page if page.starts_with('<') => bounded(title(page).unwrap_or(page)),
        text => bounded(text),
    });
    Refused { status, message, refusal: Refusal { status, wait, used_up, usage: usage_refused(status, body) } }
}

fn usage_refused(status: u16, body: &str) -> UsageRefused {
    let named = body.contains("stream_options") || body.contains("include_usage");
    if named && (400..600).contains(&status) && !matches!(status, 429 | 503) {
        return UsageRefused::Yes;
    }
    let body = body.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| body.contains(word));
    if matches!(status, 400 | 422) && says(&NOT_KNOWN) && says(&A_FIELD) {
        UsageRefused::Maybe
    } else {
        UsageRefused::No
    }
}

/// What an error says, whatever the shape: `{"error": {"message"}}`, `[{"error": {"message"}}]`, `{"error": "…"}`,
/// `{"message"}`, `{"detail": [{"msg", "loc"}]}`, `{"errors": [{"message"}]}` and their kin.
pub(super) fn words(json: &Value) -> Option<String> {
    let said = match json {
        Value::String(text) => text.trim().to_owned(),
        Value::Array(items) => {
            let each: Vec<String> = items.iter().filter_map(words).take(MOST_FAULTS).collect();
            each.join("; ")
        }
        Value::Object(fields) => {
            let said = SAID.iter().find_map(|name| words(fields.get(*name)?))?;
            // A router's own words say less than those of the server behind it.
            let behind = json.pointer("/metadata/raw").and_then(|raw| {
                let inner = raw.as_str().and_then(|text| serde_json::from_str(text).ok());
                inner.as_ref().and_then(words).or_else(|| words(raw))
            });
            match (location(fields.get("loc")), behind) {
                (Some(location), _) => format!("{location}: {said}"),
                (None, Some(behind)) if !said.contains(&behind) => format!("{said}: {behind}"),
                (None, _) => said,
            }
        }
        _ => return None,
    };
    (!said.is_empty()).then(|| bounded(&said))
}

/// The field that a fault is about.
fn location(value: Option<&Value>) -> Option<String> {
    let parts: Vec<String> = value?.as_array()?.iter().filter_map(|part| scalar(Some(part))).collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

/// Of a page, which a proxy answers with.
fn title(page: &str) -> Option<&str> {
    const OPENING: &str = "<title>";
    let at = page.to_ascii_lowercase().find(OPENING)? + OPENING.len();
    Some(page[at..].split('<').next()?.trim()).filter(|title| !title.is_empty())
}

/// As much of it as is told.
pub(super) fn bounded(text: &str) -> String {
    text.chars().take(LONGEST_MESSAGE).collect()
}

/// Seconds or a date (RFC 9110, section 10.2.3), in milliseconds; some servers send fractions.
fn wait(header: &str, now: f64) -> Option<f64> {
    if let Ok(seconds) = header.parse::<f64>() {
        // Of what is no number the other is taken.
        return Some((seconds * 1000.0).max(0.0));
    }
    let date = SystemTime::from(header.parse::<HttpDate>().ok()?);
    let since_1970 = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some((since_1970.as_secs_f64() * 1000.0 - now).max(0.0))
}
