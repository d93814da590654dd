//! The same tests for every place that the Rust API runs in.

mod support;

mod running;
