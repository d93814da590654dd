//! The five job types that come with the package.

use super::params::{Kind, Param, Spec};
use super::sieve::LONGEST_LIST;
use super::value::Value;

/// A job type that comes with the package.
#[derive(Debug, Clone, PartialEq)]
pub struct Builtin {
    /// What `createJob` is given.
    pub name: &'static str,
    /// For people.
    pub description: &'static str,
    /// What its params must be.
    pub params: Vec<Param>,
}

/// Where bodies run, which decides how long they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among others, who want their turn.
    Page,
    /// Alone on a worker of the pool.
    Worker,
}

/// All five, in the order in which they are listed.
#[must_use]
pub fn builtins(place: Place) -> Vec<Builtin> {
    let largest_prime = match place {
        Place::Page => f64::from(LONGEST_LIST),
        Place::Worker => 1_000_000_000.0,
    };
    let number = |name: &str, description: &str, min: f64, max: f64, default: Option<f64>| Param {
        name: name.to_owned(),
        description: description.to_owned(),
        spec: Spec::of(Kind::Integer).within(min, max),
        required: default.is_none(),
        default: default.map(Value::Number),
    };
    let required = |name: &str, description: &str, spec: Spec| Param {
        name: name.to_owned(),
        description: description.to_owned(),
        spec,
        default: None,
        required: true,
    };
    let urls = Spec { items: Some(Box::new(Spec::of(Kind::Url))), ..Spec::of(Kind::Array).within(1.0, 10.0) };
    vec![
        Builtin {
            name: "countdown",
            description: "Counts down, second by second",
            params: vec![number("seconds", "Where to count from", 1.0, 60.0, Some(10.0))],
        },
        Builtin {
            name: "prime",
            description: "Finds all primes up to a limit",
            params: vec![number("limit", "The last number looked at", 100.0, largest_prime, Some(1000.0))],
        },
        Builtin {
            name: "fibonacci",
            description: "Generates the first Fibonacci numbers, exactly",
            params: vec![number("count", "How many", 1.0, 1000.0, Some(50.0))],
        },
        Builtin {
            name: "url_fetch",
            description: "Fetches URLs, all at the same time",
            params: vec![required("urls", "What to fetch", urls)],
        },
        Builtin {
            name: "echo",
            description: "Waits, then says what it was told",
            params: vec![
                required("message", "What to say", Spec::of(Kind::Text)),
                number("delay", "Seconds to wait", 1.0, 30.0, None),
            ],
        },
    ]
}
