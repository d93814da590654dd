//! The rules of agent sessions: conversations, turns, and what servers stream.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that finds nothing there has failed"
)]

mod agents {
    mod calls;
    mod failures;
    mod history;
    mod lenience;
    mod requests;
    mod streams;
    mod turns;
}
