//! The rules of the queue that all tabs share: scenarios, and a simulator of tabs that crash, hang and miss messages.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that finds nothing there has failed"
)]
#![allow(unreachable_pub, reason = "the crate is a test")]

mod cases;
mod shared {
    mod desk;
    mod histories;
    mod owners;
    mod scenarios;
    mod simulator;
    mod transactions;
}
