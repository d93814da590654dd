//! Agent sessions whose model, tool and host are all written in Rust.

mod ending;
mod refusals;
mod runs;
mod stage;
