//! The wasm exports that the npm facade is made of: thin, integers across, JavaScript values stay outside.

mod effects;
mod engine;
mod panic;
