//! Param specs as job types give them: read, and refused where they make no sense.

use super::params::{Fault, Faults, Kind, Param, Spec};
use super::value::{Value, number_text};

/// Reads a job type's `params`.
///
/// # Errors
///
/// The first thing that makes no sense: where it is, and what it must be.
pub fn read_params(given: &Value) -> Result<Vec<Param>, Fault> {
    let Value::List(list) = given else { return Err(fault("params", "must be an array", given)) };
    let mut params: Vec<Param> = Vec::with_capacity(list.len());
    for (index, one) in list.iter().enumerate() {
        let at = format!("params[{index}]");
        let param = read_param(&at, one)?;
        if params.iter().any(|known| known.name == param.name) {
            return Err(fault(&format!("{at}.name"), "must not be given twice", &Value::Text(param.name)));
        }
        params.push(param);
    }
    Ok(params)
}

fn read_param(at: &str, given: &Value) -> Result<Param, Fault> {
    let spec = read_spec(at, given)?;
    let name = match given.get("name") {
        Some(Value::Text(name)) if !name.is_empty() => name.clone(),
        other => return Err(fault(&format!("{at}.name"), "must be a string with something in it", or_none(other))),
    };
    let description = match given.get("description") {
        None => String::new(),
        Some(Value::Text(text)) => text.clone(),
        Some(other) => return Err(fault(&format!("{at}.description"), "must be a string", other)),
    };
    let default = given.get("default").cloned();
    if let Some(default) = &default {
        let mut faults = Faults::default();
        spec.check(&format!("{at}.default"), default, &mut faults);
        if let Some(first) = faults.into_list().into_iter().next() {
            return Err(first);
        }
    }
    let required = match given.get("required") {
        None => default.is_none(),
        Some(Value::Bool(required)) => *required && default.is_none(),
        Some(other) => return Err(fault(&format!("{at}.required"), "must be true or false", other)),
    };
    Ok(Param { name, description, spec, default, required })
}

fn read_spec(at: &str, given: &Value) -> Result<Spec, Fault> {
    let Value::Map(_) = given else { return Err(fault(at, "must be an object", given)) };
    let kind = match given.get("type").and_then(Value::as_text) {
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("string") => Kind::Text,
        Some("boolean") => Kind::Boolean,
        Some("url") => Kind::Url,
        Some("array") => Kind::Array,
        _ => {
            let expected = "must be one of integer, number, string, boolean, url, array";
            return Err(fault(&format!("{at}.type"), expected, or_none(given.get("type"))));
        }
    };
    let min = read_bound(at, given, "min")?;
    let max = read_bound(at, given, "max")?;
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        return Err(fault(
            &format!("{at}.max"),
            &format!("must be at least min, {}", number_text(min)),
            &Value::Number(max),
        ));
    }
    let choices = match given.get("enum") {
        None => Vec::new(),
        Some(Value::List(choices)) if !choices.is_empty() => choices.clone(),
        Some(other) => return Err(fault(&format!("{at}.enum"), "must be an array with something in it", other)),
    };
    let items = match given.get("items") {
        None => None,
        Some(items) if kind == Kind::Array => Some(Box::new(read_spec(&format!("{at}.items"), items)?)),
        Some(other) => return Err(fault(&format!("{at}.items"), "is for arrays only", other)),
    };
    Ok(Spec { kind, min, max, choices, items })
}

fn read_bound(at: &str, given: &Value, name: &str) -> Result<Option<f64>, Fault> {
    match given.get(name) {
        None => Ok(None),
        Some(Value::Number(bound)) if !bound.is_nan() => Ok(Some(*bound)),
        Some(other) => Err(fault(&format!("{at}.{name}"), "must be a number", other)),
    }
}

fn or_none(value: Option<&Value>) -> &Value {
    value.unwrap_or(&Value::UNDEFINED)
}

fn fault(at: &str, expected: &str, given: &Value) -> Fault {
    Fault { param: at.to_owned(), message: format!("{expected}, got {given}") }
}
