//! The rules of the job runner: what a typed job's params must be, which finished jobs are let go of, what is
//! counted, whether a message over a port makes sense, what a stream of one job sends.
//!
//! Pure, like all of `engine`: plain values in, plain values out, time passed in. Order, readiness, priorities, retries
//! and cancelling are the [engine](crate::engine)'s: a runner has a job manager.

mod builtins;
mod fibonacci;
mod metrics;
mod params;
mod protocol;
mod sieve;
mod specs;
mod sse;
mod store;
mod value;

pub use builtins::{Place, describe_builtins};
pub use fibonacci::Fibonacci;
pub use metrics::{Histogram, Metrics, Percentiles};
pub use params::{Fault, Kind, MOST_FAULTS, Param, Spec, validate};
pub use protocol::{Refusal, check_message, is_name};
pub use sieve::{LONGEST_LIST, Sieve};
pub use specs::read_params;
pub use sse::{Step, frame, resume};
pub use store::{Change, Changes, Store};
pub use value::Value;
