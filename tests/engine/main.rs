//! The engine's rules: scenarios on a fake clock, and random histories beside a model of the contract. Runs natively and,
//! the same tests, in WebAssembly (`wasm-pack test --node -- --test engine`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod cases;
#[cfg(not(target_family = "wasm"))]
mod growth;
mod histories;
mod model;
mod scenarios;
mod world;
