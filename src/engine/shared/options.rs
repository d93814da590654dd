//! What a tab may be given.

use crate::engine::options::{OutOfBounds, check, count, is_wait};
use crate::engine::time::Span;

/// A browser tells nobody who waits for which lock without being asked about all of them; beyond so many slots that
/// would cost more than the jobs.
pub const MOST_SLOTS: u32 = 64;

/// Milliseconds between two looks at the store by a tab that has something to wait for, at the longest.
const LONGEST_PULSE: f64 = 2000.0;
/// Likewise, with nothing to wait for: a hint may have got lost.
const IDLE_PULSE: f64 = 10_000.0;
/// Signs of life that a silent owner has missed when it is given up.
const BEATS: f64 = 4.0;
const SHORTEST_TAKE_OVER: f64 = 100.0;

/// Times are milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TabOptions {
    /// Jobs that run at once in all tabs: an integer of at least 1, or Infinity. More than [`MOST_SLOTS`] counts as that
    /// many.
    pub concurrency: f64,
    /// Silence after which an owner is given up, counted only while this tab is awake: finite, at least 100.
    pub take_over_after: f64,
    /// Runs that died with their tab, after which a job fails: an integer of at least 1, or Infinity.
    pub max_interruptions: f64,
    /// Runs jobs; otherwise it only creates, watches, stops and clears up after others.
    pub execute: bool,
}

impl Default for TabOptions {
    fn default() -> Self {
        Self { concurrency: 3.0, take_over_after: 15_000.0, max_interruptions: 3.0, execute: true }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) slots: u32,
    pub(super) take_over: Span,
    pub(super) pulse: Span,
    pub(super) idle_pulse: Span,
    pub(super) max_interruptions: u32,
    pub(super) execute: bool,
}

impl TabOptions {
    pub(super) fn limits(&self) -> Result<Limits, OutOfBounds> {
        let take_over = self.take_over_after;
        check(
            is_wait(take_over) && take_over >= SHORTEST_TAKE_OVER,
            "takeOverAfter",
            "a finite number of milliseconds, 100 or more",
        )?;
        Ok(Limits {
            slots: count("concurrency", self.concurrency)?.min(MOST_SLOTS),
            take_over: Span::from_millis(take_over),
            pulse: Span::from_millis((take_over / BEATS).min(LONGEST_PULSE)),
            idle_pulse: Span::from_millis(take_over.min(IDLE_PULSE)),
            max_interruptions: count("maxInterruptions", self.max_interruptions)?,
            execute: self.execute,
        })
    }
}

/// A time in milliseconds, which some take for one, is too large.
const VERSION: &str = "an integer from 1 to 4294967294: 1 more than before where the params of the type have changed";

/// What the rules know of a job type that this tab has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TypeRules {
    /// Jobs of a higher one are left to tabs that have it: an integer from 1 to 4,294,967,294.
    pub version: f64,
    /// Only owners that are surely gone are replaced.
    pub strict: bool,
    /// An interruption fails the job.
    pub fail_interrupted: bool,
    /// Waits while offline, no longer than so many milliseconds: 0 or more, or Infinity.
    pub online: Option<f64>,
    /// Waits until the page is visible.
    pub visible: bool,
}

impl Default for TypeRules {
    fn default() -> Self {
        Self { version: 1.0, strict: false, fail_interrupted: false, online: None, visible: false }
    }
}

/// Of a type, checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) version: u32,
    pub(super) strict: bool,
    pub(super) fail_interrupted: bool,
    /// It waits for the network, so long at most.
    pub(super) online: Option<Span>,
    pub(super) visible: bool,
}

impl TypeRules {
    pub(super) fn checked(&self) -> Result<Kind, OutOfBounds> {
        let is_version = self.version >= 1.0 && self.version.fract() == 0.0 && self.version < f64::from(u32::MAX);
        check(is_version, "version", VERSION)?;
        let longest = self.online.unwrap_or_default();
        check(longest >= 0.0, "requires.maxWait", "a number of milliseconds, 0 or more (Infinity for no limit)")?;
        Ok(Kind {
            version: self.version as u32,
            strict: self.strict,
            fail_interrupted: self.fail_interrupted,
            online: self.online.map(Span::from_millis),
            visible: self.visible,
        })
    }
}
