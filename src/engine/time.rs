//! Time as the engine counts it: whole microseconds since a zero that the driver chooses.

use std::time::Duration;

/// A moment, in microseconds since the driver's zero. The engine never asks for it: every command brings it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

/// A length of time, in microseconds. Addition to a [`Time`] saturates, so no delay is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

impl Time {
    /// The moment `millis` after zero, rounded down; below zero and NaN count as zero.
    #[must_use]
    pub fn from_millis(millis: f64) -> Self {
        Self((millis * 1000.0) as u64)
    }

    /// Milliseconds since zero, which [`Time::from_millis`] takes for the same moment: who is told when to come again,
    /// and comes then, must not be early by a microsecond.
    #[must_use]
    pub fn as_millis(self) -> f64 {
        let millis = self.0 as f64 / 1000.0;
        if Self::from_millis(millis) < self { millis.next_up() } else { millis }
    }

    pub(crate) const fn as_micros(self) -> u64 {
        self.0
    }

    pub(crate) const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    pub(crate) fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Span {
    /// Rounded up, so that a wait is never shorter than asked; below zero and NaN count as zero.
    #[must_use]
    pub fn from_millis(millis: f64) -> Self {
        Self((millis * 1000.0).ceil() as u64)
    }

    /// Milliseconds.
    #[must_use]
    pub fn as_millis(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    pub(crate) const fn as_micros(self) -> u64 {
        self.0
    }

    pub(crate) const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    pub(crate) const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_told_in_milliseconds_is_the_same_moment_when_it_comes_back() {
        let day = 86_400_000_000;
        let moments = (0..2_000_000).chain((day..day * 4000).step_by(1_234_567_891));
        for time in moments.map(Time::from_micros) {
            assert_eq!(Time::from_millis(time.as_millis()), time);
        }
    }

    #[test]
    fn a_span_is_told_in_the_milliseconds_that_it_was_made_of() {
        let span = Span::from_millis(2.5);
        assert_eq!(Span::from_millis(span.as_millis()), span);
    }
}
