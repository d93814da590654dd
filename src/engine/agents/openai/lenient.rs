//! Reading what servers write where they should have written something else: strict only where the meaning is at stake.

use serde_json::Value;

/// Is it there at all?
pub(super) fn some(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// A text; a number as it is written.
pub(super) fn scalar(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A number, also one written as a text.
pub(super) fn number(value: Option<&Value>) -> Option<f64> {
    let number = match value? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// Of a choice or a call.
pub(super) fn index(value: Option<&Value>) -> Option<u64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, and was found to fit")]
    number(value).filter(|number| *number >= 0.0 && number.fract() == 0.0).map(|number| number as u64)
}

/// The items of a list; an object in its place is the only one.
pub(super) fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        Some(value @ Value::Object(fields)) if !fields.is_empty() => std::slice::from_ref(value),
        _ => &[],
    }
}

/// The text of a content, which may be a list of parts; what the parts of it think goes to `reasoning`.
pub(super) fn content(value: Option<&Value>, reasoning: &mut String) -> String {
    match value {
        Some(Value::Array(parts)) => parts.iter().map(|part| content(Some(part), reasoning)).collect(),
        Some(Value::Object(part)) => {
            let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
            if matches!(kind, "thinking" | "reasoning") {
                let thought =
                    ["thinking", "reasoning", "text", "content"].iter().find_map(|name| some(part.get(*name)));
                let mut deeper = String::new();
                let thought = content(thought, &mut deeper);
                reasoning.push_str(&deeper);
                reasoning.push_str(&thought);
                return String::new();
            }
            match ["text", "content", "value", "refusal"].iter().find_map(|name| some(part.get(*name))) {
                None if kind.is_empty() && !part.is_empty() => Value::Object(part.clone()).to_string(),
                text => content(text, reasoning),
            }
        }
        value => scalar(value).unwrap_or_default(),
    }
}
