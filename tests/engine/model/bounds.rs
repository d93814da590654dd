//! Which numbers are refused, and by which name.

use jobgate::engine::{ManagerOptions, OutOfBounds, Refusal, RunOptions};

const WAIT: &str = "a finite number of milliseconds, 0 or more";
const LIMIT: &str = "a number of milliseconds, 0 or more (Infinity for no limit)";
const COUNT: &str = "an integer of at least 1, or Infinity";
const COUNT_FROM_ZERO: &str = "an integer of at least 0, or Infinity";

fn is_count(value: f64, least: f64) -> bool {
    value == f64::INFINITY || (value >= least && value == value.floor())
}

fn demand(fine: bool, field: &'static str, bound: &'static str) -> Result<(), Refusal> {
    if fine { Ok(()) } else { Err(Refusal::OutOfBounds(OutOfBounds { field, bound })) }
}

pub fn priority(value: f64) -> Result<(), Refusal> {
    demand(value.is_finite(), "priority", "a finite number")
}

pub fn percent(value: f64) -> Result<(), Refusal> {
    demand(value.is_finite(), "percent", "a finite number")
}

pub fn concurrency(value: f64) -> Result<(), Refusal> {
    demand(is_count(value, 1.0), "concurrency", COUNT)
}

pub fn stop_timeout(value: f64) -> Result<(), Refusal> {
    demand(value >= 0.0, "timeout", LIMIT)
}

pub fn sleep(value: f64) -> Result<(), Refusal> {
    demand((0.0..f64::INFINITY).contains(&value), "time", WAIT)
}

pub fn size(value: f64) -> Result<(), Refusal> {
    demand(value.is_finite() && is_count(value, 1.0), "size", "an integer of at least 1")
}

pub fn run(options: &RunOptions) -> Result<(), Refusal> {
    if let Some(value) = options.priority {
        priority(value)?;
    }
    if let Some(value) = options.timeout {
        demand(value >= 0.0, "timeout", LIMIT)?;
    }
    if let Some(value) = options.abandon_after {
        demand(value >= 0.0, "abandonAfter", LIMIT)?;
    }
    if let Some(value) = options.delay {
        demand((0.0..f64::INFINITY).contains(&value), "delay", WAIT)?;
    }
    if let Some(retry) = options.retry {
        demand(is_count(retry.limit, 0.0), "retry.limit", COUNT_FROM_ZERO)?;
        demand((0.0..f64::INFINITY).contains(&retry.delay), "retry.delay", WAIT)?;
        demand(retry.max_delay >= 0.0, "retry.maxDelay", LIMIT)?;
    }
    Ok(())
}

pub fn rate_limit(value: Option<(f64, f64)>, of_limit: &'static str, of_interval: &'static str) -> Result<(), Refusal> {
    let Some((limit, interval)) = value else { return Ok(()) };
    demand(is_count(limit, 1.0), of_limit, COUNT)?;
    demand(interval > 0.0 && interval < f64::INFINITY, of_interval, "a finite number of milliseconds above 0")
}

pub fn manager(options: &ManagerOptions) -> Result<(), Refusal> {
    concurrency(options.concurrency)?;
    demand(is_count(options.group_concurrency, 1.0), "groupConcurrency", COUNT)?;
    demand(is_count(options.max_pending, 0.0), "maxPending", COUNT_FROM_ZERO)?;
    demand(is_count(options.retain, 0.0), "retain", COUNT_FROM_ZERO)?;
    rate_limit(options.rate_limit, "rateLimit.limit", "rateLimit.interval")?;
    rate_limit(options.group_rate_limit, "groupRateLimit.limit", "groupRateLimit.interval")?;
    run(&options.defaults)
}
