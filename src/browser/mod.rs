//! The Rust API: a job manager on the browser's event loop, with bodies written in Rust.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use futures::StreamExt;
//! use jobgate::browser::{Completion, JobManager, ManagerOptions, RetryOptions, RunOptions};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // Keys are strings, the state is how many rows are done, no actions, the result is a text.
//! let manager: JobManager<String, u32, (), String> =
//!     JobManager::new(&ManagerOptions { concurrency: 2.0, ..ManagerOptions::default() })?;
//!
//! let export = manager
//!     .run_job(
//!         "export".into(),
//!         |job| async move {
//!             for row in 1..=1000 {
//!                 job.sleep(Duration::from_millis(5)).await?; // ends early when asked to stop
//!                 job.set_state(row);
//!             }
//!             Ok("1000 rows".to_owned())
//!         },
//!         &RunOptions { retry: Some(RetryOptions { limit: 3.0, ..RetryOptions::default() }), ..RunOptions::default() },
//!     )?
//!     .into_job();
//!
//! let mut rows = export.watch();
//! while let Some(row) = rows.next().await {
//!     println!("{row} rows");
//! }
//! match export.result().await {
//!     Completion::Normal(text) => println!("{text}"),
//!     Completion::Cancelled(_) => println!("stopped"),
//!     Completion::Failed(error) => println!("{error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # In which order things happen
//!
//! - What a call decides is true when it returns: [`Job::status`], [`JobManager::stats`], [`Job::completion`].
//! - Bodies are called in microtasks, in the order of their starts. Futures and streams wake in microtasks, too.
//! - Callbacks ([`JobManager::subscribe`], [`JobManager::on_event`], [`Job::on_end`]) are called one after another in
//!   one line for the whole manager. They may call anything. What they cause is told after what was caused before.
//!
//! # What a body can rely on
//!
//! Asking a job to stop is not ending it: it keeps its slot and its key until its body has returned. So a body sees to
//! it that it returns: it awaits [`JobContext::cancelled`] along with its work, or uses [`JobContext::sleep`] and
//! [`JobContext::checkpoint`], which end with [`Cancelled`], or reads [`JobContext::actions`] until they end.
//!
//! # What JavaScript throws
//!
//! Import what may throw with `catch`, and handle the error. An exception of a function that was imported without passes
//! through the Rust code that called it and leaves it where it stands, with nothing dropped and nothing given back. So
//! whatever an exception has passed through is not called again, and what it held is lost: a body's attempt has failed
//! with [`Thrown`] (it can be retried, but not where the exception came from the closure that makes the body's future); a
//! callback is told nothing more, and the page is told of the exception as `reportError` does; it is told as well of one in
//! the `Drop` of what a manager lets go of (an action, a result, a state, a key). Nobody else is disturbed.
//!
//! A panic, in a body as anywhere on this target, ends the wasm instance for good: return errors instead.
//!
//! Runs where there is `performance.now`, `setTimeout` and `MessageChannel`: pages, workers of every kind, Node.

mod actions;
pub mod agents;
mod attempt;
mod barrier;
mod clock;
mod completion;
mod context;
mod continuations;
mod driver;
mod erased_job;
mod error;
mod guard;
mod job;
mod keys;
mod ledger;
mod listeners;
mod manager;
mod notify;
mod progress;
mod record;
mod run_job;
mod subscription;
mod timer;
mod turn;
mod watch;

pub use actions::Actions;
pub use barrier::Barrier;
pub use completion::{Completion, Ended};
pub use context::JobContext;
pub use error::{Cancelled, JobError, StopTimeout, Thrown, TimeoutError};
pub use job::{Job, StopWithin};
pub use listeners::JobEvent;
pub use manager::JobManager;
pub use progress::Progress;
pub use run_job::RunJob;
pub use subscription::Subscription;
pub use timer::Sleep;
pub use watch::Watch;

pub use crate::engine::{
    AbortCause, Backoff, JobStatus, ManagerOptions, OnDuplicate, OutOfBounds, Refusal, RetryOptions, RunOptions, Stats,
};
