//! The wasm exports that the npm facade is made of: thin, integers across, JavaScript values stay outside.

#[cfg(feature = "npm")]
mod effects;
#[cfg(feature = "npm")]
mod engine;
mod panic;
#[cfg(feature = "npm-runner")]
mod runner;
