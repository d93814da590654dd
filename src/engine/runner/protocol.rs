//! What a message over a port asks for. Nothing in a message is trusted: whatever it is, the answer is a request that
//! makes sense or a refusal that says what is wrong.

use super::value::Value;

/// Characters of an id or a type's name.
const LONGEST_NAME: usize = 200;
const PRIORITIES: [&str; 3] = ["user-blocking", "user-visible", "background"];

/// A message that makes sense.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// A new job.
    Create {
        /// The job type's name.
        job_type: String,
        /// Not validated yet.
        params: Value,
        /// A finite number or one of the priority words.
        priority: Option<Value>,
        /// The id it is to have, so that who asked knows it again.
        id: Option<String>,
    },
    /// Cancel this job.
    Cancel {
        /// The job's id.
        job_id: String,
        /// Why, for people.
        reason: Option<String>,
    },
    /// Let go of all that finished.
    ClearCompleted,
    /// Send everything anew.
    GetState {
        /// The other end acknowledges what it has heard, where it is asked to.
        acknowledges: bool,
    },
    /// The other end has heard all up to the message of this number.
    Ack(f64),
    /// Say pong.
    Ping,
    /// The lock that the other end holds for as long as it lives.
    Present(String),
    /// A refusal from the other end: never answered, or two runners at one channel would talk for ever.
    Nothing,
}

/// Why a message counts for nothing; `code` as HTTP has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// 400: malformed.
    pub code: u16,
    /// For people.
    pub error: String,
    /// The id that the message named.
    pub job_id: Option<String>,
}

/// Reads one message.
///
/// # Errors
///
/// A [`Refusal`] that is to be sent back.
pub fn read_message(message: &Value) -> Result<Request, Refusal> {
    let Value::Map(_) = message else { return Err(malformed(format!("a message must be an object, got {message}"))) };
    match message.get("type") {
        Some(Value::Text(kind)) => match kind.as_str() {
            "create_job" => read_create(message),
            "cancel_job" => Ok(Request::Cancel {
                job_id: name(message, "job_id")?,
                reason: message.get("reason").and_then(Value::as_text).map(str::to_owned),
            }),
            "clear_completed" => Ok(Request::ClearCompleted),
            "get_state" => {
                Ok(Request::GetState { acknowledges: message.get("acknowledges") == Some(&Value::Bool(true)) })
            }
            "ack" => match message.get("ack") {
                Some(Value::Number(number)) if number.is_finite() => Ok(Request::Ack(*number)),
                other => Err(malformed(format!("ack must be a number, got {}", other.unwrap_or(&Value::UNDEFINED)))),
            },
            "ping" => Ok(Request::Ping),
            "present" => Ok(Request::Present(name(message, "lock")?)),
            "error" => Ok(Request::Nothing),
            _ => Err(malformed(format!("unknown message type {}", Value::Text(kind.clone())))),
        },
        other => Err(malformed(format!("type must be a string, got {}", other.unwrap_or(&Value::UNDEFINED)))),
    }
}

fn read_create(message: &Value) -> Result<Request, Refusal> {
    let id = match message.get("id") {
        None => None,
        Some(_) => Some(name(message, "id")?),
    };
    let refuse = |refusal: Refusal| Refusal { job_id: id.clone(), ..refusal };
    let job_type = name(message, "job_type").map_err(refuse)?;
    let params = match message.get("params") {
        None => Value::Map(Vec::new()),
        Some(params @ Value::Map(_)) => params.clone(),
        Some(other) => return Err(refuse(malformed(format!("params must be an object, got {other}")))),
    };
    let priority = match message.get("priority") {
        None => None,
        Some(Value::Number(number)) if number.is_finite() => Some(Value::Number(*number)),
        Some(Value::Text(word)) if PRIORITIES.contains(&word.as_str()) => Some(Value::Text(word.clone())),
        Some(other) => {
            let expected = "priority must be a finite number, \"user-blocking\", \"user-visible\" or \"background\"";
            return Err(refuse(malformed(format!("{expected}, got {other}"))));
        }
    };
    Ok(Request::Create { job_type, params, priority, id })
}

/// What can stand in a message as an id or a type's name.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= LONGEST_NAME
}

fn name(message: &Value, field: &str) -> Result<String, Refusal> {
    match message.get(field) {
        Some(Value::Text(name)) if is_name(name) => Ok(name.clone()),
        other => {
            let given = other.unwrap_or(&Value::UNDEFINED);
            Err(malformed(format!("{field} must be a string of 1 to {LONGEST_NAME} characters, got {given}")))
        }
    }
}

fn malformed(error: String) -> Refusal {
    Refusal { code: 400, error, job_id: None }
}
