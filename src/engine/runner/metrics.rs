//! How long jobs waited and ran, and how many finish in a minute, in memory that does not grow with them.

/// Each bucket reaches one per cent further than the one before it, so a percentile is off by half a per cent at most.
const GROWTH: f64 = 1.01;
/// They reach beyond a thousand years.
const MOST_BUCKETS: usize = 3200;
const SECONDS: usize = 60;

/// Durations in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    /// As many as the longest duration needs.
    buckets: Vec<u64>,
    count: u64,
    max: f64,
}

/// What a histogram says, in milliseconds; all zero where nothing was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Percentiles {
    /// How many durations.
    pub count: u64,
    /// Half of them took no longer, within half a per cent.
    pub p50: f64,
    /// Likewise for 95 of 100.
    pub p95: f64,
    /// Likewise for 99 of 100.
    pub p99: f64,
    /// The longest, exactly.
    pub max: f64,
}

impl Histogram {
    /// Counts one; what is negative or no number counts as 0.
    pub fn add(&mut self, millis: f64) {
        let millis = millis.max(0.0);
        let bucket = ((millis.ln_1p() / GROWTH.ln()).round() as usize).min(MOST_BUCKETS - 1);
        if bucket >= self.buckets.len() {
            self.buckets.resize(bucket + 1, 0);
        }
        if let Some(slot) = self.buckets.get_mut(bucket) {
            *slot += 1;
        }
        self.count += 1;
        self.max = self.max.max(millis);
    }

    /// What it says now.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        let [p50, p95, p99] = [50, 95, 99].map(|percent| self.percentile(percent));
        Percentiles { count: self.count, p50, p95, p99, max: self.max }
    }

    fn percentile(&self, percent: u64) -> f64 {
        let rank = (self.count * percent).div_ceil(100);
        let mut passed = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            passed += count;
            if *count > 0 && passed >= rank {
                return (GROWTH.powi(bucket as i32) - 1.0).min(self.max);
            }
        }
        0.0
    }
}

/// What is measured of all jobs that finished.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// From creation to the first start, of those that started.
    pub wait: Histogram,
    /// From the first start to the end.
    pub run: Histogram,
    /// By second of the clock, modulo a minute: which second, and how many finished in it.
    minute: [(u64, u64); SECONDS],
}

impl Default for Metrics {
    fn default() -> Self {
        Self { wait: Histogram::default(), run: Histogram::default(), minute: [(0, 0); SECONDS] }
    }
}

impl Metrics {
    /// A job has finished. Times in milliseconds on one clock; no `started`: it never ran.
    pub fn finished(&mut self, created: f64, started: Option<f64>, finished: f64) {
        if let Some(started) = started {
            self.wait.add(started - created);
            self.run.add(finished - started);
        }
        let second = second(finished);
        if let Some(slot) = self.minute.get_mut(second as usize % SECONDS) {
            let before = if slot.0 == second { slot.1 } else { 0 };
            *slot = (second, before + 1);
        }
    }

    /// How many finished in the minute before `now`.
    #[must_use]
    pub fn last_minute(&self, now: f64) -> u64 {
        let now = second(now);
        let recent = self.minute.iter().filter(|(second, _)| *second <= now && now - second < SECONDS as u64);
        recent.map(|(_, count)| count).sum()
    }
}

fn second(millis: f64) -> u64 {
    (millis / 1000.0) as u64
}
