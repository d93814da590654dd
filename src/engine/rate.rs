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

/// One manager's limit, and the starts that it still has to know of.
#[derive(Debug)]
pub(crate) struct RateLimit {
    /// So many in any window of this length; none: no limit.
    limit: Option<(usize, Span)>,
    starts: VecDeque<Time>,
    /// Starts that count no longer.
    past_starts: u64,
}

impl RateLimit {
    pub(crate) fn new(limit: Option<(usize, Span)>) -> Self {
        Self { limit, starts: VecDeque::new(), past_starts: 0 }
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

    /// A body is called. Its number among the starts, if anyone counts.
    pub(crate) fn count_start(&mut self, now: Time) -> Option<u64> {
        let (_, interval) = self.limit?;
        while self.starts.front().is_some_and(|start| start.after(interval) <= now) {
            self.starts.pop_front();
            self.past_starts += 1;
        }
        self.starts.push_back(now);
        Some(self.past_starts + self.starts.len() as u64 - 1)
    }

    /// The body has been called, by now: bodies measure from call to call.
    pub(crate) fn note_call(&mut self, start: u64, now: Time) {
        let index = start.checked_sub(self.past_starts).and_then(|index| usize::try_from(index).ok());
        if let Some(start) = index.and_then(|index| self.starts.get_mut(index)) {
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
        let begun = [0.0, 0.0].map(|millis| rate.count_start(at(millis)).unwrap());
        assert_eq!(rate.admits(at(1.0), 0), Admission::At(at(10.0)));
        rate.note_call(begun[0], at(3.0));
        rate.note_call(begun[1], at(4.0));
        assert_eq!(rate.admits(at(10.0), 0), Admission::At(at(13.0)));
        let third = rate.count_start(at(13.0)).unwrap();
        assert_eq!(rate.admits(at(13.0), 0), Admission::At(at(14.0)));
        rate.note_call(begun[0], at(99.0));
        rate.note_call(third, at(13.5));
        let fourth = rate.count_start(at(14.0)).unwrap();
        rate.note_call(fourth, at(14.0));
        assert_eq!(rate.admits(at(14.0), 0), Admission::At(at(23.5)));
    }
}
