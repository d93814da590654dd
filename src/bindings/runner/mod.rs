//! The exports of the package's second binary: the rules of the job runner and the bodies written in Rust.

mod convert;
mod rules;
