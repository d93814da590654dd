//! How many bodies may be called in any window of time, and when those that were called count from.

use std::collections::VecDeque;

use super::time::{Span, Time};

/// What a rate limit says to one more start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Now,
    At(Time),
    /// The start that has to lie an interval back is still to come.
    AfterGranted,
}

/// Enough for a limit of so many: 8 KB.
pub(crate) const STARTS_KEPT: usize = 1024;

/// So many in any window of this length; none: no limit.
pub(crate) type Limit = Option<(usize, Span)>;

/// The limit of a manager or a group, and the starts that it still has to know of.
#[derive(Debug)]
pub(crate) struct RateLimit {
    limit: Limit,
    /// Starts that are remembered however old they are, for a limit that comes later.
    memory: usize,
    starts: VecDeque<Time>,
    /// Starts that were forgotten.
    past_starts: u64,
}

impl RateLimit {
    /// In place of the number of a start that nobody has counted.
    pub(crate) const UNCOUNTED: u64 = u64::MAX;

    /// For one that stays as it is.
    pub(crate) fn new(limit: Limit) -> Self {
        Self { limit, memory: 0, starts: VecDeque::new(), past_starts: 0 }
    }

    /// Another one from here on. What was started before counts.
    pub(crate) fn change(&mut self, limit: Limit) {
        self.limit = limit;
    }

    /// From here on starts are remembered.
    pub(crate) fn remember(&mut self) {
        self.memory = STARTS_KEPT;
    }

    /// Someone has to know of the starts.
    pub(crate) fn counts(&self) -> bool {
        self.limit.is_some() || self.memory > 0
    }

    /// Remembers nothing.
    pub(crate) fn is_blank(&self) -> bool {
        self.starts.is_empty()
    }

    /// Whether the rate limit lets one more body be called. Those granted will be called, nobody knows when yet.
    pub(crate) fn admits(&self, now: Time, granted: u32) -> Admission {
        let Some((limit, interval)) = self.limit else { return Admission::Now };
        let Some(oldest_that_counts) = (self.starts.len() + granted as usize).checked_sub(limit) else {
            return Admission::Now;
        };
        match self.starts.get(oldest_that_counts).map(|start| start.after(interval)) {
            None => Admission::AfterGranted,
            Some(at) if at > now => Admission::At(at),
            Some(_) => Admission::Now,
        }
    }

    /// A body is called. Its number among the starts.
    pub(crate) fn count_start(&mut self, now: Time) -> u64 {
        self.forget(now);
        self.starts.push_back(now);
        self.past_starts + self.starts.len() as u64 - 1
    }

    /// Lets go of the starts that count no longer, but for those that are remembered.
    pub(crate) fn forget(&mut self, now: Time) {
        let (limit, interval) = self.limit.unwrap_or_default();
        while self.starts.len() >= self.memory.max(1)
            && let Some(start) = self.starts.front()
            && (self.starts.len() > limit || start.after(interval) <= now)
        {
            self.starts.pop_front();
            self.past_starts += 1;
        }
    }

    /// The body has been called, by now: bodies measure from call to call. One that was begun an interval ago counts no
    /// longer, whatever is said of it.
    pub(crate) fn note_call(&mut self, start: u64, now: Time) {
        let index = start.checked_sub(self.past_starts).and_then(|index| usize::try_from(index).ok());
        let counts = |start: Time| self.limit.is_none_or(|(_, interval)| start.after(interval) > now);
        if let Some(start) = index.and_then(|index| self.starts.get_mut(index)).filter(|start| counts(**start)) {
            *start = now.max(*start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many in ten milliseconds.
    fn limit(count: usize) -> RateLimit {
        RateLimit::new(Some((count, Span::from_millis(10.0))))
    }

    #[test]
    fn a_rate_limit_remembers_no_more_starts_than_count() {
        let mut rate = limit(3);
        for millis in 0..100 {
            let now = Time::from_millis(f64::from(millis) * 4.0);
            assert_eq!(rate.admits(now, 0), Admission::Now);
            rate.count_start(now);
            assert!(rate.starts.len() <= 3);
        }
        let (first, now) = (Time::from_millis(500.0), Time::from_millis(509.0));
        for _ in 0..3 {
            rate.count_start(first);
        }
        assert_eq!(rate.admits(now, 0), Admission::At(Time::from_millis(510.0)));
        assert_eq!(rate.admits(Time::from_millis(510.0), 0), Admission::Now);
        assert_eq!(rate.admits(Time::from_millis(510.0), 3), Admission::AfterGranted);
    }

    #[test]
    fn a_start_counts_from_when_its_body_was_called() {
        let mut rate = limit(2);
        let at = Time::from_millis;
        let begun = [0.0, 0.0].map(|millis| rate.count_start(at(millis)));
        assert_eq!(rate.admits(at(1.0), 0), Admission::At(at(10.0)));
        rate.note_call(begun[0], at(3.0));
        rate.note_call(begun[1], at(4.0));
        assert_eq!(rate.admits(at(10.0), 0), Admission::At(at(13.0)));
        let third = rate.count_start(at(13.0));
        assert_eq!(rate.admits(at(13.0), 0), Admission::At(at(14.0)));
        rate.note_call(begun[0], at(99.0));
        rate.note_call(third, at(13.5));
        let fourth = rate.count_start(at(14.0));
        rate.note_call(fourth, at(14.0));
        assert_eq!(rate.admits(at(14.0), 0), Admission::At(at(23.5)));
    }
}
