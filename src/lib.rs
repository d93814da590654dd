//! `jobgate`: the job manager for web apps.
//!
//! ```text
//!   src/facade   TypeScript, the npm API: holds              src/browser   the Rust API on the event loop:
//!       │        JavaScript values, types them, no rules         │         timers, futures, bodies as futures
//!       │                                                        │
//!   src/bindings  the wasm exports, integers across              │
//!       └───────────────────────────┬────────────────────────────┘
//!                              src/engine   the rules, pure: command in, effects out, time passed in
//! ```
//!
//! Two drivers of one engine; an arrow never runs the other way, and neither driver knows the other. What decides
//! anything is in `engine`; what touches the world is above it. The exports are there under the features `npm`,
//! `npm-runner`, `npm-builtins`, `npm-agents`, `npm-pool`, `npm-shared` and `npm-service-worker`, each of a binary of its
//! own.
//!
//! Rust apps begin at `browser`, which is there for `wasm32-unknown-unknown` only.
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

#[cfg(all(target_family = "wasm", not(feature = "bindings")))]
pub mod browser;
pub mod engine;

#[cfg(all(target_family = "wasm", feature = "bindings"))]
mod bindings;
/// Natively its tests, which write the other side of it.
#[cfg(all(test, not(target_family = "wasm")))]
mod bindings {
    mod agents {
        mod wire;
    }
    pub(crate) mod codes;
    mod pool {
        mod wire;
    }
    mod runner {
        mod wire;
    }
    mod shared {
        mod wire;
    }
    mod wire;
}
