//! The Rust API in a dedicated worker.
#![cfg(target_family = "wasm")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod suite;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
