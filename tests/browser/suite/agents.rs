//! Agent sessions whose model, tool and host are all written in Rust.

mod ending;
mod openai;
mod refusals;
mod runs;
mod stage;
