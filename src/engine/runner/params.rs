//! What params must be, and whether those given are.

use std::fmt::Write;

use super::value::{Value, number_text};

/// What a param's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A finite number.
    Number,
    /// A string.
    Text,
    /// True or false.
    Boolean,
    /// An absolute http or https address.
    Url,
    /// A list.
    Array,
}

/// What a value must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Its kind.
    pub kind: Kind,
    /// The least value; of a string its length in UTF-16 units, of an array its number of items.
    pub min: Option<f64>,
    /// The greatest, likewise.
    pub max: Option<f64>,
    /// If there are any, one of these.
    pub choices: Vec<Value>,
    /// Of an array: what each item must be. None: any data.
    pub items: Option<Box<Spec>>,
}

/// One param of a job type.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Its name in the params.
    pub name: String,
    /// For people.
    pub description: String,
    /// What its value must be.
    pub spec: Spec,
    /// Taken where none is given.
    pub default: Option<Value>,
    /// Whether it is a fault to leave it out. Never, where there is a default.
    pub required: bool,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The param's name; an item of an array as `name[index]`; empty where the params as a whole are wrong.
    pub param: String,
    /// What it must be, and what was given.
    pub message: String,
}

/// Faults that are listed one by one; of more, the last line says how many there are.
pub const MOST_FAULTS: usize = 100;

/// The params to run with, defaults filled in, in the order of the specs; or everything that is wrong with those given.
///
/// # Errors
///
/// Every fault, up to [`MOST_FAULTS`].
pub fn validate(params: &[Param], given: &Value) -> Result<Vec<(String, Value)>, Vec<Fault>> {
    let mut faults = Faults::default();
    let none = Vec::new();
    let fields = match given {
        Value::Map(fields) => fields,
        _ if given.is_undefined() => &none,
        _ => return Err(vec![Fault { param: String::new(), message: format!("must be an object, got {given}") }]),
    };
    let mut checked = Vec::with_capacity(params.len());
    for param in params {
        match (given.get(&param.name), &param.default) {
            (Some(value), _) => {
                param.spec.check(&param.name, value, &mut faults);
                checked.push((param.name.clone(), value.clone()));
            }
            (None, Some(default)) => checked.push((param.name.clone(), default.clone())),
            (None, None) if param.required => {
                faults.add(&param.name, || format!("is required: {}", param.spec.expected()));
            }
            (None, None) => {}
        }
    }
    for (name, value) in fields {
        if !value.is_undefined() && !params.iter().any(|param| param.name == *name) {
            faults.add(name, || format!("is not a param of this type, got {value}"));
        }
    }
    if faults.count == 0 { Ok(checked) } else { Err(faults.into_list()) }
}

/// The faults found so far. A hostile message may have as many as it has bytes.
#[derive(Debug, Default)]
pub(super) struct Faults {
    list: Vec<Fault>,
    pub(super) count: usize,
}

impl Faults {
    fn add(&mut self, param: &str, message: impl FnOnce() -> String) {
        self.count += 1;
        if self.list.len() < MOST_FAULTS {
            self.list.push(Fault { param: param.to_owned(), message: message() });
        }
    }

    pub(super) fn into_list(mut self) -> Vec<Fault> {
        let unlisted = self.count - self.list.len();
        if unlisted > 0 {
            self.list.push(Fault { param: String::new(), message: format!("and {unlisted} more faults") });
        }
        self.list
    }
}

impl Spec {
    pub(super) fn check(&self, name: &str, value: &Value, faults: &mut Faults) {
        let measure = match (self.kind, value) {
            (Kind::Integer, Value::Number(number)) if number.fract() == 0.0 => Some(*number),
            (Kind::Number, Value::Number(number)) if number.is_finite() => Some(*number),
            (Kind::Text, Value::Text(text)) => Some(utf16_length(text)),
            (Kind::Url, Value::Text(text)) if is_web_address(text) => Some(utf16_length(text)),
            (Kind::Boolean, Value::Bool(_)) => Some(0.0),
            (Kind::Array, Value::List(items)) => Some(items.len() as f64),
            (Kind::Array, Value::Long(length)) => Some(*length),
            _ => None,
        };
        let fits = measure.is_some_and(|measure| {
            self.min.is_none_or(|min| measure >= min) && self.max.is_none_or(|max| measure <= max)
        });
        if !fits || !(self.choices.is_empty() || self.choices.contains(value)) {
            faults.add(name, || match (self.kind, value, measure) {
                (Kind::Text | Kind::Url, Value::Text(_), Some(length)) if self.choices.is_empty() => {
                    format!("must be {}, got {} of {} characters", self.expected(), Short(value), length as u64)
                }
                _ => format!("must be {}, got {value}", self.expected()),
            });
        }
        if let (Kind::Array, Value::List(items)) = (self.kind, value) {
            for (index, item) in items.iter().enumerate() {
                match &self.items {
                    Some(spec) => spec.check(&format!("{name}[{index}]"), item, faults),
                    None => check_data(&format!("{name}[{index}]"), item, faults),
                }
            }
        } else if fits {
            check_data(name, value, faults);
        }
    }

    /// In words: "an integer from 1 to 60".
    #[must_use]
    pub fn expected(&self) -> String {
        if !self.choices.is_empty() {
            let list: Vec<String> = self.choices.iter().map(ToString::to_string).collect();
            return format!("one of {}", list.join(", "));
        }
        let (mut words, unit) = match self.kind {
            Kind::Integer => ("an integer".to_owned(), ""),
            Kind::Number => ("a finite number".to_owned(), ""),
            Kind::Text => ("a string".to_owned(), " characters"),
            Kind::Boolean => ("true or false".to_owned(), ""),
            Kind::Url => ("an http or https URL".to_owned(), " characters"),
            Kind::Array => ("an array".to_owned(), " items"),
        };
        let of = if unit.is_empty() { "from" } else { "of" };
        // Writing to a string cannot fail.
        let _ = match (self.min.map(number_text), self.max.map(number_text)) {
            (Some(min), Some(max)) => write!(words, " {of} {min} to {max}{unit}"),
            (Some(min), None) => write!(words, " of at least {min}{unit}"),
            (None, Some(max)) => write!(words, " of at most {max}{unit}"),
            (None, None) => Ok(()),
        };
        words
    }
}

/// A text that may be long, as a message shows it.
struct Short<'a>(&'a Value);

impl std::fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Value::Text(text) if text.is_empty() => f.write_str("a text"),
            value => write!(f, "{value}"),
        }
    }
}

/// Where anything is allowed, it still has to be data.
fn check_data(name: &str, value: &Value, faults: &mut Faults) {
    match value {
        Value::Other(_) | Value::Long(_) => faults.add(name, || format!("must be plain data, got {value}")),
        Value::List(items) => items.iter().for_each(|item| check_data(name, item, faults)),
        Value::Map(fields) => fields.iter().for_each(|(_, field)| check_data(name, field, faults)),
        _ => {}
    }
}

fn utf16_length(text: &str) -> f64 {
    text.encode_utf16().count() as f64
}

/// `http://` or `https://`, then a host, and nothing that no address has.
fn is_web_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let Some(rest) = rest.strip_prefix("//") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        && !host.is_empty()
        && !host.starts_with(':')
        && !text.chars().any(|character| character.is_whitespace() || character.is_control() || character == '\\')
}
