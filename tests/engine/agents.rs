//! The rules of agent sessions: conversations, runs, and what servers stream.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test that finds nothing there has failed"
)]

mod cases;
mod agents {
    mod calls;
    mod failures;
    mod history;
    mod lenience;
    mod lookup;
    mod requests;
    mod runs;
    mod servers;
    mod streams;
}
