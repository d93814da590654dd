//! Whether a message over a port makes sense. Nothing in a message is trusted: whatever it is, it can be obeyed as it
//! stands, or there is a refusal that says what is wrong.

use super::value::Value;

/// Characters of an id or a type's name.
const LONGEST_NAME: usize = 200;
const PRIORITIES: [&str; 3] = ["user-blocking", "user-visible", "background"];

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

/// Checks one message, but for a new job's params, which are judged where it is created. Fields that are not known are
/// passed over. A refusal from the other end makes sense and is never answered, or two runners at one channel would talk
/// for ever.
///
/// # Errors
///
/// A [`Refusal`] that is to be sent back.
pub fn check_message(message: &Value) -> Result<(), Refusal> {
    let Value::Map(_) = message else { return Err(malformed(format!("a message must be an object, got {message}"))) };
    match message.get("type") {
        Some(Value::Text(kind)) => match kind.as_str() {
            "create_job" => check_create(message),
            "cancel_job" | "retry_job" => check_name(message, "job_id"),
            "set_priority" => {
                check_name(message, "job_id")?;
                let priority = message.get("priority").unwrap_or(&Value::UNDEFINED);
                check_priority(priority)
            }
            "resume" => check_number(message.get("seq").unwrap_or(&Value::UNDEFINED), "seq"),
            "ack" => check_number(message.get("ack").unwrap_or(&Value::UNDEFINED), "ack"),
            "present" => check_name(message, "lock"),
            "clear_completed" | "get_state" | "ping" | "error" => Ok(()),
            _ => Err(malformed(format!("unknown message type {}", Value::Text(kind.clone())))),
        },
        other => Err(malformed(format!("type must be a string, got {}", other.unwrap_or(&Value::UNDEFINED)))),
    }
}

fn check_create(message: &Value) -> Result<(), Refusal> {
    let id = message.get("id");
    if id.is_some() {
        check_name(message, "id")?;
    }
    check_plan(message).map_err(|refusal| Refusal { job_id: id.and_then(Value::as_text).map(str::to_owned), ..refusal })
}

/// What a new job is to be, but for its params. Bounds are the engine's.
fn check_plan(message: &Value) -> Result<(), Refusal> {
    check_name(message, "job_type")?;
    message.get("priority").map_or(Ok(()), check_priority)?;
    for field in ["delay", "timeout"] {
        message.get(field).map_or(Ok(()), |given| check_number(given, field))?;
    }
    match message.get("retry") {
        None | Some(Value::Number(_)) => Ok(()),
        Some(Value::Map(fields))
            if fields.iter().all(|(_, value)| matches!(value, Value::Number(_) | Value::Text(_))) =>
        {
            Ok(())
        }
        Some(other) => {
            Err(malformed(format!("retry must be a number, or an object of numbers and words, got {other}")))
        }
    }
}

fn check_priority(given: &Value) -> Result<(), Refusal> {
    match given {
        Value::Number(number) if number.is_finite() => Ok(()),
        Value::Text(word) if PRIORITIES.contains(&word.as_str()) => Ok(()),
        other => {
            let expected = "priority must be a finite number, \"user-blocking\", \"user-visible\" or \"background\"";
            Err(malformed(format!("{expected}, got {other}")))
        }
    }
}

fn check_number(given: &Value, field: &str) -> Result<(), Refusal> {
    match given {
        Value::Number(number) if number.is_finite() => Ok(()),
        other => Err(malformed(format!("{field} must be a number, got {other}"))),
    }
}

/// What can stand in a message as an id or a type's name.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= LONGEST_NAME
}

fn check_name(message: &Value, field: &str) -> Result<(), Refusal> {
    match message.get(field) {
        Some(Value::Text(name)) if is_name(name) => Ok(()),
        other => {
            let given = other.unwrap_or(&Value::UNDEFINED);
            Err(malformed(format!("{field} must be a string of 1 to {LONGEST_NAME} characters, got {given}")))
        }
    }
}

fn malformed(error: String) -> Refusal {
    Refusal { code: 400, error, job_id: None }
}
