//! What a caller may ask for: defaults, bounds, and the plan that comes out. Everything is checked before anything changes.

use std::rc::Rc;

use super::rate::Limit;
use super::time::Span;

/// A number out of its bounds. Thrown to JavaScript as a `RangeError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {bound}")]
pub struct OutOfBounds {
    /// The option's name, as the caller's language writes it.
    pub field: &'static str,
    /// What it may be.
    pub bound: &'static str,
}

const COUNT: &str = "an integer of at least 1, or Infinity";
const RETRIES: &str = "an integer of at least 0, or Infinity";
const WAIT: &str = "a finite number of milliseconds, 0 or more";
const LIMIT: &str = "a number of milliseconds, 0 or more (Infinity for no limit)";

/// What to do when the key is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnDuplicate {
    /// Answer with the job that stands; a priority given here raises it. One that was asked to stop is not joined: the
    /// new job waits for it to end, and whoever comes next joins the new one.
    #[default]
    Join,
    /// Stop the one that stands and take its place once it has ended.
    Replace,
    /// Wait for the one that stands; the latest to wait wins.
    Queue,
    /// Refuse.
    Reject,
}

/// How waits grow from retry to retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Backoff {
    /// Always the same.
    Fixed,
    /// Twice as long each time.
    #[default]
    Exponential,
}

/// Retries after a failed attempt. Milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryOptions {
    /// Retries after the first attempt; may be infinite. Default 0.
    pub limit: f64,
    /// Before the first retry. Default 1000.
    pub delay: f64,
    /// Default exponential.
    pub backoff: Backoff,
    /// No wait is longer. Default 30000.
    pub max_delay: f64,
    /// Draw each wait evenly from 0 to what it would be ("full jitter"). Default true.
    pub jitter: bool,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self { limit: 0.0, delay: 1000.0, backoff: Backoff::Exponential, max_delay: 30_000.0, jitter: true }
    }
}

/// Of one job. What is `None` falls to the manager's defaults. Milliseconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunOptions {
    /// Any finite number; higher runs first. Default 0.
    pub priority: Option<f64>,
    /// Of one attempt, from its start. Default none.
    pub timeout: Option<f64>,
    /// Default no retry.
    pub retry: Option<RetryOptions>,
    /// Before the first attempt may start. Default 0.
    pub delay: Option<f64>,
    /// Asked to end and not settled after this, a job ends all the same. Default never.
    pub abandon_after: Option<f64>,
    /// Jobs of one group share the manager's `group_concurrency`.
    pub group: Option<Rc<str>>,
    /// Default join.
    pub on_duplicate: Option<OnDuplicate>,
    /// The caller's signal has aborted already: the job is created and ends cancelled at once.
    pub aborted: bool,
    /// Where nothing else is pending it may be, also where `max_pending` is 0.
    pub may_wait_alone: bool,
}

/// Of a manager.
#[derive(Debug, Clone, PartialEq)]
pub struct ManagerOptions {
    /// Jobs running at once. Default infinite.
    pub concurrency: f64,
    /// Jobs of one group running at once. Default infinite.
    pub group_concurrency: f64,
    /// At most `.0` starts in any window of `.1` milliseconds.
    pub rate_limit: Option<(f64, f64)>,
    /// The same within each group.
    pub group_rate_limit: Option<(f64, f64)>,
    /// Pending jobs at most. Default infinite.
    pub max_pending: f64,
    /// Starts nothing until resumed. Default false.
    pub paused: bool,
    /// Ended jobs that are kept. Default 0.
    pub retain: f64,
    /// For jobs that do not say.
    pub defaults: RunOptions,
}

impl Default for ManagerOptions {
    fn default() -> Self {
        Self {
            concurrency: f64::INFINITY,
            group_concurrency: f64::INFINITY,
            rate_limit: None,
            group_rate_limit: None,
            max_pending: f64::INFINITY,
            paused: false,
            retain: 0.0,
            defaults: RunOptions::default(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RetryPlan {
    limit: f64,
    delay: f64,
    backoff: Backoff,
    max_delay: f64,
    jitter: bool,
}

impl RetryPlan {
    /// Whether one more attempt is allowed after `attempt` attempts.
    pub(crate) fn allows(&self, attempt: u32) -> bool {
        f64::from(attempt) <= self.limit
    }

    /// The wait after `attempt` attempts: what the caller's rule `asked` for, if it makes sense, else what the backoff
    /// gives; `random` is in 0..1.
    pub(crate) fn wait(&self, attempt: u32, asked: Option<f64>, random: f64) -> Span {
        if let Some(asked) = asked.filter(|asked| *asked >= 0.0) {
            return Span::from_millis(asked.min(self.max_delay));
        }
        let factor = match self.backoff {
            Backoff::Fixed => 1.0,
            // Finite, so that no wait stays none.
            Backoff::Exponential => 2_f64.powi(attempt.saturating_sub(1).min(1023) as i32),
        };
        let longest = (self.delay * factor).min(self.max_delay);
        Span::from_millis(if self.jitter { longest * random.clamp(0.0, 1.0) } else { longest })
    }
}

/// Options resolved and checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub(crate) priority: f64,
    pub(crate) timeout: Option<Span>,
    pub(crate) retry: RetryPlan,
    pub(crate) delay: Span,
    pub(crate) abandon_after: Option<Span>,
    pub(crate) group: Option<Rc<str>>,
    pub(crate) on_duplicate: OnDuplicate,
}

impl Plan {
    pub(crate) fn needs_cold_data(&self) -> bool {
        self.timeout.is_some()
            || self.abandon_after.is_some()
            || !self.delay.is_zero()
            || self.retry.limit > 0.0
            || self.group.is_some()
    }
}

pub(crate) fn priority(value: f64) -> Result<f64, OutOfBounds> {
    check(value.is_finite(), "priority", "a finite number").map(|()| value)
}

/// Infinity is `u32::MAX`, which no page reaches.
pub(crate) fn count(field: &'static str, value: f64) -> Result<u32, OutOfBounds> {
    check(value >= 1.0 && whole(value), field, COUNT).map(|()| value as u32)
}

/// `None`: as long as it takes.
pub(crate) fn time_limit(field: &'static str, value: f64) -> Result<Option<Span>, OutOfBounds> {
    check(value >= 0.0, field, LIMIT).map(|()| value.is_finite().then(|| Span::from_millis(value)))
}

pub(crate) fn wait(field: &'static str, value: f64) -> Result<Span, OutOfBounds> {
    check(is_wait(value), field, WAIT).map(|()| Span::from_millis(value))
}

pub(crate) fn size(value: f64) -> Result<u32, OutOfBounds> {
    check(value >= 1.0 && value.fract() == 0.0, "size", "an integer of at least 1").map(|()| value as u32)
}

pub(crate) fn rate_limit(value: Option<(f64, f64)>) -> Result<Limit, OutOfBounds> {
    rate(value, "rateLimit.limit", "rateLimit.interval")
}

fn rate(value: Option<(f64, f64)>, limit: &'static str, interval: &'static str) -> Result<Limit, OutOfBounds> {
    let Some((most, window)) = value else { return Ok(None) };
    check(window > 0.0 && window.is_finite(), interval, "a finite number of milliseconds above 0")?;
    let most = count(limit, most)?;
    Ok((most < u32::MAX).then(|| (most as usize, Span::from_millis(window))))
}

impl RunOptions {
    /// These over `defaults`, which have been checked.
    pub(crate) fn plan(&self, defaults: &Plan) -> Result<Plan, OutOfBounds> {
        let mut plan = defaults.clone();
        if let Some(retry) = self.retry {
            check(retry.limit >= 0.0 && whole(retry.limit), "retry.limit", RETRIES)?;
            check(is_wait(retry.delay), "retry.delay", WAIT)?;
            check(retry.max_delay >= 0.0, "retry.maxDelay", LIMIT)?;
            let RetryOptions { limit, delay, backoff, max_delay, jitter } = retry;
            plan.retry = RetryPlan { limit, delay, backoff, max_delay, jitter };
        }
        if let Some(delay) = self.delay {
            plan.delay = wait("delay", delay)?;
        }
        if let Some(timeout) = self.timeout {
            plan.timeout = time_limit("timeout", timeout)?;
        }
        if let Some(after) = self.abandon_after {
            plan.abandon_after = time_limit("abandonAfter", after)?;
        }
        if let Some(value) = self.priority {
            plan.priority = priority(value)?;
        }
        if let Some(group) = &self.group {
            plan.group = Some(group.clone());
        }
        plan.on_duplicate = self.on_duplicate.unwrap_or(plan.on_duplicate);
        Ok(plan)
    }
}

pub(crate) struct Limits {
    pub(crate) concurrency: u32,
    pub(crate) group_concurrency: u32,
    pub(crate) rate: Limit,
    pub(crate) group_rate: Limit,
    pub(crate) counts_starts: bool,
    pub(crate) max_pending: u32,
    pub(crate) retain: usize,
}

impl ManagerOptions {
    pub(crate) fn limits(&self) -> Result<Limits, OutOfBounds> {
        let at_least_zero = |value: f64| value >= 0.0 && whole(value);
        check(at_least_zero(self.max_pending), "maxPending", RETRIES)?;
        check(at_least_zero(self.retain), "retain", RETRIES)?;
        Ok(Limits {
            concurrency: count("concurrency", self.concurrency)?,
            group_concurrency: count("groupConcurrency", self.group_concurrency)?,
            counts_starts: self.rate_limit.is_some() || self.group_rate_limit.is_some(),
            rate: rate_limit(self.rate_limit)?,
            group_rate: rate(self.group_rate_limit, "groupRateLimit.limit", "groupRateLimit.interval")?,
            max_pending: self.max_pending as u32,
            retain: self.retain as usize,
        })
    }
}

fn whole(value: f64) -> bool {
    value.is_infinite() || value.fract() == 0.0
}

pub(crate) fn is_wait(value: f64) -> bool {
    value >= 0.0 && value.is_finite()
}

pub(crate) fn check(ok: bool, field: &'static str, bound: &'static str) -> Result<(), OutOfBounds> {
    if ok { Ok(()) } else { Err(OutOfBounds { field, bound }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(options: RetryOptions) -> RetryPlan {
        RunOptions { retry: Some(options), ..RunOptions::default() }.plan(&Plan::default()).unwrap().retry
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let plan = retry(RetryOptions { limit: 9.0, jitter: false, ..RetryOptions::default() });
        let waits: Vec<Span> = [1, 2, 3, 6, 2000].map(|attempt| plan.wait(attempt, None, 0.3)).into();
        assert_eq!(waits, [1000.0, 2000.0, 4000.0, 30_000.0, 30_000.0].map(Span::from_millis));
        assert!(plan.allows(9) && !plan.allows(10));
    }

    #[test]
    fn full_jitter_draws_evenly_from_zero() {
        let plan = retry(RetryOptions { limit: 1.0, ..RetryOptions::default() });
        assert_eq!(plan.wait(2, None, 0.25), Span::from_millis(500.0));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let fault = |options: RunOptions| options.plan(&Plan::default()).map(|_| ()).unwrap_err().field;
        let none = RunOptions::default;
        for bad in [f64::NAN, -1.0, f64::INFINITY] {
            assert_eq!(fault(RunOptions { delay: Some(bad), ..none() }), "delay");
        }
        assert_eq!(fault(RunOptions { timeout: Some(f64::NAN), ..none() }), "timeout");
        assert_eq!(fault(RunOptions { priority: Some(f64::INFINITY), ..none() }), "priority");
        let half = RetryOptions { limit: 0.5, ..RetryOptions::default() };
        assert_eq!(fault(RunOptions { retry: Some(half), ..none() }), "retry.limit");
        assert!(count("concurrency", 0.0).is_err() && count("concurrency", 1.5).is_err());
        assert_eq!(count("concurrency", f64::INFINITY), Ok(u32::MAX));
    }
}
