//! An answer that is not an answer: what it says, and whether to ask again.

use std::time::{Duration, SystemTime};

use httpdate::HttpDate;
use serde_json::Value;

use super::lenient::scalar;

/// A server that wants to be left alone for longer is not asked again by itself: nobody watches a page for that long.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How often a server that says "later" is asked again.
pub const RETRIES: u32 = 2;
/// Before the first retry, on top of what the server asks for.
const SPREAD: Duration = Duration::from_millis(500);
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
    /// Whether asking again may help: 429 and 503, unless the quota is used up or the wait too long.
    pub retriable: bool,
    /// How long the server asks to be left alone; zero if it does not say.
    pub wait: Duration,
    /// Whether the same without `stream_options` may be taken.
    pub usage: UsageRefused,
}

/// Whether a server refuses to be asked for token counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageRefused {
    /// It says so.
    Yes,
    /// It refuses a field, and does not say which.
    Maybe,
    /// Something else is the matter.
    No,
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
    let retriable = matches!(status, 429 | 503) && !used_up && wait <= LONGEST_WAIT;
    let message = words(&json).unwrap_or_else(|| match body.trim() {
        "" | "{}" | "[]" | "null" => status_text.to_owned(),
        page if page.starts_with('<') => bounded(title(page).unwrap_or(page)),
        text => bounded(text),
    });
    Refused { status, message, retriable, wait, usage: usage_refused(status, body) }
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
    let (_, rest) = page.split_once("<title>").or_else(|| page.split_once("<TITLE>"))?;
    Some(rest.split('<').next()?.trim()).filter(|title| !title.is_empty())
}

/// As much of it as is told.
pub(super) fn bounded(text: &str) -> String {
    text.chars().take(LONGEST_MESSAGE).collect()
}

/// How long to wait before a request is made again: as long as the server asks for, and up to half a second more, which
/// doubles each time, so that not everyone comes back in the same moment. `chance` is from 0 to 1.
#[must_use]
pub fn pause(refused: &Refused, again: u32, chance: f64) -> Duration {
    let most = SPREAD.saturating_mul(2_u32.saturating_pow(again));
    refused.wait.saturating_add(most.mul_f64(chance.clamp(0.0, 1.0)))
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
