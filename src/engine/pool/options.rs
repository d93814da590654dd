//! What a pool may be given.

use crate::engine::options::{OutOfBounds, check, count, is_wait};
use crate::engine::time::Span;

/// Browsers allow about 125 wasm memories a process (measured in Chromium), and a worker has one or two.
pub const LARGEST_SIZE: u32 = 32;

/// Milliseconds in which a worker must have said that it is ready, by a clock that no test has stopped: what loads takes
/// its time. Long enough to load over a poor network; it is there for scripts that load well and never call `exposeJobs`,
/// of which a browser tells nothing.
pub const LOAD_TIMEOUT: f64 = 30_000.0;

/// Times are milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoolOptions {
    /// Workers at once: an integer of at least 1, or Infinity. More than [`LARGEST_SIZE`] counts as that many.
    pub size: f64,
    /// A worker without a task for so long is ended: 0 or more, or Infinity.
    pub idle_timeout: f64,
    /// A task that was asked to end has so long: finite, 0 or more.
    pub grace: f64,
}

#[derive(Debug)]
pub(super) struct Limits {
    pub(super) size: u32,
    pub(super) idle: Option<Span>,
    pub(super) grace: Span,
}

impl PoolOptions {
    pub(super) fn limits(&self) -> Result<Limits, OutOfBounds> {
        let size = count("size", self.size)?.min(LARGEST_SIZE);
        check(self.idle_timeout >= 0.0, "idleTimeout", "a number of milliseconds, 0 or more (Infinity for no limit)")?;
        check(is_wait(self.grace), "grace", "a finite number of milliseconds, 0 or more")?;
        let idle = self.idle_timeout.is_finite().then(|| Span::from_millis(self.idle_timeout));
        Ok(Limits { size, idle, grace: Span::from_millis(self.grace) })
    }
}
