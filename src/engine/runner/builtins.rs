//! The five job types that come with the package: what is read of them is what is read of any other type.

use super::sieve::LONGEST_LIST;

/// Where bodies run, which decides how long they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among others, who want their turn.
    Page,
    /// Alone on a worker of the pool.
    Worker,
}

/// JSON: a list of `{name, description, params}`, in the order in which they are listed.
#[must_use]
pub fn describe_builtins(place: Place) -> String {
    let largest_prime = match place {
        Place::Page => LONGEST_LIST,
        Place::Worker => 1_000_000_000,
    };
    format!("{UP_TO_THE_LARGEST_PRIME}{largest_prime}{FROM_THERE_ON}")
}

const UP_TO_THE_LARGEST_PRIME: &str = r#"[
{"name":"countdown","description":"Counts down, second by second","params":[
{"name":"seconds","description":"Where to count from","required":false,"default":10,"type":"integer","min":1,"max":60}]},
{"name":"prime","description":"Finds all primes up to a limit","params":[
{"name":"limit","description":"The last number looked at","required":false,"default":1000,"type":"integer","min":100,"max":"#;

const FROM_THERE_ON: &str = r#"}]},
{"name":"fibonacci","description":"Generates the first Fibonacci numbers, exactly","params":[
{"name":"count","description":"How many","required":false,"default":50,"type":"integer","min":1,"max":1000}]},
{"name":"url_fetch","description":"Fetches URLs, all at the same time","params":[
{"name":"urls","description":"What to fetch","required":true,"type":"array","min":1,"max":10,"items":{"type":"url"}}]},
{"name":"echo","description":"Waits, then says what it was told","params":[
{"name":"message","description":"What to say","required":true,"type":"string"},
{"name":"delay","description":"Seconds to wait","required":true,"type":"integer","min":1,"max":30}]}
]"#;
