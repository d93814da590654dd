//! `jobgate`: the job manager for web apps.
//!
//! ```text
//!   src/facade    TypeScript, the npm API: holds JavaScript values by id and types them, no rules
//!      │
//!   src/bindings  the wasm exports (feature `npm`; of further binaries `npm-runner`, `npm-agents`, `npm-pool`): integers across the boundary
//!      │
//!   src/browser   drivers on the event loop: timers, futures, job bodies written in Rust
//!      │
//!   src/engine    the rules, pure: command in, effects out, time passed in
//! ```
//!
//! An arrow never runs the other way. What decides anything is in `engine`; what touches the world is above it.
//!
//! What the options are for is shown by the [recipes](https://github.com/jobgate/jobgate/tree/main/www/recipes), short
//! files in TypeScript: search as you type, save once, upload, poll, limit per host, undo, leave cleanly, stream.
#![warn(clippy::pedantic)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::module_name_repetitions,
    clippy::struct_excessive_bools
)]

#[cfg(all(
    target_family = "wasm",
    any(not(any(feature = "npm", feature = "npm-pool")), feature = "npm-runner", feature = "npm-agents")
))]
pub mod browser;
pub mod engine;

#[cfg(all(
    target_family = "wasm",
    any(feature = "npm", feature = "npm-runner", feature = "npm-agents", feature = "npm-pool")
))]
mod bindings;
