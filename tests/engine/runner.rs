//! The runner's rules: params, listing, metrics, messages, streams.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that finds nothing there has failed")]

mod cases;
mod runner {
    mod compute;
    mod metrics;
    mod params;
    mod protocol;
    mod store;
    mod streams;
}
