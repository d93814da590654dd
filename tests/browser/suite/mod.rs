//! The same tests for every place that the Rust API runs in.

mod support;

mod actions;
mod agents;
mod attempts;
mod continuations;
mod duplicates;
mod leaks;
mod listening;
mod managing;
mod readme;
mod running;
mod stopping;
mod throwing;
mod timing;
mod turns;
mod watching;
