use std::fmt;

/// Plain data, as JSON has it, and a name for what is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// Also what JSON cannot carry: NaN and the infinities.
    Number(f64),
    /// A string.
    Text(String),
    /// In order.
    List(Vec<Value>),
    /// A list that nobody has looked into, since it has more items than it may have: how many.
    Long(f64),
    /// Names and values, in the order they were given.
    Map(Vec<(String, Value)>),
    /// Not data: what it is, such as "a function".
    Other(&'static str),
}

impl Value {
    /// What an absent field reads as.
    pub const UNDEFINED: Self = Self::Other("undefined");

    /// A field of a map.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let Self::Map(fields) = self else { return None };
        fields.iter().find(|(field, _)| field == name).map(|(_, value)| value).filter(|value| !value.is_undefined())
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Absent.
    #[must_use]
    pub fn is_undefined(&self) -> bool {
        matches!(self, Self::Other("undefined"))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Characters of a text that a message shows.
const SHOWN: usize = 60;

/// As messages show what was given: short, whatever it is.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Number(number) => f.write_str(&number_text(*number)),
            Self::Text(text) => {
                let shown: String = text.chars().take(SHOWN).collect();
                let rest = if shown.len() < text.len() { "…" } else { "" };
                write!(f, "\"{shown}{rest}\"")
            }
            Self::List(items) => match items.len() {
                1 => f.write_str("an array of 1 item"),
                many => write!(f, "an array of {many} items"),
            },
            Self::Long(length) => write!(f, "an array of {} items", number_text(*length)),
            Self::Map(_) => f.write_str("an object"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// As JavaScript writes it, but for exponents.
pub(super) fn number_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(number + 0.0);
    text.strip_suffix(".0").unwrap_or(text).to_owned()
}
