//! The worker pool's rules: scenarios, and random histories beside workers that do as they please.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that finds nothing there has failed")]

mod cases;
mod pool {
    mod histories;
    mod scenarios;
}
