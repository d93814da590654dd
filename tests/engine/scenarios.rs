//! The rules one by one, told as stories on a fake clock. One file a topic.

#[cfg(not(target_family = "wasm"))]
mod allocations;
mod closing;
mod concurrency;
mod deadlines;
mod delay;
mod duplicates;
mod gates;
mod granting;
mod groups;
mod listeners;
mod numbers;
mod order;
mod priority;
mod quiet;
mod rate_limit;
mod refusals;
mod retention;
mod retry;
mod statistics;
mod stopping;
mod timeout;
